"""Connections, rule by rule: docs/rules/connections.md."""

from asyncio import gather
from datetime import timedelta
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from models.accounts import Account, AccountStatus
from models.badges import BadgeAward
from models.connections import Connection, ConnectionRequest
from models.points import ProfileCounter
from services.connections import blocks, connection_rows, connections
from services.connections.connection_rows import ImportedConnection
from services.connections.connections import RENOTIFY_AFTER, SendOutcome
from services.core import clock, rate_limits
from services.errors import ErrorCode
from services.points.ledger_consistency import differences
from services.profiles import profiles
from tests.conftest import CountStatements
from tests.helpers.connections import (
    ask,
    asked,
    connected,
    counted,
    hide,
    knows,
    member,
    outcome,
    refusal,
    reported_changes,
    request_of,
    requests_reported_to,
    settled,
)
from tests.helpers.factories import NOON, make_profile
from tests.helpers.transactions import committed

pytestmark = pytest.mark.usefixtures("database")
NOBODY: Any = type("Nobody", (), {"profile_id": 999_999, "id": 0})


async def test_a_request_waits_until_it_is_accepted() -> None:
    # given
    ada, ben = await member("Ada"), await member("Ben")
    # when
    request = await asked(ada, ben)
    # then
    assert not await knows(ada, ben)
    assert await reported_changes() == {(ben.profile_id, "CONNECTION_REQUEST", ada.profile_id): 1}
    # when
    assert await connections.accept(ben.profile_id, request) == ada.profile_id
    # then the sender is notified, and no one else
    assert await knows(ada, ben)
    assert (await reported_changes())[ada.profile_id, "CONNECTION_ACCEPTED", ben.profile_id] == 1
    assert (await reported_changes()).total() == 2
    assert (await counted(ada), await counted(ben)) == (1, 1)
    assert await ConnectionRequest.all().count() == 0
    await settled()


async def test_badges_follow_and_stay() -> None:
    ada, ben = await member("Ada"), await member("Ben")
    await connected(ada, ben)
    awards: Any = BadgeAward.filter(badge="SMALL_WORLD", superseded=False).order_by("profile_id")
    given = [(ada.profile_id, 1), (ben.profile_id, 1)]
    assert list(await awards.values_list("profile_id", "level")) == given
    await connections.remove(ada.profile_id, ben.profile_id)
    assert (await counted(ada), await counted(ben)) == (0, 0)
    assert list(await awards.values_list("profile_id", "level")) == given
    await settled()


async def test_who_cannot_be_asked_is_refused_with_the_reason() -> None:
    ada, hidden = await member("Ada"), await member("Hid", public=False)
    gone = await member("Gone")
    await Account.filter(id=gone.id).update(status=AccountStatus.DEACTIVATED)
    await committed(profiles.refresh_visibility([gone.profile_id]))
    unclaimed: Any = type("Unclaimed", (), {"profile_id": await make_profile("Una")})
    second: Any = type("Second", (), {"profile_id": ada.profile_id, "id": 77})
    for receiver, code in (
        (ada, ErrorCode.NOT_YOURSELF),
        (second, ErrorCode.NOT_YOURSELF),
        (hidden, ErrorCode.NOT_FOUND),
        (gone, ErrorCode.NOT_FOUND),
        (NOBODY, ErrorCode.NOT_FOUND),
        (unclaimed, ErrorCode.UNCLAIMED),
    ):
        assert await refusal(ask(ada, receiver)) is code
    assert await refusal(ask(hidden, ada)) is ErrorCode.NOT_PUBLIC
    assert await ConnectionRequest.all().count() == 0 and not await reported_changes()


async def test_asking_is_limited_by_account() -> None:
    ada, ben = await member("Ada"), await member("Ben")
    await rate_limits.spend("connection-request", by=[f"account:{ada.id}"], cost=100)
    assert await refusal(ask(ada, ben)) is ErrorCode.RATE_LIMITED


async def test_asking_whoever_asked_accepts_and_both_are_told_once() -> None:
    ada, ben = await member("Ada"), await member("Ben")
    await asked(ada, ben)
    assert await ask(ben, ada) is SendOutcome.CONNECTED
    assert await knows(ada, ben)
    accepted = {each: n for each, n in (await reported_changes()).items() if each[1] == "CONNECTION_ACCEPTED"}
    assert accepted == {
        (ada.profile_id, "CONNECTION_ACCEPTED", ben.profile_id): 1,
        (ben.profile_id, "CONNECTION_ACCEPTED", ada.profile_id): 1,
    }
    assert await ask(ada, ben) is SendOutcome.CONNECTED  # again changes nothing
    assert (await counted(ada), await counted(ben)) == (1, 1)
    await settled()


async def test_asking_again_changes_nothing() -> None:
    ada, ben = await member("Ada"), await member("Ben")
    request = await asked(ada, ben)
    with clock.frozen(clock.now() + 2 * RENOTIFY_AFTER):
        assert await asked(ada, ben) == request
    assert await requests_reported_to(ben) == 1


async def test_ignoring_is_silent_and_its_sender_may_ask_anew_after_a_while() -> None:
    # given
    ada, ben = await member("Ada"), await member("Ben")
    with clock.frozen(NOON):
        request = await asked(ada, ben)
        assert await connections.ignore(ben.profile_id, request) == ada.profile_id
    assert await requests_reported_to(ben) == 1
    # when asked again within the quiet time: it goes on looking pending to Ada, and Ben hears nothing
    for later in (timedelta(0), RENOTIFY_AFTER - timedelta(seconds=1)):
        with clock.frozen(NOON + later):
            assert await asked(ada, ben) == request
    # then
    assert await requests_reported_to(ben) == 1
    assert (await ConnectionRequest.get(id=request)).ignored_at is not None
    # when the quiet time is over
    with clock.frozen(NOON + RENOTIFY_AFTER):
        assert await asked(ada, ben) == request
    # then
    assert await requests_reported_to(ben) == 2
    assert (await ConnectionRequest.get(id=request)).ignored_at is None


async def test_an_ignored_request_is_not_there_for_its_receiver_who_may_still_ask() -> None:
    ada, ben = await member("Ada"), await member("Ben")
    request = await asked(ada, ben)
    await connections.ignore(ben.profile_id, request)
    assert await refusal(connections.accept(ben.profile_id, request)) is ErrorCode.NOT_FOUND
    assert await refusal(connections.ignore(ben.profile_id, request)) is ErrorCode.NOT_FOUND
    assert await ask(ben, ada) is SendOutcome.CONNECTED


async def test_no_way_of_taking_back_makes_the_receiver_hear_it_twice() -> None:
    # given
    ada, ben = await member("Ada"), await member("Ben")
    with clock.frozen(NOON):
        await asked(ada, ben)
        # when Ada withdraws and asks, and blocks, unblocks and asks, again and again
        for _ in range(3):
            await connections.withdraw(ada.profile_id, await request_of(ada, ben))
            await asked(ada, ben)
            await blocks.block(ada.profile_id, ben.profile_id)
            await blocks.unblock(ada.profile_id, ben.profile_id)
            await asked(ada, ben)
            await connections.delete_withdrawn(clock.now())
    # then
    assert await requests_reported_to(ben) == 1
    assert await ConnectionRequest.filter(ignored_at=None, withdrawn_at=None).count() == 1


async def test_withdrawn_requests_are_forgotten_once_nobody_would_be_told_twice() -> None:
    # given
    ada, ben, cem = await member("Ada"), await member("Ben"), await member("Cem")
    with clock.frozen(NOON):
        await connections.withdraw(ada.profile_id, await asked(ada, ben))
        standing = await asked(cem, ben)
    # when, then
    assert await connections.delete_withdrawn(NOON + RENOTIFY_AFTER - timedelta(seconds=1)) == 0
    assert await connections.delete_withdrawn(NOON + RENOTIFY_AFTER) == 1
    assert [each.id for each in await ConnectionRequest.all()] == [standing]


async def test_only_its_receiver_accepts_and_only_what_waits() -> None:
    # given
    ada, ben, cem = await member("Ada"), await member("Ben"), await member("Cem")
    request = await asked(ada, ben)
    # when, then: a foreign one, one's own, one that never was
    for who, number in ((cem, request), (ada, request), (ben, 999_999)):
        for call in (connections.accept, connections.ignore):
            assert await refusal(call(who.profile_id, number)) is ErrorCode.NOT_FOUND
    for who in (ben, cem):
        assert await refusal(connections.withdraw(who.profile_id, request)) is ErrorCode.NOT_FOUND
    calls: Any = ((connections.accept, ben), (connections.ignore, ben), (connections.withdraw, ada))
    # withdrawn
    await connections.withdraw(ada.profile_id, request)
    for call, who in calls:
        assert await refusal(call(who.profile_id, request)) is ErrorCode.NOT_FOUND
    # accepted
    request = await asked(ada, ben)
    await connections.accept(ben.profile_id, request)
    for call, who in calls:
        assert await refusal(call(who.profile_id, request)) is ErrorCode.NOT_FOUND
    await settled()


async def test_a_request_of_somebody_who_hides_is_away_until_they_are_back() -> None:
    ada, ben = await member("Ada"), await member("Ben")
    request = await asked(ada, ben)
    await hide(ada)
    assert await refusal(connections.accept(ben.profile_id, request)) is ErrorCode.NOT_FOUND
    assert await refusal(ask(ben, ada)) is ErrorCode.NOT_FOUND
    await hide(ada, public=True)
    assert await connections.accept(ben.profile_id, request) == ada.profile_id
    assert await requests_reported_to(ben) == 1


async def test_hiding_keeps_connections() -> None:
    ada, ben = await member("Ada"), await member("Ben")
    await connected(ada, ben)
    await hide(ada)
    assert await knows(ada, ben) and (await counted(ada), await counted(ben)) == (1, 1)


async def test_removing_is_for_either_and_once() -> None:
    ada, ben = await member("Ada"), await member("Ben")
    await connected(ada, ben)
    before = await reported_changes()
    await connections.remove(ben.profile_id, ada.profile_id)
    assert not await knows(ada, ben) and await reported_changes() == before
    for one, other in ((ada, ben), (ben, ada), (ada, NOBODY)):
        assert await refusal(connections.remove(one.profile_id, other.profile_id)) is ErrorCode.NOT_FOUND
    assert await ask(ada, ben) is SendOutcome.PENDING  # nothing stands in the way of trying anew
    await settled()


async def test_many_are_connected_in_few_statements_and_none_twice(count_statements: CountStatements) -> None:
    # given
    people = [await make_profile() for _ in range(20)]
    pairs = [ImportedConnection(one, other, NOON) for place, one in enumerate(people) for other in people[:place]]
    await blocks.block(people[0], people[1])
    seen = []
    for some in (pairs[:20], pairs):
        with count_statements() as statements:
            async with in_transaction():
                taken = await connection_rows.import_connections(some)
        seen.append(statements.total)
    # then
    assert seen[0] == seen[1] <= 5
    assert (taken.new, len(taken.known), len(taken.blocked)) == (190 - 20, 19, 1)
    assert await Connection.all().count() == 2 * 189
    assert sum(await ProfileCounter.all().values_list("times", flat=True)) == 2 * 189  # type: ignore[arg-type]
    assert await BadgeAward.all().count() == 0
    await settled()


async def test_counters_that_are_not_the_rows_are_found_and_repaired() -> None:
    ada, ben = await member("Ada"), await member("Ben")
    await connected(ada, ben)
    await ProfileCounter.filter(profile_id=ada.profile_id).update(times=5)
    await ProfileCounter.filter(profile_id=ben.profile_id).delete()
    found = [(each.column, each.stored, each.ledger) async for each in differences(repair=True)]
    assert found == [("CONNECTIONS times", 5, 1), ("CONNECTIONS times", 0, 1)]
    await settled()


# Races: every round, whatever wins leaves one of two whole stories


@pytest.mark.postgres_only
@pytest.mark.usefixtures("unlimited")
async def test_cross_requests_in_the_same_instant_connect_once() -> None:
    for _ in range(20):
        ada, ben = await member("Ada"), await member("Ben")
        answers = await gather(ask(ada, ben), ask(ben, ada))
        assert sorted(each.value for each in answers) == ["CONNECTED", "PENDING"]
        assert await knows(ada, ben)
        news = await reported_changes()
        for one, other in ((ada, ben), (ben, ada)):
            assert news[one.profile_id, "CONNECTION_ACCEPTED", other.profile_id] == 1
    await settled()


@pytest.mark.postgres_only
@pytest.mark.usefixtures("unlimited")
async def test_the_same_request_many_times_at_once_is_one() -> None:
    ada, ben = await member("Ada"), await member("Ben")
    answers = await gather(*(ask(ada, ben) for _ in range(10)))
    assert set(answers) == {SendOutcome.PENDING}
    assert await ConnectionRequest.all().count() == 1 and await requests_reported_to(ben) == 1


@pytest.mark.postgres_only
@pytest.mark.usefixtures("unlimited")
async def test_accepting_against_withdrawing_is_one_or_the_other() -> None:
    for _ in range(20):
        ada, ben = await member("Ada"), await member("Ben")
        request = await asked(ada, ben)
        accepted, withdrawn = await gather(
            outcome(connections.accept(ben.profile_id, request)), outcome(connections.withdraw(ada.profile_id, request))
        )
        assert sorted((accepted, withdrawn)) == ["DONE", "NOT_FOUND"]
        assert await knows(ada, ben) is (accepted == "DONE")
    await settled()


@pytest.mark.postgres_only
@pytest.mark.usefixtures("unlimited")
async def test_two_acceptances_at_once_are_one() -> None:
    for _ in range(20):
        ada, ben = await member("Ada"), await member("Ben")
        request = await asked(ada, ben)
        answers = await gather(*(outcome(connections.accept(ben.profile_id, request)) for _ in range(2)))
        assert sorted(answers) == ["DONE", "NOT_FOUND"]
        assert (await reported_changes())[ada.profile_id, "CONNECTION_ACCEPTED", ben.profile_id] == 1
        assert await counted(ada) == await counted(ben) == 1
    await settled()


@pytest.mark.postgres_only
@pytest.mark.usefixtures("unlimited")
async def test_after_accepting_against_blocking_nobody_is_connected() -> None:
    for turn in range(20):
        ada, ben = await member("Ada"), await member("Ben")
        request = await asked(ada, ben)
        blocker, other = (ada, ben) if turn % 2 else (ben, ada)
        accepted, blocked = await gather(
            outcome(connections.accept(ben.profile_id, request)),
            outcome(blocks.block(blocker.profile_id, other.profile_id)),
        )
        assert accepted in {"DONE", "NOT_FOUND"} and blocked == "DONE"
        assert not await knows(ada, ben)
    await settled()


@pytest.mark.postgres_only
@pytest.mark.usefixtures("unlimited")
async def test_blocking_against_asking_leaves_nothing_that_the_blocker_sees() -> None:
    for _ in range(20):
        ada, ben = await member("Ada"), await member("Ben")
        answers = await gather(outcome(ask(ada, ben)), outcome(blocks.block(ben.profile_id, ada.profile_id)))
        assert tuple(answers) == ("PENDING", "DONE")
        left = await ConnectionRequest.get(sender_id=ada.profile_id, receiver_id=ben.profile_id)
        assert left.ignored_at is not None and left.withdrawn_at is None
    await settled()


@pytest.mark.postgres_only
@pytest.mark.usefixtures("unlimited")
async def test_a_storm_of_everything_ends_whole() -> None:
    people = [await member(f"P{n}") for n in range(6)]
    for shift in range(3):
        calls: list[Any] = []
        for place, one in enumerate(people):
            for other in people[:place]:
                a, b = (one, other) if (place + shift) % 2 else (other, one)
                calls += [ask(a, b), ask(b, a), connections.remove(a.profile_id, b.profile_id)]
                if (place + shift) % 3 == 0:
                    calls += [blocks.block(a.profile_id, b.profile_id), blocks.unblock(a.profile_id, b.profile_id)]
        await gather(*(outcome(call) for call in calls))
        await settled()
