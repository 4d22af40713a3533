"""
The shop: items for credits.

An order reduces stock and balance in one transaction; a refund restores both, once. Locks are always taken in the same
order, so that no deadlock is possible: the idempotency key, the order, the item's stock, the balance.
Rule: docs/rules/challenges.md#shop.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tortoise.transactions import in_transaction

from catalogue.languages import Text
from catalogue.shop import ITEMS, MAX_PRICE, Item
from models.credits import CreditKind
from models.shop import OrderState, ShopOrder, ShopStock
from models.transactions import require_transaction
from services.core import audit, clock, idempotency
from services.core.audit import OPERATOR, Change
from services.credits.credit_ledger import active_account, change_balance
from services.errors import ErrorCode, Refused, refused

MAX_ORDERS_LISTED: Final = 200


@dataclass(frozen=True)
class Ordered:
    """The current order. `repeated`: True if an earlier call with the same key placed it."""

    order: ShopOrder
    repeated: bool


async def order(account_id: int, code: str, key: str) -> Ordered:
    """
    Order an item for this account's credits, at its current price. A repeated key returns the same order in its current
    state.

    Raises Refused: NOT_FOUND (no such item), NOT_FOR_SALE, OUT_OF_STOCK, INSUFFICIENT_CREDITS (with `needed` and
    `available`), ACCOUNT_DEACTIVATED, and what services/core/idempotency.py raises.
    """
    call = await idempotency.run_once(account_id, key, "orderItem", {"item": code}, lambda: _place(account_id, code))
    return Ordered(await ShopOrder.get(id=call.answer["order"]), call.repeated)


async def cancel(account_id: int, order_id: int) -> ShopOrder:
    """
    Refund an order of this account that is still PLACED. Raises Refused: NOT_FOUND (also for orders of other accounts),
    ORDER_NOT_OPEN.
    """
    async with in_transaction():
        found = await _lock_order(order_id)
        if found.account_id != account_id:
            raise _no_such_order()
        if found.state is not OrderState.PLACED:
            raise _not_open(found)
        return await _refund(found)


async def refund_open_orders(account_id: int) -> int:
    """
    Refund every order of this account that is still PLACED, so that the stock is correct when the account is deleted.
    Returns the number of orders. Index: (account_id, id). Requires a transaction.
    """
    require_transaction()
    placed = await ShopOrder.select_for_update().filter(account_id=account_id, state=OrderState.PLACED).order_by("item")
    for each in placed:  # in order of items: two of these calls cannot deadlock
        await _refund(each)
    return len(placed)


async def refund(order_id: int) -> ShopOrder:
    """
    Refund an order as an operator, also one that was shipped and returned. Raises Refused: NOT_FOUND, ORDER_NOT_OPEN (it
    was refunded already).
    """
    async with in_transaction():
        found = await _lock_order(order_id)
        if found.state is OrderState.REFUNDED:
            raise _not_open(found)
        before = found.state
        await _refund(found)
        await _record_change("shop.refunded", found, before)
        return found


async def ship(order_id: int) -> ShopOrder:
    """Mark an order as shipped; it can no longer be cancelled. Raises Refused: NOT_FOUND, ORDER_NOT_OPEN."""
    async with in_transaction():
        found = await _lock_order(order_id)
        if found.state is not OrderState.PLACED:
            raise _not_open(found)
        await _set_state(found, OrderState.SHIPPED)
        await _record_change("shop.shipped", found, OrderState.PLACED)
        return found


async def set_stock(code: str, stock: int) -> int:
    """
    Set the stock of an item as an operator; returns the stock before. Raises Refused: NOT_FOUND (no such item), BAD_INPUT
    (the item has no limited stock, or the number is not 0 to 1,000,000).
    """
    item = _item(code)
    if item.stock is None or not 0 <= stock <= MAX_PRICE:
        text = Text("The stock must be 0 to {most:,}, and the item must not be unlimited.", most=MAX_PRICE)
        raise refused(ErrorCode.BAD_INPUT, text, path=("stock",))
    async with in_transaction():
        row = await _lock_stock(item, item.stock)
        before, row.stock = row.stock, stock
        await row.save(update_fields=["stock"])
        await audit.record("shop.stocked", actor=OPERATOR, item=code, stock=Change(before, stock))
        return before


async def stock_of(codes: Collection[str]) -> dict[str, int | None]:
    """Stock of each of these catalogue items; None if unlimited. Primary key."""
    rows: Any = ShopStock.filter(item__in=codes).values_list("item", "stock")
    remaining = dict(await rows)
    return {code: None if (stock := ITEMS[code].stock) is None else remaining.get(code, stock) for code in codes}


async def orders(state: OrderState | None = None) -> Sequence[dict[str, Any]]:
    """The newest 200 orders, of one state or all, with the account's address. Index: (state, id), or primary key."""
    found = ShopOrder.all() if state is None else ShopOrder.filter(state=state)
    return (
        await found.order_by("-id")
        .limit(MAX_ORDERS_LISTED)
        .values("id", "item", "price", "state", "ordered_at", email="account__email")
    )


async def _place(account_id: int, code: str) -> idempotency.Answer:
    await active_account(account_id)
    item = _item(code)
    if item.retired:
        raise refused(
            ErrorCode.NOT_FOR_SALE, Text("The shop no longer sells {name!r}.", name=Text(item.name)), path=("itemCode",)
        )
    if item.stock is not None:
        row = await _lock_stock(item, item.stock)
        if row.stock < 1:
            raise refused(
                ErrorCode.OUT_OF_STOCK, Text("{name!r} is out of stock.", name=Text(item.name)), path=("itemCode",)
            )
        row.stock -= 1
        await row.save(update_fields=["stock"])
    placed = await ShopOrder.create(account_id=account_id, item=code, price=item.price, ordered_at=clock.now())
    await change_balance(account_id, CreditKind.ORDER, -item.price, reference=str(placed.id))
    return {"order": placed.id}


async def _refund(found: ShopOrder) -> ShopOrder:
    item = ITEMS.get(found.item)
    if item is not None and item.stock is not None:
        row = await _lock_stock(item, item.stock)
        row.stock += 1
        await row.save(update_fields=["stock"])
    await _set_state(found, OrderState.REFUNDED)
    await change_balance(found.account_id, CreditKind.REFUND, found.price, reference=str(found.id))
    return found


async def _set_state(found: ShopOrder, state: OrderState) -> None:
    found.state, found.changed_at = state, clock.now()
    await found.save(update_fields=["state", "changed_at"])


async def _lock_order(order_id: int) -> ShopOrder:
    found = await ShopOrder.select_for_update().get_or_none(id=order_id)
    if found is None:
        raise _no_such_order()
    return found


async def _lock_stock(item: Item, initial: int) -> ShopStock:
    """
    Lock and return the item's row; creates it with the catalogue's stock if it does not exist.
    Requires a transaction.
    """
    require_transaction()
    if not await ShopStock.exists(item=item.code):
        await ShopStock.bulk_create([ShopStock(item=item.code, stock=initial)], ignore_conflicts=True)
    return await ShopStock.select_for_update().get(item=item.code)


def _item(code: str) -> Item:
    if code not in ITEMS:
        raise refused(ErrorCode.NOT_FOUND, "There is no such item.", path=("itemCode",))
    return ITEMS[code]


def _no_such_order() -> Refused:
    return refused(ErrorCode.NOT_FOUND, "There is no such order.", path=("orderId",))


def _not_open(found: ShopOrder) -> Refused:
    shipped = found.state is OrderState.SHIPPED
    text = Text("The order was already shipped.") if shipped else Text("The order was already refunded.")
    return refused(ErrorCode.ORDER_NOT_OPEN, text, path=("orderId",))


async def _record_change(action: str, found: ShopOrder, before: OrderState) -> None:
    state = Change(before.value, found.state.value)
    await audit.record(
        action, actor=OPERATOR, account_id=found.account_id, order=found.id, item=found.item, state=state
    )
