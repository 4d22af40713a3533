"""Credits: never below 0, and always what the entries come to. docs/rules/challenges.md#credits."""

from asyncio import gather, sleep

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tortoise.transactions import in_transaction

from models.accounts import Account, AccountStatus
from models.audit import AuditEntry
from models.credits import CreditBalance, CreditEntry, CreditKind
from services.credits.credit_ledger import MAX_BALANCE, balance_of, change_balance, correct, differences, totals
from services.errors import ErrorCode, Problem, Refused
from tests.helpers.factories import make_person, make_service

pytestmark = pytest.mark.usefixtures("database")


async def moved(account_id: int, amount: int, reference: str) -> CreditEntry | Problem:
    try:
        async with in_transaction():
            return await change_balance(account_id, CreditKind.CORRECTION, amount, reference=reference)
    except Refused as why:
        return why.problems[0]


async def refusal(email: str, amount: int, reason: str = "A reason") -> ErrorCode:
    with pytest.raises(Refused) as why:
        await correct(email, amount, reason=reason)
    return why.value.problems[0].code


async def wrong() -> list[tuple[int, int | None, int]]:
    return [(each.account_id, each.stored, each.expected) async for each in differences()]


async def test_every_change_is_an_entry_that_says_what_is_left() -> None:
    # given
    ada = (await make_person()).id
    # when
    entries = [await moved(ada, amount, str(amount)) for amount in (100, -30, 5)]
    # then
    assert [each.balance_after for each in entries if isinstance(each, CreditEntry)] == [100, 70, 75]
    assert await balance_of(ada) == 75


async def test_more_than_there_is_is_refused_with_the_figures_and_changes_nothing() -> None:
    # given
    ada = (await make_person()).id
    await moved(ada, 10, "a")
    # when
    problem = await moved(ada, -11, "b")
    # then
    assert isinstance(problem, Problem)
    assert (problem.code, problem.facts) == (ErrorCode.INSUFFICIENT_CREDITS, {"needed": 11, "available": 10})
    assert await balance_of(ada) == 10 and await CreditEntry.all().count() == 1


async def test_nobody_can_spend_what_they_never_had() -> None:
    ada = (await make_person()).id
    problem = await moved(ada, -1, "a")
    assert isinstance(problem, Problem) and problem.facts == {"needed": 1, "available": 0}
    assert await wrong() == []


async def test_twenty_first_changes_at_once_are_all_counted() -> None:
    ada = (await make_person()).id
    await gather(*(moved(ada, 1, str(n)) for n in range(20)))
    assert await balance_of(ada) == 20 and await wrong() == []


async def test_credits_for_one_are_spent_once_by_twenty_at_once() -> None:
    # given
    ada = (await make_person()).id
    await moved(ada, 10, "given")

    async def spent(number: int) -> CreditEntry | Problem:
        async with in_transaction():
            answer = await moved(ada, -10, str(number))
            await sleep(0.02)  # before it is committed the others come
            return answer

    # when
    answers = await gather(*(spent(number) for number in range(20)))
    # then
    assert sum(isinstance(each, CreditEntry) for each in answers) == 1
    assert await balance_of(ada) == 0 and await wrong() == []


async def test_the_sum_of_a_profile_counts_all_its_accounts_and_nobody_elses() -> None:
    # given
    ada, ben = await make_person(), await make_person()
    second = await make_person()
    profile_id: int = ada.own_profile_id
    await Account.filter(id=second.id).update(profile_id=profile_id, status=AccountStatus.DEACTIVATED)
    for account, amount in ((ada, 10), (second, 5), (ben, 100)):
        await moved(account.id, amount, "a")
    # when
    found = await totals([profile_id, ben.own_profile_id, 999])
    # then
    assert found == {profile_id: 15, ben.profile_id: 100, 999: 0}


async def test_an_operators_correction_is_written_down() -> None:
    # given
    ada = await make_person("ada@people.example")
    # when
    await correct(" Ada@people.example", 50, reason=" A prize ")
    entry = await correct("ada@people.example", -20, reason="Too much")
    # then
    assert (entry.kind, entry.amount, entry.balance_after, entry.reason) == (CreditKind.CORRECTION, -20, 30, "Too much")
    lines = await AuditEntry.filter(action="credits.corrected", account_id=ada.id).order_by("id")
    assert [each.facts["amount"] for each in lines] == [50, -20]
    assert lines[1].facts["balance"] == {"old": 50, "new": 30} and lines[0].facts["reason"] == "A prize"


@pytest.mark.parametrize(
    ("amount", "reason"), [(0, "x"), (1, " "), (1, "x" * 501), (1, "a\x1b[2J"), (MAX_BALANCE + 1, "x")]
)
async def test_a_correction_without_amount_or_reason_is_refused(amount: int, reason: str) -> None:
    await make_person("ada@people.example")
    assert await refusal("ada@people.example", amount, reason) is ErrorCode.BAD_INPUT
    assert await CreditEntry.all().count() == await AuditEntry.filter(action="credits.corrected").count() == 0


async def test_who_cannot_be_corrected() -> None:
    await make_person("ada@people.example")
    service = await make_service()
    assert await refusal("ada@people.example", -1) is ErrorCode.INSUFFICIENT_CREDITS
    assert await refusal("nobody@people.example", 1) is ErrorCode.NOT_FOUND
    assert await refusal(service.email, 1) is ErrorCode.BAD_INPUT
    await correct("ada@people.example", MAX_BALANCE, reason="All there is")
    assert await refusal("ada@people.example", 1) is ErrorCode.BAD_INPUT
    assert await wrong() == []


async def test_what_does_not_add_up_is_found_and_balances_are_repaired() -> None:
    # given
    ada, ben, eve, joy = [(await make_person()).id for _ in range(4)]
    for each in (ada, ben, eve, joy):
        await moved(each, 10, "a")
    await CreditBalance.filter(account_id=ada).update(balance=99)
    await CreditBalance.filter(account_id=ben).delete()
    await CreditEntry.filter(account_id=eve).update(balance_after=7)
    # when, then
    assert await wrong() == [(ada, 99, 10), (ben, None, 10), (eve, 7, 10)]
    assert len([each async for each in differences(repair=True)]) == 3
    assert await wrong() == [(eve, 7, 10)]  # entries are never edited
    assert (await balance_of(ada), await balance_of(ben)) == (10, 10)


@pytest.mark.sqlite_only
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-60, 60).filter(bool), max_size=12))
async def test_whatever_comes_the_balance_is_what_was_taken(amounts: list[int]) -> None:
    # given
    ada, expected = (await make_person()).id, 0
    # when
    for number, amount in enumerate(amounts):
        answer = await moved(ada, amount, str(number))
        # then
        if expected + amount < 0:
            assert isinstance(answer, Problem)
        else:
            expected += amount
            assert isinstance(answer, CreditEntry) and answer.balance_after == expected
    assert await balance_of(ada) == expected and await wrong() == []
