"""Badges: the catalogue, and earned badges."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from catalogue.badges import BADGES, Badge, Rarity
from catalogue.languages import translate
from models.statements import Statement
from resolvers.base.context import Context
from resolvers.base.keyset import PARENT, SortKey, TopPerParent
from resolvers.base.pagination import Page, check_size, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.achievements import badge_rarity, badge_shares, badges

AWARD = ("id", "profile_id", "badge", "level", "awarded_at", "origin", "reason", "reason_shown", "credential")
IMPORTED = ("name", "description", "rarity")
EARNED = (*AWARD, *(f"imported_{name}" for name in IMPORTED), "current_rarity")
"""
Columns of an earned badge. Those of an imported badge's definition are null for one of the catalogue, and `current_rarity`
is null where the definition's own colour holds.
"""
_EARNED_COLUMNS = ", ".join(
    (
        *(f"a.{name}" for name in AWARD),
        *(f"i.{name} AS imported_{name}" for name in IMPORTED),
        "c.rarity AS current_rarity",
    )
)
_DEFINITIONS = """
    LEFT JOIN imported_badge i ON i.code = a.badge LEFT JOIN badge_rarity c ON c.badge = a.badge
"""
EARNED_BADGES = TopPerParent(
    "earned-badges",
    columns=EARNED,
    select=_EARNED_COLUMNS,
    source=f"FROM badge_award a {_DEFINITIONS} WHERE a.profile_id = {PARENT} AND a.superseded = false",
    order=(SortKey("awarded_at", "a.awarded_at", value_type=datetime), SortKey("id", "a.id")),
)
"""Badges of each profile, at their highest level, newest first. Index badge_award (profile_id, superseded, awarded_at)."""
# Unique (profile_id, place); then unique (profile_id, badge, level).
FEATURED = Statement.of(f"""
    SELECT {_EARNED_COLUMNS} FROM featured_badge f
    JOIN badge_award a ON a.profile_id = f.profile_id AND a.badge = f.badge {_DEFINITIONS}
    WHERE f.profile_id = ANY($1) AND a.superseded = false ORDER BY f.profile_id, f.place
""")
# Index badge_award (profile_id, superseded, awarded_at), then unique (code). Without badges that are no longer defined.
COUNTS = Statement.of("""
    SELECT a.profile_id, count(*) AS badges FROM badge_award a LEFT JOIN imported_badge i ON i.code = a.badge
    WHERE a.profile_id = ANY($1) AND a.superseded = false AND (i.code IS NOT NULL OR a.badge = ANY($2))
    GROUP BY a.profile_id
""")
LEVELS = Statement.of("""
    SELECT profile_id, badge, level, awarded_at, revoked_at FROM badge_award
    WHERE profile_id = ANY($1) AND badge = ANY($2) ORDER BY level
""")


# Earned badges


@columns(*EARNED)
async def of_profiles(profile_ids: Sequence[int], context: Context, *, limit: int = 12) -> list[list[Row]]:
    """
    The newest earned badges of each profile, one row per badge at its highest level. Raises Refused: BAD_PAGE.

    SQL of its own: lists of people read it (50 people, 3 badges each).
    """
    check_size(limit, name="limit")
    found = await EARNED_BADGES.first(context.database, profile_ids, limit)
    return [[row for row in found.get(profile_id, ()) if is_defined(row)] for profile_id in profile_ids]


@columns("edges", "page_info", "profile_id")
@paged
async def pages(profile_ids: Sequence[int], context: Context, *, page: Page) -> list[Row]:
    """A page of each profile's earned badges. Raises Refused: BAD_PAGE, BAD_CURSOR."""
    found = await EARNED_BADGES.pages(context.database, profile_ids, page)
    return [
        connection(page, found.get(number, ()), cursor_of, visible=is_defined, profile_id=number)
        for number in profile_ids
    ]


cursor_of = EARNED_BADGES.cursor_of


@columns(*EARNED)
async def featured(profile_ids: Sequence[int], context: Context) -> list[list[Row]]:
    """The featured badges of each profile, in its order, without revoked ones."""
    database = context.database
    found: dict[int, list[Row]] = {}
    for row in await database.fetch(FEATURED, profile_ids):
        if is_defined(row):
            found.setdefault(row["profile_id"], []).append(row)
    return [found.get(profile_id, []) for profile_id in profile_ids]


async def counts(profile_ids: Sequence[int], context: Context) -> list[int]:
    """How many badges each profile has, as its pages list them."""
    rows = await context.database.fetch(COUNTS, profile_ids, list(BADGES))
    return [row["badges"] if row else 0 for row in in_order(profile_ids, rows, by="profile_id")]


@columns("badge", "level", "awarded_at")
async def levels_reached(keys: Sequence[tuple[int, str]], context: Context) -> list[list[Row]]:
    """The reached levels of each (profile, badge), lowest first. Unique (profile_id, badge, level)."""
    database = context.database
    people, codes = {profile_id for profile_id, _ in keys}, {badge for _, badge in keys}
    found: dict[tuple[int, str], list[Row]] = {}
    for row in await database.fetch(LEVELS, people, codes):
        if row["revoked_at"] is None:
            found.setdefault((row["profile_id"], row["badge"]), []).append(row)
    return [found.get(key, []) for key in keys]


def is_defined(row: Row) -> bool:
    """Return True if the badge of an award is in the catalogue or imported."""
    return row["badge"] in BADGES or row["imported_name"] is not None


def badge_of_award(row: Row) -> Row:
    """The badge of an award, from the award's row: of the catalogue, else imported."""
    code = row["badge"]
    found = BADGES.get(code) or Badge(
        code, row["imported_name"], row["imported_description"], Rarity(row["imported_rarity"]), ()
    )
    return badge_row(found, Rarity(row["current_rarity"]) if row["current_rarity"] else None)


def level_of_award(row: Row) -> Row:
    """The level of an award."""
    return level_row(row["badge"], row["level"])


def award_of(row: Row) -> tuple[int, str]:
    """The profile and the badge of an award."""
    return row["profile_id"], row["badge"]


# The catalogue


async def catalogue(context: Context) -> list[Row]:
    """All badges: the catalogue's in its order, then imported ones."""
    colours = await badge_rarity.current()
    return [badge_row(each, colours.get(code)) for code, each in (await badges.definitions()).items()]


async def badge(context: Context, *, code: str) -> Row | None:
    """One badge; None if there is none with this code."""
    [found] = await by_code([code], context)
    return found


@columns("code", "rarity", "definition")
async def by_code(codes: Sequence[str], context: Context) -> list[Row | None]:
    """Badges by their codes; None for an unknown code."""
    found = await badges.definitions(codes)
    colours = await badge_rarity.current(found) if found else {}
    return [badge_row(found[code], colours.get(code)) if code in found else None for code in codes]


@columns("percent", "as_of")
async def shares(codes: Sequence[str], context: Context) -> list[Row]:
    """The share of public, active people who have each badge; cached for up to a minute."""
    cached = await badge_shares.of(context.database)
    return [{"percent": cached.percent(code), "as_of": cached.as_of} for code in codes]


@columns("percent")
async def level_shares(keys: Sequence[tuple[str, int]], context: Context) -> list[Row]:
    """The share of public, active people who have reached each (badge, level); cached for up to a minute."""
    cached = await badge_shares.of(context.database)
    return [{"percent": cached.percent_of_level(code, level)} for code, level in keys]


def level_of(row: Row) -> tuple[str, int]:
    """The badge and the number of a level."""
    return row["badge"], row["number"]


def text_of(name: str) -> Callable[[Row], str]:
    """A function that reads a text of a badge in the language of the answer. Imported texts have no translations."""

    def read(row: Row) -> str:
        value: str = getattr(row["definition"], name)
        return translate(value) if row["code"] in BADGES else value

    return read


def levels_of(row: Row) -> list[Row]:
    """The levels of a badge; an imported one has one level."""
    return [level_row(row["code"], number) for number in range(1, max(1, len(row["definition"].levels)) + 1)]


def is_granted_by_hand_only(row: Row) -> bool:
    """Return True if no rule awards the badge."""
    return not row["definition"].levels


def level_row(code: str, number: int) -> Row:
    """The row of a level of a badge."""
    return {"badge": code, "number": number}


def criterion_of(row: Row) -> str | None:
    """The criterion of a level; None without a rule, and for a level that the catalogue no longer has."""
    badge = BADGES.get(row["badge"])
    if badge is None or row["number"] > len(badge.levels):
        return None
    return badge.levels[row["number"] - 1].translated


def badge_row(found: Badge, rarity: Rarity | None) -> Row:
    """The row of a badge; `rarity` is its stored colour, None where that of its definition applies."""
    return {"code": found.code, "rarity": rarity or found.rarity, "definition": found}


# Mutations


async def set_featured_badges(context: Context, *, input: Any) -> Row:
    """Set the badges that the viewer's profile shows first."""
    profile_id = context.viewer.own_profile
    await badges.feature(profile_id, input.badge_codes)
    return {"profile_id": profile_id}
