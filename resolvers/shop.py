"""The shop, and the viewer's orders. Nobody sees another's."""

from collections.abc import Sequence
from typing import Any

from catalogue.languages import translate
from catalogue.shop import ITEMS
from models.shop import ShopOrder
from resolvers import credits as credit_resolvers
from resolvers.base import cursors, ids
from resolvers.base.context import Context
from resolvers.base.pagination import Page, connection, newest, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.core.rate_limits import spend
from services.credits import shop
from services.errors import ErrorCode, refused

CURSOR = "shop-orders"
ORDER = ("id", "account_id", "item", "price", "state", "ordered_at", "changed_at")


@columns("code", "name", "description", "price", "stock_left", "available", "affordable")
async def items(codes: Sequence[str], context: Context) -> list[Row | None]:
    """Items by code, as the viewer can have them now; None for what is no longer in the catalogue. Two statements."""
    known = [code for code in codes if code in ITEMS]
    left = await shop.stock_of(known)
    [balance] = await credit_resolvers.of_accounts([context.viewer.account_id or 0], context)
    rows = {code: _item(code, left[code], balance) for code in known}
    return [rows.get(code) for code in codes]


async def catalogue(context: Context) -> list[Row]:
    """What is sold, in the catalogue's order."""
    sold = [code for code, item in ITEMS.items() if not item.retired]
    return [row for row in await items(sold, context) if row is not None]


@columns(*ORDER)
async def by_id(order_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Orders by number; None for one that another account placed."""
    rows: Any = ShopOrder.filter(id__in=order_ids, account_id=context.viewer.account_id or 0).values(*ORDER)
    return in_order(order_ids, await rows, by="id")


@columns("edges", "page_info")
@paged
async def of_accounts(account_ids: Sequence[int], context: Context, *, page: Page) -> list[Row | None]:
    """
    The orders of each account, newest first; None for any but the one that asks.
    Raises Refused: BAD_PAGE, BAD_CURSOR. Index (account_id, id), read backwards.
    """
    own = context.viewer.account_id
    return [
        connection(page, await newest(ShopOrder.filter(account_id=number), page, CURSOR, ORDER), cursor_of)
        if number == own
        else None
        for number in account_ids
    ]


def cursor_of(row: Row) -> str:
    """Where an order stands among its account's."""
    return cursors.encode(CURSOR, row["id"])


async def order(context: Context, *, input: Any) -> Row:
    """Order an item for the viewer's account."""
    account_id = context.viewer.account_id or 0
    await spend("order-item", by=[f"account:{account_id}"])
    made = await shop.order(account_id, input.item, input.idempotency_key)
    return {"order_id": made.order.id, "repeated": made.repeated, "account_id": account_id}


async def cancel(context: Context, *, input: Any) -> Row:
    """Cancel an order of the viewer's account."""
    account_id = context.viewer.account_id or 0
    number = ids.number_of("ShopOrder", input.id)
    if number is None:
        raise refused(ErrorCode.NOT_FOUND, "That is the id of something else.", path=("id",))
    cancelled = await shop.cancel(account_id, number)
    return {"order_id": cancelled.id, "account_id": account_id}


def _item(code: str, left: int | None, balance: int | None) -> Row:
    item = ITEMS[code]
    return {
        "code": code,
        "name": translate(item.name),
        "description": translate(item.description),
        "price": item.price,
        "stock_left": left,
        "available": not item.retired and left != 0,
        "affordable": None if balance is None else balance >= item.price,
    }
