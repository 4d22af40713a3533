"""Requests to connect, as their two parties see them: nobody else does, and a sender never learns that one was ignored."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from models.statements import Statement
from resolvers.base import cursors, ids
from resolvers.base.context import Context
from resolvers.base.pagination import connection, page
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from resolvers.connections.connection_sql import CARD, CARD_COLUMNS
from services.errors import ErrorCode, refused
from services.progress.scores import EPOCH, microseconds

REQUEST = ("id", "direction", "sent_at", "profile", "other_id")


class Direction(Enum):
    """From whom a request is, as the viewer sees it."""

    SENT = "SENT"
    RECEIVED = "RECEIVED"


_SELECT = f"SELECT r.id AS request_id, r.sender_id, r.sent_at, {CARD_COLUMNS} FROM connection_request r"
_MINE = {
    Direction.SENT: "r.sender_id = $1 AND p.id = r.receiver_id AND r.withdrawn_at IS NULL AND p.listed IS NOT false",
    Direction.RECEIVED: """
        r.receiver_id = $1 AND p.id = r.sender_id AND r.withdrawn_at IS NULL AND r.ignored_at IS NULL
        AND p.listed IS NOT false
    """,
}
"""What $1 sees, the newest first by an index each: (sender_id, sent_at, id), (receiver_id, sent_at, id)."""


def _either(sent: str, received: str) -> Statement:
    """The requests of both directions, each found by an index of its own."""
    return Statement.of(f"""
        {_SELECT} CROSS JOIN profile p WHERE {sent} AND {_MINE[Direction.SENT]}
        UNION ALL
        {_SELECT} CROSS JOIN profile p WHERE {received} AND {_MINE[Direction.RECEIVED]}
    """)


# Primary key; unique (sender_id, receiver_id).
BY_ID = _either("r.id = ANY($2)", "r.id = ANY($2)")
WITH = _either("r.receiver_id = ANY($2)", "r.sender_id = ANY($2)")
TOTALS = {
    direction: Statement.of(f"SELECT count(*) AS total FROM connection_request r CROSS JOIN profile p WHERE {mine}")
    for direction, mine in _MINE.items()
}


def _page(direction: Direction, *, backward: bool, beyond: bool) -> Statement:
    at = f"AND (r.sent_at, r.id) {'>' if backward else '<'} ($3, $4)" if beyond else ""
    way = "ASC" if backward else "DESC"
    return Statement.of(
        f"{_SELECT} CROSS JOIN profile p WHERE {_MINE[direction]} {at} ORDER BY r.sent_at {way}, r.id {way} LIMIT $2"
    )


PAGES = {
    (direction, backward, beyond): _page(direction, backward=backward, beyond=beyond)
    for direction in Direction
    for backward in (False, True)
    for beyond in (False, True)
}


@columns(*REQUEST)
async def by_id(request_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Requests by number; None for one that the viewer has no part in, or does not see any more."""
    own = context.viewer.profile_id
    if own is None:
        return [None for _ in request_ids]
    rows = await context.database.fetch(BY_ID, own, context.database.keys(request_ids))
    return in_order(request_ids, [_request(row, own) for row in rows], by="id")


@columns(*REQUEST)
async def with_viewer(profile_ids: Sequence[int], context: Context) -> list[Row | None]:
    """The request that waits between each profile and the viewer; None where there is none."""
    own = context.viewer.profile_id
    if own is None:
        return [None for _ in profile_ids]
    rows = await context.database.fetch(WITH, own, context.database.keys(profile_ids))
    return in_order(profile_ids, [_request(row, own) for row in rows], by="other_id")


@columns("edges", "page_info", "direction")
async def received(
    profile_ids: Sequence[int],
    context: Context,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> list[Row | None]:
    """A page of what waits for the viewer's answer. Raises Refused: BAD_PAGE, BAD_CURSOR."""
    return [await _requests(number, context, Direction.RECEIVED, first, after, last, before) for number in profile_ids]


@columns("edges", "page_info", "direction")
async def sent(
    profile_ids: Sequence[int],
    context: Context,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> list[Row | None]:
    """A page of what the viewer has asked and not been answered. Raises Refused: BAD_PAGE, BAD_CURSOR."""
    return [await _requests(number, context, Direction.SENT, first, after, last, before) for number in profile_ids]


async def totals(directions: Sequence[Direction], context: Context) -> list[int]:
    """How many of the viewer's requests there are in each direction."""
    return [
        (await context.database.fetch(TOTALS[direction], context.viewer.own_profile))[0]["total"]
        for direction in directions
    ]


def cursor_of(row: Row) -> str:
    """Where a request stands in its list."""
    at = row["sent_at"]
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return cursors.encode(_list(row["direction"]), microseconds(moment), row["id"])


def number_of(given: str) -> int:
    """The number of a request that an input names. Raises Refused: BAD_ID, NOT_FOUND (it is something else)."""
    number = ids.number_of("ConnectionRequest", given, "request")
    if number is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such request.", path=("request",))
    return number


async def _requests(
    profile_id: int,
    context: Context,
    direction: Direction,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> Row | None:
    if profile_id != context.viewer.profile_id:
        return None
    asked = page(first, after, last, before)
    params: list[Any] = [profile_id, asked.size + 1]
    if asked.cursor is not None:
        at, number = cursors.decode(_list(direction), asked.cursor, int, int)
        moment = EPOCH + timedelta(microseconds=at)
        params += [moment if context.database.dialect == "postgres" else moment.isoformat(" "), number]
    statement = PAGES[direction, asked.backward, asked.cursor is not None]
    rows = [_request(row, profile_id) for row in await context.database.fetch(statement, *params)]
    return connection(asked, rows[::-1] if asked.backward else rows, cursor_of, direction=direction)


def _request(row: Row, own: int) -> dict[str, Any]:
    card = {name: row[name] for name in CARD}
    return {
        "id": row["request_id"],
        "direction": Direction.SENT if row["sender_id"] == own else Direction.RECEIVED,
        "sent_at": row["sent_at"],
        "profile": card,
        "other_id": card["id"],
    }


def _list(direction: Direction) -> str:
    return f"requests {direction.value}"
