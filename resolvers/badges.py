"""Badges: the catalogue, and what a person has earned."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from catalogue.badges import BADGES, Badge, Rarity
from catalogue.languages import Text, translate
from models.database import Database
from models.statements import Statement
from resolvers.base import cursors
from resolvers.base.context import Context
from resolvers.base.pagination import MAX_PAGE_SIZE, Page, connection, page
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.achievements import badge_rarity, badge_shares, badges
from services.errors import ErrorCode, refused
from services.progress.scores import EPOCH, microseconds

CURSOR = "earned-badges"
AWARD = ("id", "profile_id", "badge", "level", "awarded_at", "origin", "reason", "reason_shown", "credential")
IMPORTED = ("name", "description", "rarity")
EARNED = (*AWARD, *(f"imported_{name}" for name in IMPORTED), "current_rarity")
"""
Columns of an earned badge. Those of an imported badge's definition are null for one of the catalogue, and `current_rarity`
where the definition's own colour holds.
"""
_FROM = """
    FROM badge_award a LEFT JOIN imported_badge i ON i.code = a.badge LEFT JOIN badge_rarity c ON c.badge = a.badge
    WHERE a.profile_id = {key} AND a.superseded = false
"""
_SELECT = f"""
    SELECT {", ".join(f"a.{name}" for name in AWARD)}, {", ".join(f"i.{name} AS imported_{name}" for name in IMPORTED)},
        c.rarity AS current_rarity
"""


def _statement(after: str, order: str) -> Statement:
    """The first rows of each person's badges in one order. Index: badge_award (profile_id, superseded, awarded_at)."""
    listed = f"""
        {_SELECT} {_FROM} {after} ORDER BY a.awarded_at {order}, a.id {order} LIMIT {{size}}
    """
    pairs = ", ".join(f"'{name}', {name}" for name in EARNED)
    return Statement(
        sqlite=f"""
            SELECT key.value, (SELECT json_group_array(json_object({pairs}))
                FROM ({listed.format(key="key.value", size="?2", at="?3", id="?4")}))
            FROM json_each(?1) key
        """,
        postgres=f"""
            SELECT b.* FROM unnest($1::bigint[]) AS key (value)
            CROSS JOIN LATERAL ({listed.format(key="key.value", size="$2", at="$3", id="$4")}) b
            ORDER BY b.profile_id, b.awarded_at {order}, b.id {order}
        """,
    )


NEWEST = _statement("", "DESC")
OLDEST = _statement("", "ASC")
OLDER = _statement("AND (a.awarded_at, a.id) < ({at}, {id})", "DESC")
NEWER = _statement("AND (a.awarded_at, a.id) > ({at}, {id})", "ASC")
# Unique (profile_id, place); then unique (profile_id, badge, level).
FEATURED = Statement.of(f"""
    {_SELECT} FROM featured_badge f JOIN badge_award a ON a.profile_id = f.profile_id AND a.badge = f.badge
    LEFT JOIN imported_badge i ON i.code = a.badge LEFT JOIN badge_rarity c ON c.badge = a.badge
    WHERE f.profile_id = ANY($1) AND a.superseded = false ORDER BY f.profile_id, f.place
""")
COUNTS = Statement.of("""
    SELECT profile_id, count(*) AS badges FROM badge_award
    WHERE profile_id = ANY($1) AND superseded = false GROUP BY profile_id
""")
LEVELS = Statement.of("""
    SELECT profile_id, badge, level, awarded_at, revoked_at FROM badge_award
    WHERE profile_id = ANY($1) AND badge = ANY($2) ORDER BY level
""")


# Earned badges


@columns(*EARNED)
async def of_profiles(profile_ids: Sequence[int], context: Context, *, first: int = 12) -> list[list[Row]]:
    """
    The newest earned badges of each profile, one row a badge, its highest level. Raises Refused: BAD_PAGE.

    SQL of its own: lists of people read it (50 people, 3 badges each).
    """
    check_first(first)
    database = context.database
    found = await _rows(database, NEWEST, database.keys(profile_ids), first)
    return [found.get(profile_id, []) for profile_id in profile_ids]


@columns("edges", "page_info")
async def pages(
    profile_ids: Sequence[int],
    context: Context,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> list[Row]:
    """A page of each profile's earned badges. Raises Refused: BAD_PAGE, BAD_CURSOR."""
    asked = page(first, after, last, before)
    found = await _page(context.database, profile_ids, asked)
    return [connection(asked, found.get(profile_id, []), cursor_of) for profile_id in profile_ids]


@columns(*EARNED)
async def featured(profile_ids: Sequence[int], context: Context) -> list[list[Row]]:
    """What each profile shows first, in its order. A badge that was revoked since is not among them."""
    database = context.database
    found: dict[int, list[Row]] = {}
    for row in await database.fetch(FEATURED, database.keys(profile_ids)):
        if known(row):
            found.setdefault(row["profile_id"], []).append(row)
    return [found.get(profile_id, []) for profile_id in profile_ids]


async def counts(profile_ids: Sequence[int], context: Context) -> list[int]:
    """How many badges each profile has earned. Index: badge_award (profile_id, superseded, awarded_at)."""
    database = context.database
    rows = await database.fetch(COUNTS, database.keys(profile_ids))
    return [row["badges"] if row else 0 for row in in_order(profile_ids, rows, by="profile_id")]


@columns("level", "awarded_at")
async def levels_reached(keys: Sequence[tuple[int, str]], context: Context) -> list[list[Row]]:
    """The levels of each (profile, badge) that were reached, lowest first. Unique (profile_id, badge, level)."""
    database = context.database
    people, codes = {profile_id for profile_id, _ in keys}, {badge for _, badge in keys}
    found: dict[tuple[int, str], list[Row]] = {}
    for row in await database.fetch(LEVELS, database.keys(people), database.keys(codes)):
        if row["revoked_at"] is None:
            found.setdefault((row["profile_id"], row["badge"]), []).append(row)
    return [found.get(key, []) for key in keys]


def known(row: Row) -> bool:
    """Whether the badge of an award is still defined somewhere."""
    return row["badge"] in BADGES or row["imported_name"] is not None


def defined(name: str) -> Callable[[Row], Any]:
    """Read a column of the definition of an earned badge: from the catalogue, else from what was imported."""

    def read(row: Row) -> Any:
        badge = BADGES.get(row["badge"])
        if badge is None:
            return row[f"imported_{name}"]  # as it was imported: it has no translations
        value = getattr(badge, name)
        return translate(value) if isinstance(value, str) else value

    return read


def rarity(row: Row) -> Any:
    """The colour of an earned badge: by the share of people who hold it, else that of its definition."""
    return row["current_rarity"] or defined("rarity")(row)


def award_of(row: Row) -> tuple[int, str]:
    """Whose badge it is, and which."""
    return row["profile_id"], row["badge"]


def cursor_of(row: Row) -> str:
    """Where an earned badge stands in its person's list."""
    at = row["awarded_at"]
    return cursors.encode(CURSOR, microseconds(datetime.fromisoformat(at) if isinstance(at, str) else at), row["id"])


def check_first(first: int) -> None:
    """Raise Refused, BAD_PAGE, for a length outside 1 to 100."""
    if not 1 <= first <= MAX_PAGE_SIZE:
        raise refused(
            ErrorCode.BAD_PAGE, Text("`first` must be between 1 and {largest}.", largest=MAX_PAGE_SIZE), path=("first",)
        )


async def _page(database: Database, profile_ids: Sequence[int], asked: Page) -> dict[int, list[Row]]:
    keys, size = database.keys(profile_ids), asked.size + 1
    if asked.cursor is None:
        found = await _rows(database, OLDEST if asked.backward else NEWEST, keys, size)
    else:
        at, number = cursors.decode(CURSOR, asked.cursor, int, int)
        moment = EPOCH + timedelta(microseconds=at)
        stored = moment if database.dialect == "postgres" else moment.isoformat(" ")
        found = await _rows(database, NEWER if asked.backward else OLDER, keys, size, stored, number)
    return {profile_id: rows[::-1] for profile_id, rows in found.items()} if asked.backward else found


async def _rows(database: Database, statement: Statement, *params: Any) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in await database.fetch(statement, *params):
        if database.dialect == "postgres":
            if known(row):
                found.setdefault(row["profile_id"], []).append(row)
        else:
            found[row[0]] = [each for each in orjson.loads(row[1]) if known(each)]
    return found


# The catalogue


async def catalogue(context: Context) -> list[Row]:
    """Every badge there is: the catalogue's in its order, then those that came with imports."""
    colours = await badge_rarity.current()
    return [_definition(each, colours) for each in (await badges.definitions()).values()]


async def badge(context: Context, *, code: str) -> Row | None:
    """One badge; None: there is none of this code."""
    [found] = await by_code([code], context)
    return found


@columns("code", "name", "description", "rarity", "levels")
async def by_code(codes: Sequence[str], context: Context) -> list[Row | None]:
    """Badges by their codes; None for what is none."""
    found = await badges.definitions(codes)
    colours = await badge_rarity.current(found) if found else {}
    return [_definition(found[code], colours) if code in found else None for code in codes]


@columns("percent", "as_of")
async def shares(codes: Sequence[str], context: Context) -> list[Row]:
    """Which share of the public, active people holds each badge; kept for a minute at most."""
    kept = await badge_shares.of(context.database)
    return [{"percent": kept.percent(code), "as_of": kept.as_of} for code in codes]


@columns("percent")
async def level_shares(keys: Sequence[tuple[str, int]], context: Context) -> list[Row]:
    """Which share of the public, active people has reached each (badge, level); kept for a minute at most."""
    kept = await badge_shares.of(context.database)
    return [{"percent": kept.percent_of_level(code, level)} for code, level in keys]


def level_of(row: Row) -> tuple[str, int]:
    """Which badge a level is of, and its number."""
    return row["badge"], row["number"]


def _definition(found: Badge, colours: Mapping[str, Rarity]) -> Row:
    levels = [
        {"badge": found.code, "number": number, "criterion": each.translated}
        for number, each in enumerate(found.levels, 1)
    ]
    texts = {name: translate(getattr(found, name)) for name in ("name", "description")} if found.code in BADGES else {}
    return {
        **vars(found),
        **texts,
        "rarity": colours.get(found.code, found.rarity),
        "levels": levels or [{"badge": found.code, "number": 1, "criterion": None}],
        "by_hand": not levels,
    }


# By the person


async def set_featured_badges(context: Context, *, input: Any) -> Row:
    """The person, with the badges that are shown first now."""
    profile_id = context.viewer.own_profile
    await badges.feature(profile_id, input.badges)
    return {"profile_id": profile_id}
