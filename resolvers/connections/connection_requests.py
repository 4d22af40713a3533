"""Connection requests, visible only to their two parties. A sender never learns that a request was ignored."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from models.statements import Statement
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.keyset import PARENT, SortKey, TopPerParent
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from resolvers.profiles import CARD, card_sql
from services.errors import ErrorCode, refused

REQUEST = ("id", "direction", "sent_at", "profile", "other_id")


class Direction(Enum):
    """The direction of a request from the viewer's side."""

    SENT = "SENT"
    RECEIVED = "RECEIVED"


_FACTS = ("request_id", "sender_id", "sent_at", *CARD)
_COLUMNS = f"r.id AS request_id, r.sender_id, r.sent_at, {card_sql('p')}"
_FROM = {
    Direction.SENT: f"""
        FROM connection_request r CROSS JOIN profile p
        WHERE r.sender_id = {PARENT} AND p.id = r.receiver_id AND r.withdrawn_at IS NULL AND p.listed IS NOT false
    """,
    Direction.RECEIVED: f"""
        FROM connection_request r CROSS JOIN profile p
        WHERE r.receiver_id = {PARENT} AND p.id = r.sender_id AND r.withdrawn_at IS NULL AND r.ignored_at IS NULL
        AND p.listed IS NOT false
    """,
}
"""The requests of each direction that a profile sees, and the profile `p` of the other party."""
LISTS = {
    direction: TopPerParent(
        f"requests {direction.value}",
        columns=_FACTS,
        select=_COLUMNS,
        source=rows,
        order=(SortKey("sent_at", "r.sent_at", value_type=datetime), SortKey("request_id", "r.id")),
    )
    for direction, rows in _FROM.items()
}
"""Newest first. Indexes: (sender_id, sent_at, id), (receiver_id, sent_at, id)."""


def _either(sent: str, received: str) -> Statement:
    """The requests of both directions, each by its own index."""
    return Statement.of(f"""
        SELECT {_COLUMNS} {_FROM[Direction.SENT].replace(PARENT, "$1")} AND {sent}
        UNION ALL
        SELECT {_COLUMNS} {_FROM[Direction.RECEIVED].replace(PARENT, "$1")} AND {received}
    """)


# Primary key; unique (sender_id, receiver_id).
BY_ID = _either("r.id = ANY($2)", "r.id = ANY($2)")
WITH = _either("r.receiver_id = ANY($2)", "r.sender_id = ANY($2)")
TOTALS = {
    direction: Statement.of(f"SELECT count(*) AS total {rows.replace(PARENT, '$1')}")
    for direction, rows in _FROM.items()
}


@columns(*REQUEST)
async def by_id(request_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Requests by number; None if the viewer is not one of its parties, or cannot see it any more."""
    own = context.viewer.profile_id
    if own is None:
        return [None for _ in request_ids]
    rows = await context.database.fetch(BY_ID, own, request_ids)
    return in_order(request_ids, [_request_row(row, own) for row in rows], by="id")


@columns(*REQUEST)
async def with_viewer(profile_ids: Sequence[int], context: Context) -> list[Row | None]:
    """The open request between each profile and the viewer; None if there is none."""
    own = context.viewer.profile_id
    if own is None:
        return [None for _ in profile_ids]
    rows = await context.database.fetch(WITH, own, profile_ids)
    return in_order(profile_ids, [_request_row(row, own) for row in rows], by="other_id")


@columns("edges", "page_info", "direction")
@paged
async def received(profile_ids: Sequence[int], context: Context, *, page: Page) -> list[Row | None]:
    """A page of the requests that wait for the viewer's answer. Raises Refused: BAD_PAGE, BAD_CURSOR."""
    return await _own_requests(profile_ids, context, Direction.RECEIVED, page)


@columns("edges", "page_info", "direction")
@paged
async def sent(profile_ids: Sequence[int], context: Context, *, page: Page) -> list[Row | None]:
    """A page of the viewer's requests that were not answered. Raises Refused: BAD_PAGE, BAD_CURSOR."""
    return await _own_requests(profile_ids, context, Direction.SENT, page)


async def totals(directions: Sequence[Direction], context: Context) -> list[int]:
    """How many of the viewer's requests there are in each direction."""
    return [
        (await context.database.fetch(TOTALS[direction], context.viewer.own_profile))[0]["total"]
        for direction in directions
    ]


def cursor_of(row: Row) -> str:
    """Return the cursor of a request in its list."""
    return LISTS[row["direction"]].cursor_of({"sent_at": row["sent_at"], "request_id": row["id"]})


def number_of(text: str) -> int:
    """The number of a request in an input. Raises Refused: BAD_ID, NOT_FOUND (an id of another type)."""
    number = ids.number_of("ConnectionRequest", text, "requestId")
    if number is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such request.", path=("requestId",))
    return number


async def _own_requests(
    profile_ids: Sequence[int], context: Context, direction: Direction, page: Page
) -> list[Row | None]:
    own, found = context.viewer.profile_id, None
    if own is not None and own in profile_ids:
        rows = [_request_row(row, own) for row in await LISTS[direction].page_of(context.database, own, page)]
        found = connection(page, rows, cursor_of, direction=direction)
    return [found if number == own else None for number in profile_ids]


def _request_row(row: Row, own: int) -> dict[str, Any]:
    card = {name: row[name] for name in CARD}
    return {
        "id": row["request_id"],
        "direction": Direction.SENT if row["sender_id"] == own else Direction.RECEIVED,
        "sent_at": row["sent_at"],
        "profile": card,
        "other_id": card["id"],
    }
