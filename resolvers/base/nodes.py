"""Nodes by their ids."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from strawberry import ID

from catalogue.languages import Text
from resolvers import accounts, audit, companies, invites, ledger_history, portfolio, profiles, viewer
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.rows import Row
from resolvers.connections import connection_requests
from services.errors import ErrorCode, refused

MAX_NODES_PER_CALL = 100
Read = Callable[[Sequence[int], Context], Awaitable[Sequence[Row | None]]]

READERS: dict[str, Read] = {
    "Account": accounts.by_id,
    "AuditEntry": audit.by_id,
    "Company": companies.by_id,
    "ConnectionRequest": connection_requests.by_id,
    "Invite": invites.by_id,
    "PointEntry": ledger_history.by_id,
    "Profile": profiles.by_id,
    "Project": portfolio.by_id,
    "Viewer": viewer.by_id,
}


async def _read_none(numbers: Sequence[int], context: Context) -> Sequence[Row | None]:
    """For types with ids that are not Nodes, like tokens: None, as for a node that never existed."""
    return [None for _ in numbers]


async def node(context: Context, *, id: ID) -> Row | None:
    """The node of an id; None if the viewer may not see it, as if it never existed. Raises Refused: BAD_ID."""
    return (await nodes(context, ids=[id]))[0]


async def nodes(context: Context, *, ids: list[ID]) -> list[Row | None]:
    """The nodes of up to 100 ids, in their order, like `node`. Raises Refused: BAD_ID, TOO_MANY_ITEMS."""
    if len(ids) > MAX_NODES_PER_CALL:
        raise refused(
            ErrorCode.TOO_MANY_ITEMS,
            Text("Request at most {largest} ids at once.", largest=MAX_NODES_PER_CALL),
            path=("ids",),
        )
    wanted = [_decode(each) for each in ids]
    found: dict[tuple[str, int], Any] = {}
    for type_name in dict.fromkeys(name for name, _ in wanted):
        numbers = list(dict.fromkeys(number for name, number in wanted if name == type_name))
        read = READERS.get(type_name, _read_none)
        for number, row in zip(numbers, await read(numbers, context), strict=True):
            found[type_name, number] = None if row is None else {"__typename": type_name, **row}
    return [found[each] for each in wanted]


_decode = ids.decode
