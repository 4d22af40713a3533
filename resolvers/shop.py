"""The shop, and the viewer's orders, which are private to their account."""

from collections.abc import Sequence
from typing import Any

from catalogue.languages import translate
from catalogue.shop import ITEMS
from models.shop import ShopOrder
from resolvers import credits as credit_resolvers
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.keyset import QuerysetList, SortKey
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.core.rate_limits import spend
from services.credits import shop

ORDER = ("id", "account_id", "item", "price", "state", "ordered_at", "changed_at")
ORDERS = QuerysetList("shop-orders", order=[SortKey("id")])


@columns("code", "name", "description", "price", "stock_left", "is_available", "can_afford")
async def items(codes: Sequence[str], context: Context) -> list[Row | None]:
    """Items by code, with stock and whether the viewer can afford them; None if not in the catalogue. Two statements."""
    known = [code for code in codes if code in ITEMS]
    left = await shop.stock_of(known)
    [balance] = await credit_resolvers.of_accounts([context.viewer.account_id or 0], context)
    rows = {code: _item_row(code, left[code], balance) for code in known}
    return [rows.get(code) for code in codes]


async def catalogue(context: Context) -> list[Row]:
    """The items on sale, in the catalogue's order."""
    sold = [code for code, item in ITEMS.items() if not item.retired]
    return [row for row in await items(sold, context) if row is not None]


@columns(*ORDER)
async def by_id(order_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Orders by number; None for one of another account."""
    rows: Any = ShopOrder.filter(id__in=order_ids, account_id=context.viewer.account_id or 0).values(*ORDER)
    return in_order(order_ids, await rows, by="id")


@columns("edges", "page_info", "account_id")
@paged
async def of_accounts(account_ids: Sequence[int], context: Context, *, page: Page) -> list[Row | None]:
    """
    The orders of each account, newest first; None for any but the viewer's own.
    Raises Refused: BAD_PAGE, BAD_CURSOR. Index (account_id, id), read backwards.
    """
    own = context.viewer.account_id
    return [
        connection(
            page, await ORDERS.page(ShopOrder.filter(account_id=number), page, *ORDER), cursor_of, account_id=number
        )
        if number == own
        else None
        for number in account_ids
    ]


cursor_of = ORDERS.cursor_of


async def totals(account_ids: Sequence[int], context: Context) -> list[int]:
    """How many orders each account has placed; 0 for any but the viewer's own. Index (account_id, id)."""
    own = context.viewer.account_id
    return [await ShopOrder.filter(account_id=number).count() if number == own else 0 for number in account_ids]


async def order(context: Context, *, input: Any) -> Row:
    """Order an item for the viewer's account."""
    account_id = context.viewer.account_id or 0
    await spend("order-item", by=[f"account:{account_id}"])
    made = await shop.order(account_id, input.item_code, input.idempotency_key)
    return {"order_id": made.order.id, "is_repeated": made.repeated, "account_id": account_id}


async def cancel(context: Context, *, input: Any) -> Row:
    """Cancel an order of the viewer's account."""
    account_id = context.viewer.account_id or 0
    cancelled = await shop.cancel(account_id, ids.require_number("ShopOrder", input.order_id, "orderId"))
    return {"order_id": cancelled.id, "account_id": account_id}


def _item_row(code: str, left: int | None, balance: int | None) -> Row:
    item = ITEMS[code]
    return {
        "code": code,
        "name": translate(item.name),
        "description": translate(item.description),
        "price": item.price,
        "stock_left": left,
        "is_available": not item.retired and left != 0,
        "can_afford": None if balance is None else balance >= item.price,
    }
