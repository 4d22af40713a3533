"""Orders for credits: docs/rules/challenges.md#shop."""

from asyncio import gather
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tortoise.transactions import in_transaction

from catalogue import shop as catalogue
from catalogue.criteria import BadCatalogue
from catalogue.shop import ITEMS, Item
from models.accounts import Account, AccountStatus
from models.audit import AuditEntry
from models.credits import CreditEntry, CreditKind
from models.idempotency import IdempotentCall
from models.shop import OrderState, ShopOrder, ShopStock
from services.credits import shop
from services.credits.credit_ledger import balance_of, change_balance, differences
from services.credits.shop import Ordered
from services.errors import ErrorCode, Problem, Refused
from tests.helpers.factories import make_person

pytestmark = pytest.mark.usefixtures("database", "goods")
_keys = count(1)
PIN, BOOK, OLD = "TEST_PIN", "TEST_BOOK", "TEST_OLD"


@pytest.fixture
def goods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pins at 10 without end, three books at 30, and what is no longer sold."""
    for item in (
        Item(PIN, "Pin", "A pin.", 10),
        Item(BOOK, "Book", "A book.", 30, stock=3),
        Item(OLD, "Old thing", "It was nice.", 5, stock=9, retired=True),
    ):
        monkeypatch.setitem(ITEMS, item.code, item)


async def rich(credits_: int = 100) -> int:
    """An account with so many credits."""
    account_id = (await make_person()).id
    if credits_:
        async with in_transaction():
            await change_balance(account_id, CreditKind.CORRECTION, credits_, reference="given")
    return account_id


async def order(account_id: int, item: str = BOOK, key: str = "") -> Ordered:
    return await shop.order(account_id, item, key or f"key {next(_keys)}")


async def tried(call: Any) -> Any:
    """What comes back, or the problem it was refused for."""
    try:
        return await call
    except Refused as why:
        return why.problems[0]


def codes(answers: Sequence[Any]) -> list[ErrorCode]:
    return [each.code for each in answers if isinstance(each, Problem)]


async def left(item: str = BOOK) -> int | None:
    return (await shop.stock_of([item]))[item]


async def all_adds_up() -> bool:
    return [each async for each in differences()] == []


async def test_an_order_takes_one_of_the_stock_and_the_price() -> None:
    # given
    ada = await rich(100)
    # when
    placed = (await order(ada)).order
    # then
    assert (placed.item, placed.price, placed.state) == (BOOK, 30, OrderState.PLACED)
    assert (await balance_of(ada), await left()) == (70, 2)
    entry = await CreditEntry.get(account_id=ada, kind=CreditKind.ORDER)
    assert (entry.amount, entry.balance_after, entry.reference) == (-30, 70, str(placed.id))


async def test_of_some_items_there_are_always_enough() -> None:
    ada = await rich(100)
    for _ in range(10):
        await order(ada, PIN)
    assert (await left(PIN), await balance_of(ada), await ShopStock.all().count()) == (None, 0, 0)


async def test_what_cannot_be_ordered_changes_nothing(goods: None) -> None:
    # given
    ada, poor, gone = await rich(100), await rich(29), await rich(100)
    await Account.filter(id=gone).update(status=AccountStatus.DEACTIVATED)
    await shop.set_stock(BOOK, 0)
    # when
    answers = [await tried(order(ada, item)) for item in ("NOTHING", OLD, BOOK, "x" * 500, "")]
    await shop.set_stock(BOOK, 3)
    answers += [await tried(order(poor)), await tried(order(gone)), await tried(order(999))]
    # then
    assert codes(answers) == [
        ErrorCode.NOT_FOUND,
        ErrorCode.NOT_FOR_SALE,
        ErrorCode.OUT_OF_STOCK,
        ErrorCode.NOT_FOUND,
        ErrorCode.NOT_FOUND,
        ErrorCode.INSUFFICIENT_CREDITS,
        ErrorCode.ACCOUNT_DEACTIVATED,
        ErrorCode.NOT_FOUND,
    ]
    assert answers[5].facts == {"needed": 30, "available": 29}
    assert await ShopOrder.all().count() == await IdempotentCall.all().count() == 0
    assert (await left(), await balance_of(ada), await balance_of(poor)) == (3, 100, 29)


async def test_the_price_is_that_of_the_moment_of_ordering(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    ada = await rich(100)
    placed = (await order(ada)).order
    monkeypatch.setitem(ITEMS, BOOK, replace(ITEMS[BOOK], price=50))
    # when
    dearer = (await order(ada)).order
    await shop.cancel(ada, placed.id)
    # then
    assert (placed.price, dearer.price, await balance_of(ada)) == (30, 50, 50)


async def test_twenty_at_once_with_credits_for_one() -> None:
    ada = await rich(10)
    answers = await gather(*(tried(order(ada, PIN)) for _ in range(20)))
    assert codes(answers) == [ErrorCode.INSUFFICIENT_CREDITS] * 19
    assert await balance_of(ada) == 0 and await all_adds_up()


async def test_twenty_people_at_once_on_a_stock_of_three() -> None:
    # given
    people = [await rich(50) for _ in range(20)]
    # when
    answers = await gather(*(tried(order(each)) for each in people))
    # then
    assert codes(answers) == [ErrorCode.OUT_OF_STOCK] * 17
    assert (await left(), await ShopOrder.all().count()) == (0, 3)
    assert sorted([await balance_of(each) for each in people]) == [20] * 3 + [50] * 17
    assert await all_adds_up()


async def test_the_same_key_is_the_same_order() -> None:
    ada = await rich(100)
    first, again = await order(ada, BOOK, "k"), await order(ada, BOOK, "k")
    assert (first.order.id, first.repeated, again.repeated) == (again.order.id, False, True)
    assert (await balance_of(ada), await left()) == (70, 2)


async def test_the_same_key_from_many_at_once_is_one_order() -> None:
    ada = await rich(1000)
    answers = await gather(*(order(ada, BOOK, "k") for _ in range(15)))
    assert len({each.order.id for each in answers}) == 1 and sum(not each.repeated for each in answers) == 1
    assert (await balance_of(ada), await left()) == (970, 2)


async def test_the_same_key_for_another_item_is_refused() -> None:
    ada, ben = await rich(100), await rich(100)
    await order(ada, BOOK, "k")
    assert codes([await tried(order(ada, PIN, "k"))]) == [ErrorCode.IDEMPOTENCY_MISMATCH]
    assert not (await order(ben, PIN, "k")).repeated  # keys are each account's own
    assert (await balance_of(ada), await ShopOrder.filter(account_id=ada).count()) == (70, 1)


async def test_after_a_refund_the_same_key_answers_the_old_order() -> None:
    ada = await rich(100)
    placed = (await order(ada, BOOK, "k")).order
    await shop.cancel(ada, placed.id)
    again = await order(ada, BOOK, "k")
    assert (again.order.id, again.order.state, again.repeated) == (placed.id, OrderState.REFUNDED, True)
    assert (await balance_of(ada), await left()) == (100, 3)


async def test_the_same_key_answers_also_when_the_item_is_no_longer_sold(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await rich(100)
    placed = (await order(ada, BOOK, "k")).order
    monkeypatch.delitem(ITEMS, BOOK)
    assert (await order(ada, BOOK, "k")).order.id == placed.id


async def test_cancelling_gives_everything_back_once() -> None:
    # given
    ada = await rich(100)
    placed = (await order(ada)).order
    # when
    cancelled = await shop.cancel(ada, placed.id)
    again = await tried(shop.cancel(ada, placed.id))
    # then
    assert cancelled.state is OrderState.REFUNDED and cancelled.changed_at is not None
    assert codes([again]) == [ErrorCode.ORDER_NOT_OPEN]
    assert (await balance_of(ada), await left()) == (100, 3) and await all_adds_up()


async def test_cancels_and_refunds_at_once_give_back_once() -> None:
    # given
    ada = await rich(100)
    placed = (await order(ada)).order
    # when
    answers = await gather(
        *(tried(shop.cancel(ada, placed.id)) for _ in range(5)), *(tried(shop.refund(placed.id)) for _ in range(5))
    )
    # then
    assert codes(answers) == [ErrorCode.ORDER_NOT_OPEN] * 9
    assert (await balance_of(ada), await left()) == (100, 3)
    assert await CreditEntry.filter(kind=CreditKind.REFUND).count() == 1 and await all_adds_up()


async def test_a_cancel_and_the_shipping_at_once_are_not_both_done() -> None:
    for _ in range(3):
        ada = await rich(30)
        placed = (await order(ada, PIN)).order
        answers = await gather(tried(shop.cancel(ada, placed.id)), tried(shop.ship(placed.id)))
        assert codes(answers) == [ErrorCode.ORDER_NOT_OPEN]
        state = (await ShopOrder.get(id=placed.id)).state
        assert await balance_of(ada) == (30 if state is OrderState.REFUNDED else 20)


async def test_what_was_shipped_is_refunded_by_an_operator_alone() -> None:
    # given
    ada = await rich(100)
    placed = (await order(ada)).order
    await shop.ship(placed.id)
    # when, then
    assert (
        codes([await tried(shop.ship(placed.id)), await tried(shop.cancel(ada, placed.id))])
        == [ErrorCode.ORDER_NOT_OPEN] * 2
    )
    assert (await balance_of(ada), await left()) == (70, 2)
    assert (await shop.refund(placed.id)).state is OrderState.REFUNDED
    assert (
        codes([await tried(shop.refund(placed.id)), await tried(shop.ship(placed.id))])
        == [ErrorCode.ORDER_NOT_OPEN] * 2
    )
    assert (await balance_of(ada), await left()) == (100, 3)


async def test_somebody_elses_order_is_as_if_it_never_was() -> None:
    ada, eve = await rich(100), await rich(100)
    placed = (await order(ada)).order
    answers = [await tried(shop.cancel(eve, each)) for each in (placed.id, 999)]
    assert codes(answers) == [ErrorCode.NOT_FOUND] * 2 and answers[0] == answers[1]
    assert (await ShopOrder.get(id=placed.id)).state is OrderState.PLACED


async def test_an_order_of_what_left_the_catalogue_is_refunded_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await rich(100)
    placed = (await order(ada)).order
    monkeypatch.delitem(ITEMS, BOOK)
    await shop.refund(placed.id)
    assert await balance_of(ada) == 100 and await all_adds_up()


async def test_open_orders_are_given_back_before_an_account_goes() -> None:
    # given
    ada, ben = await rich(100), await rich(100)
    shipped, placed = (await order(ada)).order, (await order(ada)).order
    await order(ben)
    await shop.ship(shipped.id)
    # when
    async with in_transaction():
        given_back = await shop.refund_open_orders(ada)
        await Account.filter(id=ada).delete()
    # then
    assert given_back == 1 and await left() == 1 and not await ShopOrder.exists(id=placed.id)
    assert await balance_of(ben) == 70 and await all_adds_up()


async def test_operators_say_what_is_left_and_everything_they_do_is_written_down() -> None:
    # given
    ada = await rich(100)
    # when
    before = await shop.set_stock(BOOK, 1)
    placed = (await order(ada)).order
    await shop.ship(placed.id)
    await shop.refund(placed.id)
    # then
    assert (before, await left()) == (3, 1)
    lines = await AuditEntry.filter(action__startswith="shop.").order_by("id")
    assert [(each.action, each.account_id) for each in lines] == [
        ("shop.stocked", None),
        ("shop.shipped", ada),
        ("shop.refunded", ada),
    ]
    assert lines[0].facts == {"item": BOOK, "stock": {"old": 3, "new": 1}}
    assert lines[2].facts["state"] == {"old": "SHIPPED", "new": "REFUNDED"}


@pytest.mark.parametrize(("item", "stock"), [(BOOK, -1), (BOOK, catalogue.MAX_PRICE + 1), (PIN, 5)])
async def test_stock_that_cannot_be(item: str, stock: int) -> None:
    assert codes([await tried(shop.set_stock(item, stock))]) == [ErrorCode.BAD_INPUT]
    assert await ShopStock.all().count() == 0


async def test_operators_see_the_newest_orders_of_a_state() -> None:
    ada = await rich(100)
    first, second = (await order(ada, PIN)).order, (await order(ada, PIN)).order
    await shop.ship(first.id)
    assert [each["id"] for each in await shop.orders()] == [second.id, first.id]
    [shipped] = await shop.orders(OrderState.SHIPPED)
    assert (shipped["id"], shipped["email"]) == (first.id, (await Account.get(id=ada)).email)


@pytest.mark.postgres_only
async def test_a_storm_of_orders_cancels_and_shipping_ends_without_a_deadlock_and_adds_up() -> None:
    # given
    people = [await rich(200) for _ in range(6)]

    async def shopper(number: int) -> list[Any]:
        ada, answers = people[number], []
        for step in range(6):
            placed = await tried(order(ada, (BOOK, PIN)[step % 2]))
            if isinstance(placed, Ordered):
                follow: list[Callable[[], Any]] = [
                    lambda: shop.cancel(ada, placed.order.id),  # noqa: B023 - called in this turn
                    lambda: shop.refund(placed.order.id),  # noqa: B023
                    lambda: shop.ship(placed.order.id),  # noqa: B023
                ]
                answers += await gather(*(tried(each()) for each in follow[: (number + step) % 4]))
        return answers

    # when
    await gather(*(shopper(number) for number in range(6)))
    # then
    open_books = await ShopOrder.filter(item=BOOK).exclude(state=OrderState.REFUNDED).count()
    assert await left() == 3 - open_books and await all_adds_up()
    for each in people:
        spent = [row.price for row in await ShopOrder.filter(account_id=each).exclude(state=OrderState.REFUNDED)]
        assert await balance_of(each) == 200 - sum(spent)


STEPS = st.tuples(st.sampled_from(["order", "cancel", "refund", "ship", "stock"]), st.integers(0, 7))


@pytest.mark.sqlite_only
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=14))
async def test_whatever_is_done_credits_and_stock_add_up(steps: list[tuple[str, int]]) -> None:
    # given
    await ShopOrder.all().delete()
    await ShopStock.all().delete()
    ada, stock, placed = await rich(120), 3, list[int]()
    # when
    for what, number in steps:
        if what == "order":
            made = await tried(order(ada, (BOOK, PIN)[number % 2]))
            placed += [made.order.id] if isinstance(made, Ordered) else []
        elif what == "stock":
            stock += number - (await left() or 0)
            await shop.set_stock(BOOK, number)
        elif placed:
            one = placed[number % len(placed)]
            await tried(shop.cancel(ada, one) if what == "cancel" else getattr(shop, what)(one))
    # then
    held = await ShopOrder.filter(account_id=ada).exclude(state=OrderState.REFUNDED)
    assert await left() == stock - sum(each.item == BOOK for each in held)
    assert await balance_of(ada) == 120 - sum(each.price for each in held) and await all_adds_up()


def test_the_catalogue_has_things_to_order() -> None:
    sold = [each for each in ITEMS.values() if not each.retired]
    assert len(sold) >= 8 and any(each.retired for each in ITEMS.values())
    assert {each.stock is None for each in sold} == {True, False}


@pytest.mark.parametrize(
    "text",
    [
        'lower = { name = "N", description = "D", price = 1 }',
        'A = { name = "", description = "D", price = 1 }',
        'A = { name = "N", price = 1 }',
        'A = { name = "N", description = "D", price = 0 }',
        'A = { name = "N", description = "D", price = 1.5 }',
        'A = { name = "N", description = "D", price = true }',
        'A = { name = "N", description = "D", price = 1, stock = -1 }',
        'A = { name = "N", description = "D", price = 1, retired = 1 }',
        'A = { name = "N", description = "D", price = 1, colour = "red" }',
        "A = 1",
    ],
)
def test_a_catalogue_that_makes_no_sense_is_not_read(text: str) -> None:
    with pytest.raises(BadCatalogue):
        catalogue.read(text)
