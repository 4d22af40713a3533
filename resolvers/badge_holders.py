"""The people who have a badge, the newest first. Only listed profiles, like on leaderboards."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from resolvers.base.context import Context
from resolvers.base.keyset import PARENT, SortKey, TopPerParent, count_per_parent
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from resolvers.profiles import CARD, card_sql
from services.errors import ErrorCode, refused

HOLDER = (*CARD, "badge", "level", "awarded_at")
_HOLDING = f"""
    FROM badge_award a CROSS JOIN profile p
    WHERE a.badge = {PARENT} AND a.superseded = false AND a.level >= $2 AND p.id = a.profile_id AND p.listed IS NOT false
"""
HOLDERS = TopPerParent(
    "badge-holders",
    columns=HOLDER,
    select=f"{card_sql('p')}, a.badge, a.level, a.awarded_at",
    source=_HOLDING,
    order=(SortKey("awarded_at", "a.awarded_at", value_type=datetime), SortKey("id", "a.profile_id")),
    parameters=1,
    parent_type="text",
)
"""
Holders of each badge, at level $2 or higher. Index badge_award (badge, superseded, awarded_at, profile_id, level), then
profile by its primary key: CROSS JOIN and "IS NOT false" keep SQLite from beginning with the listed profiles.
"""
TOTALS = count_per_parent(_HOLDING, "text")


class Holders(NamedTuple):
    """A key of `totals`: a badge and the lowest level that counts."""

    badge: str
    level: int


@columns("edges", "page_info", "badge", "level")
@paged
async def of_badges(codes: Sequence[str], context: Context, *, level_number: int = 1, page: Page) -> list[Row]:
    """
    A page of the holders of each badge who have reached this level. Raises Refused: BAD_INPUT (`level_number` below 1),
    BAD_PAGE, BAD_CURSOR.

    SQL of its own: one statement for all badges.
    """
    if level_number < 1:
        raise refused(ErrorCode.BAD_INPUT, "`levelNumber` must be at least 1.", path=("levelNumber",))
    found = await HOLDERS.pages(context.database, codes, page, level_number, slow=True)
    return [connection(page, found.get(code, ()), cursor_of, badge=code, level=level_number) for code in codes]


cursor_of = HOLDERS.cursor_of


async def totals(keys: Sequence[Holders], context: Context) -> list[int]:
    """How many people each list has. One statement per level, which reads all awards of the badges."""
    found: dict[Holders, int] = {}
    for level in dict.fromkeys(key.level for key in keys):
        codes = [key.badge for key in keys if key.level == level]
        rows = await context.database.fetch_long(TOTALS, codes, level)
        found |= {
            Holders(code, level): row["total"] if row else 0
            for code, row in zip(codes, in_order(codes, rows, by="parent"), strict=True)
        }
    return [found[key] for key in keys]


def list_of(row: Row) -> Holders:
    """The key of `totals` of a page."""
    return Holders(row["badge"], row["level"])
