"""The same key twice: docs/rules/api.md#idempotency-keys, and what docs/rules/api.md#idempotency-keys says of orders."""

from asyncio import Event, gather, wait_for
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tortoise.backends.base.client import TransactionalDBClient

from models.companies import Company
from models.idempotency import IdempotentCall
from server import MAINTENANCE_JOBS
from services.core import clock, idempotency
from services.core.idempotency import Answer, CallResult, UnsafeAnswer, run_once
from services.errors import ErrorCode, Refused, refused
from tests.helpers.factories import NOON, make_person

pytestmark = pytest.mark.usefixtures("database")
Do = Callable[[], Awaitable[Answer]]


def founding(name: str = "One") -> Do:
    """Something that must be done once: make a company, answer its number."""

    async def found() -> Answer:
        made = await Company.create(name=name, created_at=clock.now())
        return {"company": made.id}

    return found


async def call(account_id: int, key: str | None = "k", *, name: str = "One", operation: str = "found") -> CallResult:
    return await run_once(account_id, key, operation, {"name": name}, founding(name))


async def refusal(account_id: int, key: str | None = "k", **more: str) -> ErrorCode:
    with pytest.raises(Refused) as why:
        await call(account_id, key, **more)
    return why.value.problems[0].code


async def companies() -> int:
    return await Company.all().count()


async def test_the_second_call_gets_the_firsts_answer() -> None:
    ada = (await make_person()).id
    first, second = await call(ada), await call(ada)
    assert (first.repeated, second.repeated) == (False, True)
    assert first.answer == second.answer and await companies() == 1


async def test_without_a_key_it_is_done_each_time() -> None:
    ada = (await make_person()).id
    assert not (await call(ada, None)).repeated and not (await call(ada, None)).repeated
    assert await companies() == 2 and await IdempotentCall.all().count() == 0


async def test_an_empty_answer_is_an_answer_too() -> None:
    # given
    ada, done = (await make_person()).id, []

    async def nothing() -> Answer:
        done.append(1)
        return {}

    # when
    await run_once(ada, "k", "nothing", {}, nothing)
    again = await run_once(ada, "k", "nothing", {}, nothing)
    # then
    assert (len(done), again) == (1, CallResult({}, repeated=True))


async def test_twenty_at_once_do_it_once() -> None:
    ada = (await make_person()).id
    answers = await gather(*(call(ada) for _ in range(20)))
    assert sum(not each.repeated for each in answers) == 1
    assert len({str(each.answer) for each in answers}) == 1 and await companies() == 1


@pytest.mark.parametrize("other", [{"name": "Two"}, {"operation": "other"}])
async def test_a_key_that_was_used_for_something_else_is_refused(other: dict[str, str]) -> None:
    ada = (await make_person()).id
    await call(ada)
    assert await refusal(ada, **other) is ErrorCode.IDEMPOTENCY_MISMATCH
    assert await companies() == 1


async def test_of_different_inputs_at_once_under_one_key_one_is_done() -> None:
    ada = (await make_person()).id
    answers = await gather(*(call(ada, name=f"Company {n}") for n in range(8)), return_exceptions=True)
    refusals = [each for each in answers if isinstance(each, Refused)]
    assert {each.problems[0].code for each in refusals} == {ErrorCode.IDEMPOTENCY_MISMATCH}
    assert len(refusals) == 7 and await companies() == 1


async def test_keys_are_each_accounts_own() -> None:
    ada, ben = (await make_person()).id, (await make_person()).id
    await call(ada)
    assert not (await call(ben, name="Two")).repeated
    assert await companies() == 2


async def test_what_was_refused_may_be_tried_again_under_the_key() -> None:
    # given
    ada = (await make_person()).id

    async def refuse() -> Answer:
        await Company.create(name="gone", created_at=clock.now())
        raise refused(ErrorCode.OUT_OF_STOCK, "None is left.")

    # when
    with pytest.raises(Refused):
        await run_once(ada, "k", "found", {"name": "One"}, refuse)
    # then
    assert await companies() == 0
    assert not (await call(ada)).repeated


@pytest.mark.postgres_only
async def test_a_twin_waits_and_takes_over_when_the_first_is_refused() -> None:
    # given a first call that is under way
    ada, begun, go = (await make_person()).id, Event(), Event()

    async def slow() -> Answer:
        begun.set()
        await go.wait()
        raise refused(ErrorCode.OUT_OF_STOCK, "None is left.")

    async def first() -> None:
        with pytest.raises(Refused):
            await run_once(ada, "k", "found", {"name": "One"}, slow)

    async def second() -> CallResult:
        await begun.wait()
        return await call(ada)

    async def later() -> None:
        await begun.wait()
        go.set()

    # when
    _, answer, _ = await wait_for(gather(first(), second(), later()), 10)
    # then
    assert not answer.repeated and await companies() == 1


async def test_an_answer_is_kept_for_a_day_and_then_forgotten() -> None:
    # given
    ada = (await make_person()).id
    with clock.frozen(NOON):
        await call(ada)
    almost = NOON + timedelta(hours=24) - timedelta(seconds=1)
    # when, then
    with clock.frozen(almost):
        assert await idempotency.forget_old(almost) == 0
        assert (await call(ada)).repeated
    with clock.frozen(NOON + timedelta(hours=24)):
        assert not (await call(ada, name="Two")).repeated  # though nobody has swept
        assert await idempotency.forget_old(clock.now()) == 0  # it was begun anew
    with clock.frozen(NOON + timedelta(hours=48)):
        assert await idempotency.forget_old(clock.now()) == 1
    assert await IdempotentCall.all().count() == 0


async def test_the_servers_hourly_job_forgets_old_keys() -> None:
    # given
    ada = (await make_person()).id
    with clock.frozen(NOON):
        await call(ada, "old")
    await call(ada, "new")
    # when
    [job] = [each for each in MAINTENANCE_JOBS if each.name == "forget_old_idempotency_keys"]
    await job.work()
    # then
    assert [each.key for each in await IdempotentCall.all()] == ["new"]


@pytest.mark.postgres_only
async def test_an_old_key_used_by_many_at_once_is_begun_anew_once() -> None:
    ada = (await make_person()).id
    with clock.frozen(NOON):
        await call(ada)
    answers = await gather(*(call(ada, name="Two") for _ in range(8)))
    assert sum(not each.repeated for each in answers) == 1 and await companies() == 2


@pytest.mark.parametrize("key", ["", "x" * 129, "a\0b", "a\nb", "\ud800"])
async def test_a_key_has_1_to_128_printable_characters(key: str) -> None:
    assert await refusal((await make_person()).id, key) is ErrorCode.BAD_INPUT
    assert await companies() == 0


async def test_the_longest_key_is_taken() -> None:
    ada = (await make_person()).id
    await call(ada, "ü" * 128)
    assert (await call(ada, "ü" * 128)).repeated


async def test_an_account_that_is_gone_is_not_found() -> None:
    assert await refusal(999) is ErrorCode.NOT_FOUND


@pytest.mark.parametrize("kept", ["mxp_secret", "ada@people.example", ["SENT", "ada"]])
async def test_secrets_and_peoples_data_are_not_kept(kept: str | list[str]) -> None:
    # given
    ada = (await make_person()).id

    async def telling() -> Answer:
        return {"told": kept}

    # when
    with pytest.raises(UnsafeAnswer):
        await run_once(ada, "k", "tell", {}, telling)
    # then
    assert await IdempotentCall.all().count() == 0


async def test_words_and_numbers_are_kept() -> None:
    ada = (await make_person()).id

    async def inviting() -> Answer:
        return {"invites": [1, None, 3], "outcomes": ["SENT", "ALREADY_EXISTS", "SENT"]}

    first = await run_once(ada, "k", "sendInvites", {"emails": ["a", "b"]}, inviting)
    assert await run_once(ada, "k", "sendInvites", {"emails": ["a", "b"]}, inviting) == CallResult(
        first.answer, repeated=True
    )


async def test_a_limit_is_spent_before_the_transaction_and_not_for_a_repeated_call() -> None:
    # given
    ada, spent = (await make_person()).id, list[bool]()

    async def spend() -> None:
        spent.append(isinstance(Company._meta.db, TransactionalDBClient))

    async def paid(key: str | None, name: str = "One") -> CallResult:
        return await run_once(ada, key, "found", {"name": name}, founding(name), spend_first=spend)

    # when
    await paid("k")
    again = await paid("k")
    await paid(None)
    # then: each call that did something, outside of its transaction
    assert again.repeated and spent == [False, False]
    # when: the limit is used up

    async def refuse() -> None:
        raise refused(ErrorCode.RATE_LIMITED, "Too often.")

    repeated = await run_once(ada, "k", "found", {"name": "One"}, founding(), spend_first=refuse)
    # then: what succeeded is answered again, what is new is refused
    assert repeated.answer == again.answer
    with pytest.raises(Refused):
        await run_once(ada, "other", "found", {"name": "One"}, founding(), spend_first=refuse)
    assert await companies() == 2
