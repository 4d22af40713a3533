"""Profiles: the card that every list shows, and the details of a profile's own page."""

from collections.abc import Sequence
from typing import Any

from catalogue import languages
from catalogue.terms import country
from models.statements import Statement
from resolvers import terms
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.core.visibility import visible_sql
from services.media.social_accounts import SERVICES, SocialService
from services.profiles.profile_editing import LookingFor

CARD = ("id", "handle", "name", "avatar", "job_title", "country", "company_id", "visibility")
"""Columns of the card that every list of people shows."""


def card_sql(profile: str) -> str:
    """SQL of the card's columns from a row of the profile table, in the order of CARD."""
    return ", ".join(
        f"NULLIF({profile}.{name}, '') AS {name}" if name == "job_title" else f"{profile}.{name}" for name in CARD
    )


DETAILS = """
    id, NULLIF(department, '') AS department, NULLIF(location, '') AS location, NULLIF(about, '') AS about,
    NULLIF(website, '') AS website, joined_on
"""
WORK = "id, looking_for_job, looking_for_project, looking_for_confirmed"
SOCIALS = f"id, {', '.join(SERVICES)}, github_connected_at"
_VISIBLE_CARD = f"SELECT {card_sql('p')} FROM profile p WHERE {visible_sql('p', '$2')}"
# Primary key; unique (handle); unique (profile_handle.handle), then primary key.
BY_ID = Statement.of(f"{_VISIBLE_CARD} AND p.id = ANY($1)")
BY_HANDLE = Statement.of(f"{_VISIBLE_CARD} AND p.handle = $1")
BY_FORMER_HANDLE = Statement.of(f"{_VISIBLE_CARD} AND p.id = (SELECT profile_id FROM profile_handle WHERE handle = $1)")
DETAILS_BY_ID, WORK_BY_ID, SOCIALS_BY_ID = (
    Statement.of(f"SELECT {each} FROM profile WHERE id = ANY($1)") for each in (DETAILS, WORK, SOCIALS)
)
# Unique (merged_profile.former_id), then primary key. One statement, so that its time does not tell who was merged and is hidden.
BY_FORMER_ID = Statement.of(f"""
    SELECT {card_sql("p")}, m.former_id FROM merged_profile m JOIN profile p ON p.id = m.profile_id
    WHERE {visible_sql("p", "$2")} AND m.former_id = ANY($1)
""")
OWN_PROFILE = Statement.of("SELECT id, recovery_email, language, version FROM profile WHERE id = ANY($1) AND id = $2")


@columns(*CARD, positional=True)
async def by_id(profile_ids: Sequence[int], context: Context) -> list[Row | None]:
    """
    Cards of the profiles that the viewer may see; None for a hidden one, as if it never existed.

    SQL of its own: every list of people reads it (51 rows in 0.1 ms on SQLite, a queryset takes 0.5).
    """
    database = context.database
    rows = await database.fetch(BY_ID, profile_ids, context.viewer.own_profile)
    return in_order(profile_ids, rows, by="id")


async def by_any_id(profile_ids: Sequence[int], context: Context) -> list[Row | None]:
    """
    Like `by_id`, also by the ids of profiles that were merged: they give the profile that has everything now, with its own id.
    A second statement only if a profile was not found.
    """
    cards = await by_id(profile_ids, context)
    if missing := [number for number, card in zip(profile_ids, cards, strict=True) if card is None]:
        rows = await context.database.fetch(BY_FORMER_ID, missing, context.viewer.own_profile)
        merged = {row["former_id"]: row for row in rows}
        cards = [card or merged.get(number) for number, card in zip(profile_ids, cards, strict=True)]
    return cards


async def profile(context: Context, *, by: Any) -> Row | None:
    """
    One profile by its handle in any letter case, also by a former one, or by its id, also that of a profile merged into it. `by` has one of the two. Raises
    Refused: BAD_ID.

    Handles are stored in lower case, so the unique index on `handle` answers the lookup.
    """
    if isinstance(by.handle, str):
        wanted = by.handle.lower()
        found = await context.database.fetch(BY_HANDLE, wanted, context.viewer.own_profile)
        found = found or await context.database.fetch(BY_FORMER_HANDLE, wanted, context.viewer.own_profile)
        return found[0] if found else None
    number = ids.number_of("Profile", by.id or "", "by", "id")
    return None if number is None else (await by_any_id([number], context))[0]


@columns("id", "department", "location", "about", "website", "joined_on", positional=True)
async def details(profile_ids: Sequence[int], context: Context) -> list[Row | None]:
    """What only a profile's own page shows. The caller has checked that the viewer may see the profiles."""
    database = context.database
    rows = await database.fetch(DETAILS_BY_ID, profile_ids)
    return in_order(profile_ids, rows, by="id")


async def looking_for(profile_ids: Sequence[int], context: Context) -> list[list[LookingFor] | None]:
    """
    The kinds of work that each person looks for; None if the person never said. The caller has checked that the viewer may
    see the profiles. Primary key.
    """
    rows = await context.database.fetch(WORK_BY_ID, profile_ids)
    chosen = [
        [kind for kind in LookingFor if row[f"looking_for_{kind.value.lower()}"]]
        if row["looking_for_confirmed"]
        else None
        for row in rows
    ]
    found = {row["id"]: kinds for row, kinds in zip(rows, chosen, strict=True)}
    return [found.get(profile_id) for profile_id in profile_ids]


@columns("service", "handle", "url", "is_verified")
async def socials(profile_ids: Sequence[int], context: Context) -> list[list[Row]]:
    """
    The accounts of each person on other sites, in the order of the services. The caller has checked that the viewer may
    see the profiles. Primary key.
    """
    rows = await context.database.fetch(SOCIALS_BY_ID, profile_ids)
    found = {row["id"]: [_social(each, row) for each in SocialService if row[each.value]] for row in rows}
    return [found.get(profile_id, []) for profile_id in profile_ids]


def _social(service: SocialService, row: Row) -> Row:
    handle = row[service.value]
    return {
        "service": service,
        "handle": handle,
        "url": SERVICES[service.value].url_of(handle),
        "is_verified": service is SocialService.GITHUB and row["github_connected_at"] is not None,
    }


@columns("id", "recovery_email", "language", "version", positional=True)
async def own(profile_ids: Sequence[int], context: Context) -> list[Row | None]:
    """What only the profile's own person sees; None for any but the viewer's. Primary key."""
    rows = await context.database.fetch(OWN_PROFILE, profile_ids, context.viewer.own_profile)
    return in_order(profile_ids, rows, by="id")


@columns("code", "name")
async def chosen_languages(profile_ids: Sequence[int], context: Context) -> list[Row | None]:
    """The language that the profile's own person chose; None if none, and for any but the viewer's. Primary key."""
    rows = await own(profile_ids, context)
    return [terms.language(row["language"]) if row and row["language"] else None for row in rows]


def country_of(row: Row) -> Row | None:
    """The country of residence; None if there is none. A code that has been withdrawn is its own name."""
    code = row["country"]
    return {"code": code, "name": country(code, languages.current_language()) or code} if code else None
