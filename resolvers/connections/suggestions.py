"""People the viewer may know, and why."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

import orjson

from catalogue.languages import translate
from catalogue.terms import INDUSTRIES, SKILLS, Term
from resolvers import profiles
from resolvers.base import cursors
from resolvers.base.context import Context
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from resolvers.connections import connections
from resolvers.connections.connections import profile_number
from resolvers.connections.suggestion_sql import CANDIDATES, IN_COMMON
from services.connections import suggestions
from services.connections.suggestions import Facts, weight

CURSOR = "people-you-may-know"
MAX_SUGGESTIONS = 200
"""Suggestions at a time, on all pages together."""
Met = tuple[int, bool]
"""Who is suggested, and whether the search met them among the connections of the viewer's connections."""


class Reason(Enum):
    """What speaks for it that two people know each other."""

    MUTUAL_CONNECTIONS = "MUTUAL_CONNECTIONS"
    SAME_COMPANY = "SAME_COMPANY"
    SHARED_SKILLS = "SHARED_SKILLS"
    SHARED_INDUSTRIES = "SHARED_INDUSTRIES"


@columns("edges", "page_info")
@paged
async def of_profiles(profile_ids: Sequence[int], context: Context, *, page: Page) -> list[Row | None]:
    """
    A page of whom the viewer may know, for whom most speaks first, then who came first; None for anybody else.

    Raises Refused: BAD_PAGE, BAD_CURSOR.
    """
    own = context.viewer.profile_id
    found = await _page(own, page, context) if own is not None and own in profile_ids else None
    return [found if number == own else None for number in profile_ids]


async def _page(own: int, page: Page, context: Context) -> Row:
    place = None if page.cursor is None else tuple(cursors.decode(CURSOR, page.cursor, int, int))
    rows = _slice(await _ranked(own, context), page, place)
    cards = await profiles.by_id([row["id"] for row in rows], context)
    edges = [{**row, "person": card} for row, card in zip(rows, cards, strict=True)]
    # A person who hid after the list was read has no card.
    return connection(page, edges, cursor_of, visible=lambda edge: edge["person"] is not None)


async def _ranked(own: int, context: Context) -> list[Row]:
    database = context.database
    # Up to 15 ms on SQLite: not in the way of others. Inside a transaction there is one connection only.
    fetch = database.fetch if database.in_transaction else database.fetch_long
    weighed = [
        {"id": row[0], "mutual": row[1] > 0, "weight": weight(Facts(row[1], bool(row[2]), row[3], row[4]))}
        for row in await fetch(CANDIDATES, own)
    ]
    return sorted(weighed, key=_place)[:MAX_SUGGESTIONS]


def _slice(ranked: list[Row], page: Page, place: tuple[int, ...] | None) -> list[Row]:
    """Up to one row more than asked, from where the cursor stands: also where its own row is gone by now."""
    if page.backward:
        return [row for row in ranked if place is None or _place(row) < place][-page.size - 1 :]
    return [row for row in ranked if place is None or _place(row) > place][: page.size + 1]


def _place(row: Row) -> tuple[int, int]:
    return -row["weight"], row["id"]


def cursor_of(row: Row) -> str:
    """Where a suggestion stands: its weight, which is made of its reasons, and whom it is of."""
    return cursors.encode(CURSOR, *_place(row))


def met(row: Row) -> Met:
    """What `reasons` asks about a suggestion."""
    return row["id"], row["mutual"]


@columns("kind", "profile_id", "company_id", "skills", "industries")
async def reasons(people: Sequence[Met], context: Context) -> list[list[Row]]:
    """
    What the viewer has in common with each of these people, in the order of `Reason`; exact, also where the search was
    bounded: whether there are mutual connections is looked up for those of whom it found none. Nothing for nobody and for
    services.
    """
    own, database = context.viewer.profile_id, context.database
    if own is None:
        return [[] for _ in people]
    unknown = [number for number, mutual in people if not mutual]
    totals = dict(zip(unknown, await connections.mutual_totals(unknown, context), strict=True)) if unknown else {}
    ids = [number for number, _ in people]
    rows = in_order(ids, await database.fetch(IN_COMMON, database.keys(ids), own), by="id")
    return [
        [] if row is None else list(_reasons(number, row, mutual=mutual or totals[number] > 0))
        for (number, mutual), row in zip(people, rows, strict=True)
    ]


def _reasons(profile_id: int, row: Row, *, mutual: bool) -> Iterable[Row]:
    nothing: dict[str, Any] = {"profile_id": None, "company_id": None, "skills": None, "industries": None}
    if mutual:
        yield {**nothing, "kind": Reason.MUTUAL_CONNECTIONS, "profile_id": profile_id}
    if row["company_id"] is not None:
        yield {**nothing, "kind": Reason.SAME_COMPANY, "company_id": row["company_id"]}
    if skills := _named(row["skills"], SKILLS):
        yield {**nothing, "kind": Reason.SHARED_SKILLS, "skills": skills}
    if industries := _named(row["industries"], INDUSTRIES):
        yield {**nothing, "kind": Reason.SHARED_INDUSTRIES, "industries": industries}


def _named(codes: Any, terms: Mapping[str, Term]) -> list[Row]:
    listed: list[str] = orjson.loads(codes) if isinstance(codes, str) else codes
    return [vars(term) for term in sorted((terms[code] for code in listed if code in terms), key=_name)]


def _name(term: Term) -> str:
    return translate(term.name).casefold()


async def dismiss(context: Context, *, input: Any) -> Row:
    """Whom the viewer is not told of again."""
    other = profile_number(input.profile)
    await suggestions.dismiss(context.viewer.own_profile, other)
    return {"profile_id": other}
