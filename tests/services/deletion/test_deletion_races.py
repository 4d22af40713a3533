"""Deletions at once, and at once with what others write: one after the other, and nothing in between."""

import random
from asyncio import gather, sleep
from collections import Counter
from collections.abc import Awaitable

import pytest
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from models.accounts import Account
from models.connections import Connection
from models.credits import CreditKind
from models.database import Database
from models.points import PointEntry
from models.profiles import Profile
from models.shop import ShopOrder
from services.connections import connections
from services.core import clock
from services.core.audit import OPERATOR
from services.core.idempotency import run_once
from services.credits import credit_ledger, shop
from services.deletion import engine
from services.errors import Refused
from services.invites import invites
from services.merging import engine as merging
from services.merging.plan import Pair
from services.points import ledger_consistency
from services.points.ledger import record
from services.progress.scores import lock_score_rows
from tests.helpers.factories import event, give, make_person

pytestmark = pytest.mark.postgres_only


async def outcome(work: Awaitable[object]) -> str:
    """How it ended. Only refusals are expected, and rows that cannot be written because their person is gone."""
    try:
        await work
    except Refused as why:
        return why.problems[0].code.value
    except IntegrityError:
        return "GONE"
    return "done"


async def delete(account: Account) -> object:
    return await engine.delete_account(account.id, actor=OPERATOR)


async def attach(profile_id: int, email: str) -> None:
    """Add an account to a profile, as a verified new account does."""
    async with in_transaction():
        now = clock.now()
        await Account.create(
            kind="PERSON", email=email, email_key=email, name="A", profile_id=profile_id, created_at=now
        )


async def assert_nobody_is_lost() -> None:
    owners = set(await Account.all().values_list("profile_id", flat=True))
    assert {each.id for each in await Profile.all()} == owners


async def test_twenty_deletions_of_two_accounts_of_one_profile(database: Database) -> None:
    ada, second = await make_person(), await make_person()
    await Account.filter(id=second.id).update(profile_id=ada.profile_id)
    await Profile.filter(id=second.profile_id).delete()
    found = Counter(await gather(*(outcome(delete(each)) for each in (ada, second) * 10)))
    assert found == {"done": 2, "NOT_FOUND": 18}
    assert (await Account.all().count(), await Profile.all().count()) == (0, 0)


async def test_the_last_account_and_a_new_one(database: Database) -> None:
    seen = set()
    for n in range(12):
        ada = await make_person()
        profile_id = ada.own_profile_id

        async def later(n: int = n, profile_id: int = profile_id) -> None:
            await sleep(random.random() / 30)
            await attach(profile_id, f"new{n}@people.example")

        seen.add(tuple(await gather(outcome(delete(ada)), outcome(later()))))
        await assert_nobody_is_lost()
    assert seen <= {("done", "done"), ("done", "GONE")}


async def test_the_last_account_and_a_merge(database: Database) -> None:
    for n in range(10):
        ada, ben = await make_person(), await make_person()
        pair = Pair(ada.own_profile_id, ben.own_profile_id)

        async def merge(pair: Pair = pair) -> None:
            async with in_transaction():
                if await merging.lock(pair):
                    await merging.merge(pair)

        leaving = ada if n % 2 else ben
        found = await gather(outcome(merge()), outcome(delete(leaving)), outcome(merge()))
        assert set(found) == {"done"}
        await assert_nobody_is_lost()
        await outcome(delete(ada))
        await outcome(delete(ben))
        assert await Profile.all().count() == 0


async def test_what_the_person_does_meanwhile_is_whole_or_not_done(database: Database, unlimited: None) -> None:
    for n in range(6):
        ada, ben = await make_person(), await make_person()
        async with in_transaction():
            await credit_ledger.change_balance(ada.id, CreditKind.CORRECTION, 10_000, reference="x")
        placed = (await shop.order(ada.id, "MUG", f"first{n}")).order

        async def claim(account: Account = ada) -> None:
            """Lock as a claim of credits does: the score row, then a row with the account."""
            async with in_transaction():
                await lock_score_rows([account.own_profile_id])
                await sleep(0.01)
                await credit_ledger.change_balance(account.id, CreditKind.CLAIM, 1, reference="y")

        async def keyed(account: Account = ada) -> None:
            """Lock as a call with an idempotency key does: a row with the account, then the score row."""

            async def work() -> dict[str, int]:
                await sleep(0.01)
                await lock_score_rows([account.own_profile_id])
                return {}

            await run_once(account.id, "k", "sendInvites", {}, work)

        sender = invites.Sender(ben.id, ben.own_profile_id)
        found = await gather(
            outcome(claim()),
            outcome(keyed()),
            outcome(delete(ada)),
            outcome(shop.cancel(ada.id, placed.id)),
            outcome(shop.order(ada.id, "MUG", "second")),
            outcome(invites.send(sender, [ada.email])),
            outcome(connections.send(ben.own_profile_id, ada.own_profile_id, account_id=ben.id)),
            outcome(connections.send(ada.own_profile_id, ben.own_profile_id, account_id=ada.id)),
        )
        assert found[2] == "done"
        assert not await Account.exists(id=ada.id)
        assert (await ShopOrder.all().count(), await Connection.all().count()) == (0, 0)
        await outcome(delete(ben))
    assert await Profile.all().count() == 0


async def test_people_who_know_each_other_all_leave_at_once(database: Database) -> None:
    people = [await make_person() for _ in range(6)]
    numbers = [each.own_profile_id for each in people]
    for one in numbers:
        for other in numbers:
            if one != other:
                await give(one, "UPVOTE_RECEIVED", counterpart_id=other)
    for one, account in zip(numbers, people, strict=True):
        for other in numbers:
            if one != other:
                await connections.send(one, other, account_id=account.id)
    assert await Connection.all().count() == 30
    stays = people.pop()
    events = [event(stays.own_profile_id, counterpart_id=each.own_profile_id) for each in people]
    found = await gather(*(outcome(delete(each)) for each in people), *(outcome(record(each)) for each in events))
    assert found[:5] == ["done"] * 5
    assert {each.id for each in await Profile.all()} == {stays.own_profile_id}
    assert await PointEntry.filter(counterpart_id__not_isnull=True).count() == 0
    assert [each async for each in ledger_consistency.differences()] == []
