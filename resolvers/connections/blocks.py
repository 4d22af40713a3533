"""Profiles that the viewer has blocked. Only the viewer sees them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from resolvers.base.context import Context
from resolvers.base.current_profiles import current_of
from resolvers.base.keyset import PARENT, SortKey, TopPerParent, count_per_parent
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from resolvers.profiles import CARD, card_sql
from services.connections import blocks

_BLOCKED = f"""
    FROM block b CROSS JOIN profile p
    WHERE b.blocker_id = {PARENT} AND p.id = b.blocked_id AND p.listed IS NOT false
"""
BLOCKED = TopPerParent(
    "blocked-profiles",
    columns=(*CARD, "blocked_at"),
    select=f"{card_sql('p')}, b.blocked_at",
    source=_BLOCKED,
    order=(SortKey("blocked_at", "b.blocked_at", value_type=datetime), SortKey("id", "b.blocked_id")),
)
"""Unique (blocker_id, blocked_id), then sorted: few profiles block many."""
TOTALS = count_per_parent(_BLOCKED)


@columns("profile_id", "edges", "page_info")
@paged
async def of_profiles(profile_ids: Sequence[int], context: Context, *, page: Page) -> list[Row | None]:
    """
    A page of the profiles that the viewer has blocked, newest first, without hidden ones; None for any other profile.
    Raises Refused: BAD_PAGE, BAD_CURSOR.
    """
    own, found = context.viewer.profile_id, None
    if own is not None and own in profile_ids:
        found = connection(page, await BLOCKED.page_of(context.database, own, page), cursor_of, profile_id=own)
    return [found if number == own else None for number in profile_ids]


cursor_of = BLOCKED.cursor_of


async def totals(profile_ids: Sequence[int], context: Context) -> list[int]:
    """How many profiles the viewer has blocked, without hidden ones; 0 for any other profile. Index as for BLOCKED."""
    own = context.viewer.profile_id
    rows = await context.database.fetch(TOTALS, [own]) if own in profile_ids else []
    return [rows[0]["total"] if number == own else 0 for number in profile_ids]


async def block(context: Context, *, input: Any) -> Row:
    """Block a profile."""
    other = await current_of(input.profile_id, context, "profileId")
    await blocks.block(context.viewer.own_profile, other)
    return {"profile_id": other}


async def unblock(context: Context, *, input: Any) -> Row:
    """End a block."""
    other = await current_of(input.profile_id, context, "profileId")
    await blocks.unblock(context.viewer.own_profile, other)
    return {"profile_id": other}
