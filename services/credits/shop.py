"""
The shop: items for credits.

An order takes one of the stock and the price in one transaction; giving it back puts both back, once. Locks are taken in
one order everywhere, so that nobody waits in a circle: the idempotency key, the order, the item's stock, the balance.
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
from services.credits.credit_ledger import move, spender
from services.errors import ErrorCode, Refused, refused

MAX_ORDERS_LISTED: Final = 200


@dataclass(frozen=True)
class Ordered:
    """An order as it is now. `repeated`: an earlier call under the same key placed it."""

    order: ShopOrder
    repeated: bool


async def order(account_id: int, code: str, key: str) -> Ordered:
    """
    Take an item for this account's credits, at its price of this moment. The same key again answers the same order, as it
    is then, whatever has become of it.

    Raises Refused: NOT_FOUND (no such item), NOT_FOR_SALE, OUT_OF_STOCK, INSUFFICIENT_CREDITS (with `needed` and
    `available`), ACCOUNT_DEACTIVATED, and what services/core/idempotency.py raises.
    """
    call = await idempotency.run_once(account_id, key, "orderItem", {"item": code}, lambda: _place(account_id, code))
    return Ordered(await ShopOrder.get(id=call.answer["order"]), call.repeated)


async def cancel(account_id: int, order_id: int) -> ShopOrder:
    """
    Give back an order of this account that is still PLACED. Raises Refused: NOT_FOUND (also somebody else's),
    ORDER_NOT_OPEN.
    """
    async with in_transaction():
        found = await _locked(order_id)
        if found.account_id != account_id:
            raise _no_such_order()
        if found.state is not OrderState.PLACED:
            raise _not_open(found)
        return await _give_back(found)


async def give_back_open(account_id: int) -> int:
    """
    Give back every order of this account that is still PLACED, inside the caller's transaction: what is left of the stock
    is right when the account is deleted afterwards. Answers how many there were. Index (account_id, id).
    Requires a transaction.
    """
    require_transaction()
    placed = await ShopOrder.select_for_update().filter(account_id=account_id, state=OrderState.PLACED).order_by("item")
    for each in placed:  # in the order of items: two who do this do not wait for each other's stock
        await _give_back(each)
    return len(placed)


async def refund(order_id: int) -> ShopOrder:
    """
    Give back an order by an operator's hand, also one that was shipped and came back. Raises Refused: NOT_FOUND,
    ORDER_NOT_OPEN (it was given back already).
    """
    async with in_transaction():
        found = await _locked(order_id)
        if found.state is OrderState.REFUNDED:
            raise _not_open(found)
        before = found.state
        await _give_back(found)
        await _note("shop.refunded", found, before)
        return found


async def ship(order_id: int) -> ShopOrder:
    """Note that an order is on its way: nobody can cancel it any more. Raises Refused: NOT_FOUND, ORDER_NOT_OPEN."""
    async with in_transaction():
        found = await _locked(order_id)
        if found.state is not OrderState.PLACED:
            raise _not_open(found)
        await _change(found, OrderState.SHIPPED)
        await _note("shop.shipped", found, OrderState.PLACED)
        return found


async def set_stock(code: str, stock: int) -> int:
    """
    Say how many of an item are left, by an operator's hand; answers how many were. Raises Refused: NOT_FOUND (no such
    item), BAD_INPUT (of this one there is always enough, or no number from 0 to 1,000,000).
    """
    item = _item(code)
    if item.stock is None or not 0 <= stock <= MAX_PRICE:
        text = Text("The stock must be 0 to {most:,}, and the item must not be unlimited.", most=MAX_PRICE)
        raise refused(ErrorCode.BAD_INPUT, text, path=("stock",))
    async with in_transaction():
        held = await _locked_stock(item, item.stock)
        before, held.stock = held.stock, stock
        await held.save(update_fields=["stock"])
        await audit.record("shop.stocked", actor=OPERATOR, item=code, stock=Change(before, stock))
        return before


async def stock_of(codes: Collection[str]) -> dict[str, int | None]:
    """How many are left of each of these items of the catalogue; None: always enough. Primary key."""
    rows: Any = ShopStock.filter(item__in=codes).values_list("item", "stock")
    left = dict(await rows)
    return {code: None if (stock := ITEMS[code].stock) is None else left.get(code, stock) for code in codes}


async def orders(state: OrderState | None = None) -> Sequence[dict[str, Any]]:
    """The newest 200 orders, of one state or all, with the address of who ordered. Index (state, id) or primary key."""
    found = ShopOrder.all() if state is None else ShopOrder.filter(state=state)
    return (
        await found.order_by("-id")
        .limit(MAX_ORDERS_LISTED)
        .values("id", "item", "price", "state", "ordered_at", email="account__email")
    )


async def _place(account_id: int, code: str) -> idempotency.Answer:
    await spender(account_id)
    item = _item(code)
    if item.retired:
        raise refused(
            ErrorCode.NOT_FOR_SALE, Text("The shop no longer sells {name!r}.", name=Text(item.name)), path=("item",)
        )
    if item.stock is not None:
        held = await _locked_stock(item, item.stock)
        if held.stock < 1:
            raise refused(
                ErrorCode.OUT_OF_STOCK, Text("{name!r} is out of stock.", name=Text(item.name)), path=("item",)
            )
        held.stock -= 1
        await held.save(update_fields=["stock"])
    placed = await ShopOrder.create(account_id=account_id, item=code, price=item.price, ordered_at=clock.now())
    await move(account_id, CreditKind.ORDER, -item.price, reference=str(placed.id))
    return {"order": placed.id}


async def _give_back(found: ShopOrder) -> ShopOrder:
    item = ITEMS.get(found.item)
    if item is not None and item.stock is not None:
        held = await _locked_stock(item, item.stock)
        held.stock += 1
        await held.save(update_fields=["stock"])
    await _change(found, OrderState.REFUNDED)
    account_id: int = found.account_id
    await move(account_id, CreditKind.REFUND, found.price, reference=str(found.id))
    return found


async def _change(found: ShopOrder, state: OrderState) -> None:
    found.state, found.changed_at = state, clock.now()
    await found.save(update_fields=["state", "changed_at"])


async def _locked(order_id: int) -> ShopOrder:
    found = await ShopOrder.select_for_update().get_or_none(id=order_id)
    if found is None:
        raise _no_such_order()
    return found


async def _locked_stock(item: Item, initial: int) -> ShopStock:
    """
    The item's row, ours until the transaction ends; the first to need it makes it from the catalogue.
    Requires a transaction.
    """
    require_transaction()
    if not await ShopStock.exists(item=item.code):
        await ShopStock.bulk_create([ShopStock(item=item.code, stock=initial)], ignore_conflicts=True)
    return await ShopStock.select_for_update().get(item=item.code)


def _item(code: str) -> Item:
    if code not in ITEMS:
        raise refused(ErrorCode.NOT_FOUND, "There is no such item.", path=("item",))
    return ITEMS[code]


def _no_such_order() -> Refused:
    return refused(ErrorCode.NOT_FOUND, "There is no such order.", path=("id",))


def _not_open(found: ShopOrder) -> Refused:
    shipped = found.state is OrderState.SHIPPED
    text = Text("The order was already shipped.") if shipped else Text("The order was already refunded.")
    return refused(ErrorCode.ORDER_NOT_OPEN, text, path=("id",))


async def _note(action: str, found: ShopOrder, before: OrderState) -> None:
    account_id: int = found.account_id
    state = Change(before.value, found.state.value)
    await audit.record(action, actor=OPERATOR, account_id=account_id, order=found.id, item=found.item, state=state)
