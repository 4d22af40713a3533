"""Nodes by their ids."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from strawberry import ID

from catalogue import scopes
from catalogue.languages import Text
from resolvers import (
    accounts,
    audit,
    companies,
    invites,
    ledger_history,
    merging,
    personal_data,
    portfolio,
    profiles,
    sessions,
    shop,
    tokens,
    viewer,
)
from resolvers import credits as credit_resolvers
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.rows import Row
from resolvers.connections import connection_requests
from services.errors import ErrorCode, refused

MAX_NODES_PER_CALL = 100
Read = Callable[[Sequence[int], Context], Awaitable[Sequence[Row | None]]]

READERS: dict[str, Read] = {
    "Account": accounts.by_id,
    "ApiKey": tokens.keys_by_id,
    "AuditEntry": audit.by_id,
    "Company": companies.by_id,
    "ConnectionRequest": connection_requests.by_id,
    "CreditEntry": credit_resolvers.by_id,
    "Invite": invites.by_id,
    "PersonalAccessToken": tokens.by_id,
    "PersonalDataDownload": personal_data.downloads_by_id,
    "PointEntry": ledger_history.by_id,
    "Profile": profiles.by_any_id,
    "ProfileMerge": merging.by_id,
    "Project": portfolio.by_id,
    "ProjectImage": portfolio.images_by_id,
    "Session": sessions.by_id,
    "ShopOrder": shop.by_id,
    "Viewer": viewer.by_id,
}


LISTED_IN: dict[str, str] = {
    "ApiKey": "Viewer.apiKeys",
    "CreditEntry": "Viewer.creditHistory",
    "PersonalAccessToken": "Viewer.personalAccessTokens",
    "ProfileMerge": "Viewer.openMerge",
    "PersonalDataDownload": "PersonalData.downloads",
    "Session": "Viewer.sessions",
    "ShopOrder": "Viewer.orders",
}
"""Private types, and the field that lists them. A token reads them by id only if its scopes open that list."""


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
        rows = await READERS[type_name](numbers, context) if _may_read(type_name, context) else [None] * len(numbers)
        for number, row in zip(numbers, rows, strict=True):
            found[type_name, number] = None if row is None else {"__typename": type_name, **row}
    return [found[each] for each in wanted]


def _may_read(type_name: str, context: Context) -> bool:
    """False for an id of commands, which is of no node, and for a token that may not read the list of this type."""
    if type_name not in READERS:
        return False
    listed_in, given = LISTED_IN.get(type_name), context.viewer.scopes
    return listed_in is None or given is None or not scopes.closed({listed_in}, given)


_decode = ids.decode
