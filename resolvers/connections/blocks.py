"""Whom the viewer has blocked; nobody else ever sees it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from models.statements import Statement
from resolvers.base import cursors
from resolvers.base.context import Context
from resolvers.base.pagination import connection, page
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from resolvers.connections.connection_sql import CARD_COLUMNS
from resolvers.connections.connections import profile_number
from services.connections import blocks
from services.progress.scores import EPOCH, microseconds

CURSOR = "blocked-profiles"


def _page(*, backward: bool, beyond: bool) -> Statement:
    at = f"AND (b.blocked_at, b.blocked_id) {'>' if backward else '<'} ($3, $4)" if beyond else ""
    way = "ASC" if backward else "DESC"
    # Unique (blocker_id, blocked_id): nobody blocks many.
    return Statement.of(f"""
        SELECT {CARD_COLUMNS}, b.blocked_at FROM block b CROSS JOIN profile p
        WHERE b.blocker_id = $1 AND p.id = b.blocked_id AND p.listed IS NOT false {at}
        ORDER BY b.blocked_at {way}, b.blocked_id {way} LIMIT $2
    """)


PAGES = {
    (backward, beyond): _page(backward=backward, beyond=beyond)
    for backward in (False, True)
    for beyond in (False, True)
}


@columns("edges", "page_info")
async def of_profiles(
    profile_ids: Sequence[int],
    context: Context,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> list[Row | None]:
    """A page of whom the viewer has blocked, the newest first; who is hidden is left out. Raises Refused: BAD_PAGE, BAD_CURSOR."""
    asked = page(first, after, last, before)
    params: list[Any] = [context.viewer.own_profile, asked.size + 1]
    if asked.cursor is not None:
        at, number = cursors.decode(CURSOR, asked.cursor, int, int)
        moment = EPOCH + timedelta(microseconds=at)
        params += [moment if context.database.dialect == "postgres" else moment.isoformat(" "), number]
    found: Row | None = None
    if context.viewer.profile_id in profile_ids:
        rows = list(await context.database.fetch(PAGES[asked.backward, asked.cursor is not None], *params))
        found = connection(asked, rows[::-1] if asked.backward else rows, cursor_of)
    return [found if number == context.viewer.profile_id else None for number in profile_ids]


def cursor_of(row: Row) -> str:
    """Where a person stands in the list."""
    at = row["blocked_at"]
    return cursors.encode(CURSOR, microseconds(datetime.fromisoformat(at) if isinstance(at, str) else at), row["id"])


async def block(context: Context, *, input: Any) -> Row:
    """Whom the viewer blocks now."""
    other = profile_number(input.profile)
    await blocks.block(context.viewer.own_profile, other)
    return {"profile_id": other}


async def unblock(context: Context, *, input: Any) -> Row:
    """Whom the viewer blocks no more."""
    other = profile_number(input.profile)
    await blocks.unblock(context.viewer.own_profile, other)
    return {"profile_id": other}
