"""Connections, requests, blocks and dismissed suggestions of merged people, and what third people notice: nothing."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from models.connections import Block, Connection, ConnectionRequest, DismissedSuggestion
from models.profiles import Profile
from services.connections import blocks, connections, suggestions
from services.connections.connections import SendOutcome
from services.core import clock
from services.merging import connections as connection_step
from services.merging.plan import Pair
from services.progress import counters
from tests.helpers.connections import (
    ask,
    asked,
    connected,
    counted,
    knows,
    member,
    outcome,
    reported_changes,
    request_of,
    requests_reported_to,
)
from tests.helpers.merging import Two, make_two, merge, of_table, plan_of
from tests.helpers.transactions import committed

pytestmark = pytest.mark.usefixtures("start", "unlimited")


def later(days: int) -> Any:
    """A frozen clock, some days after now."""
    return clock.frozen(clock.now() + timedelta(days=days))


async def visible_to(who: Any) -> list[int]:
    """Senders of the requests that a person sees."""
    rows: Any = ConnectionRequest.filter(receiver_id=who.profile_id, ignored_at=None, withdrawn_at=None)
    return sorted(await rows.values_list("sender_id", flat=True))


async def pending_of(who: Any) -> list[int]:
    """Receivers of the requests that their sender sees as pending."""
    rows: Any = ConnectionRequest.filter(sender_id=who.profile_id, withdrawn_at=None)
    return sorted(await rows.values_list("receiver_id", flat=True))


async def merged(two: Two) -> Any:
    """Merge, compare with the plan, and check what always holds; returns the survivor's account."""
    plan = await plan_of(two.pair)
    rows_before = await rows_of(*two.pair)
    told = (await reported_changes()).total()
    await merge(two.pair)
    survivor = two.pair.survivor
    rows_after = await rows_of(survivor)
    for table in rows_after:
        counts = of_table(plan, table)
        assert counts.kept + counts.moved + counts.added == rows_after[table], (table, counts)
        assert counts.kept + counts.moved + counts.combined + counts.lost == rows_before[table], (table, counts)
    assert (await reported_changes()).total() == told  # no one is notified
    pairs: Any = Connection.all().values_list("profile_id", "other_id", "connected_at")
    rows = set(await pairs)
    assert {(other, one, at) for one, other, at in rows} == rows
    known = {(one, other) for one, other, _ in rows}
    blocked: Any = Block.all().values_list("blocker_id", "blocked_id")
    assert known.isdisjoint({each for one, other in await blocked for each in ((one, other), (other, one))})
    requests: Any = ConnectionRequest.all().values_list("sender_id", "receiver_id")
    assert known.isdisjoint(set(await requests))
    others: Any = Profile.exclude(id=survivor).values_list("id", flat=True)
    assert await committed(counters.mismatches(await counters.read_ledger(set(await others)))) == {}
    return two.survivor


async def rows_of(*profile_ids: int) -> dict[str, int]:
    """Number of connections and rows of the other tables that these profiles know of."""
    known = ConnectionRequest.filter(withdrawn_at=None)
    sent = known.filter(sender_id__in=profile_ids)
    received = known.filter(receiver_id__in=profile_ids, ignored_at=None).exclude(sender_id__in=profile_ids)
    connections_ = Connection.filter(profile_id__in=profile_ids)
    both: Any = connections_.filter(other_id__in=profile_ids)
    return {
        "connection": await connections_.count() - await both.count() // 2,
        "connection_request": await sent.count() + await received.count(),
        "block": await Block.filter(blocker_id__in=profile_ids).count(),
        "dismissed_suggestion": await DismissedSuggestion.filter(profile_id__in=profile_ids).count(),
    }


async def test_two_connections_with_one_person_become_one_of_the_earlier_date() -> None:
    two, other, only = await make_two(), await member("Cleo"), await member("Dina")
    first = clock.now()
    await connected(two.source, other)
    with later(1):
        await connected(other, two.survivor)
        await connected(two.source, only)
        me = await merged(two)
        assert await knows(me, other) and await knows(me, only)
    assert (await Connection.get(profile_id=other.profile_id)).connected_at == first
    assert (await counted(other), await counted(only)) == (1, 1)


async def test_what_was_between_the_two_disappears() -> None:
    two = await make_two()
    await connected(two.source, two.survivor)
    await suggestions.dismiss(two.pair.source, two.pair.survivor)
    await blocks.block(two.pair.survivor, two.pair.source)
    await ask(two.source, two.survivor)
    await merged(two)
    assert await rows_of(two.pair.survivor) == dict.fromkeys(
        ("connection", "connection_request", "block", "dismissed_suggestion"), 0
    )


async def test_a_request_of_one_and_one_to_the_other_become_a_connection_unless_one_was_withdrawn() -> None:
    two, other, shy = await make_two(), await member("Cleo"), await member("Dina")
    for who in (other, shy):
        await asked(two.source, who)
        await asked(who, two.survivor)
    await connections.withdraw(shy.profile_id, await request_of(shy, two.survivor))
    me = await merged(two)
    assert (await knows(me, other), await knows(me, shy)) == (True, False)
    assert (await visible_to(other), await visible_to(shy)) == ([], [me.profile_id])
    assert (await counted(other), await counted(shy)) == (1, 0)


async def test_a_request_to_someone_who_is_connected_with_the_other_disappears() -> None:
    two, one, other = await make_two(), await member("Cleo"), await member("Dina")
    await connected(two.source, one)
    await asked(two.survivor, one)
    await connected(two.survivor, other)
    await asked(other, two.source)
    me = await merged(two)
    assert await ConnectionRequest.all().count() == 0
    assert await knows(me, one) and await knows(me, other)


async def test_a_block_stays_and_ends_the_other_s_connection() -> None:
    two = await make_two()
    blocked_by_source, blocked_by_survivor, blocks_source = [await member(name) for name in ("Cleo", "Dina", "Elif")]
    await connected(two.survivor, blocked_by_source)
    await blocks.block(two.pair.source, blocked_by_source.profile_id)
    await connected(two.source, blocked_by_survivor)
    await blocks.block(two.pair.survivor, blocked_by_survivor.profile_id)
    await connected(two.survivor, blocks_source)
    await blocks.block(blocks_source.profile_id, two.pair.source)
    me = await merged(two)
    others = (blocked_by_source, blocked_by_survivor, blocks_source)
    assert [(await knows(me, each), await counted(each)) for each in others] == [(False, 0)] * 3
    assert {(each.blocker_id, each.blocked_id) for each in await Block.all()} == {
        (me.profile_id, blocked_by_source.profile_id),
        (me.profile_id, blocked_by_survivor.profile_id),
        (blocks_source.profile_id, me.profile_id),
    }


async def test_a_block_silences_the_other_s_requests_without_a_trace() -> None:
    two, blocker, blocked = await make_two(), await member("Cleo"), await member("Dina")
    await asked(two.survivor, blocker)
    await blocks.block(blocker.profile_id, two.pair.source)
    await asked(blocked, two.survivor)
    await blocks.block(two.pair.source, blocked.profile_id)
    me = await merged(two)
    assert await visible_to(blocker) == await visible_to(me) == []
    assert await pending_of(me) == [blocker.profile_id]
    assert await pending_of(blocked) == [me.profile_id]
    told = await requests_reported_to(blocker)
    with later(40):
        assert await ask(me, blocker) is SendOutcome.PENDING
    assert await requests_reported_to(blocker) == told


async def _visible(sender: Any, receiver: Any) -> None:
    await asked(sender, receiver)


async def _ignored(sender: Any, receiver: Any) -> None:
    await connections.ignore(receiver.profile_id, await asked(sender, receiver))


async def _withdrawn(sender: Any, receiver: Any) -> None:
    await connections.withdraw(sender.profile_id, await asked(sender, receiver))


async def _ignored_and_withdrawn(sender: Any, receiver: Any) -> None:
    request = await asked(sender, receiver)
    await connections.ignore(receiver.profile_id, request)
    await connections.withdraw(sender.profile_id, request)


async def _undelivered(sender: Any, receiver: Any) -> None:
    await blocks.block(receiver.profile_id, sender.profile_id)
    await asked(sender, receiver)
    await blocks.unblock(receiver.profile_id, sender.profile_id)


CASES = [
    # states of two requests; then: visible to the receiver, pending for the sender, and the receiver told of a repetition
    (_visible, _ignored, True, True, False),
    (_visible, _withdrawn, True, True, False),
    (_visible, _undelivered, True, True, False),
    (_ignored, _withdrawn, False, True, False),
    (_ignored, _undelivered, False, True, False),
    (_ignored_and_withdrawn, _undelivered, False, True, False),
    (_withdrawn, _undelivered, False, True, False),
    (_withdrawn, _ignored_and_withdrawn, False, False, False),
    (_undelivered, _undelivered, False, True, True),
]


@pytest.mark.parametrize("sent", [True, False])
async def test_of_two_requests_in_one_direction_one_stays(sent: bool) -> None:
    two = await make_two()
    expected = []
    for one, another, *after in CASES:
        for states in ((one, another), (another, one)):
            other = await member("Cleo")
            for own, state in zip((two.source, two.survivor), states, strict=True):
                await state(*((own, other) if sent else (other, own)))
            expected.append((other, [each.__name__ for each in states], after))
    me = await merged(two)
    for other, names, (visible, pending, told_again) in expected:
        sender, receiver = (me, other) if sent else (other, me)
        assert (sender.profile_id in await visible_to(receiver)) is visible, names
        assert (receiver.profile_id in await pending_of(sender)) is pending, names
        told = await requests_reported_to(receiver)
        with later(1):
            await ask(sender, receiver)
        assert await requests_reported_to(receiver) - told == int(told_again), names


async def test_the_request_that_is_visible_keeps_its_id() -> None:
    two, other = await make_two(), await member("Cleo")
    request = await asked(two.source, other)
    await _ignored(two.survivor, other)
    await merged(two)
    assert await connections.accept(other.profile_id, request) == two.pair.survivor


async def test_dismissals_of_both_and_by_third_people_stay() -> None:
    two, one, other = await make_two(), await member("Cleo"), await member("Dina")
    for who, whom in ((two.source, one), (two.survivor, one), (two.source, other), (one, two.source)):
        await suggestions.dismiss(who.own_profile_id, whom.own_profile_id)
    me = await merged(two)
    rows = {(each.profile_id, each.other_id) for each in await DismissedSuggestion.all()}
    assert rows == {(me.profile_id, one.profile_id), (me.profile_id, other.profile_id), (one.profile_id, me.profile_id)}


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_the_two_have_done_everything_adds_up(seed: int) -> None:
    chance = random.Random(seed)
    two = await make_two()
    others = [await member(f"Person {number}") for number in range(8)]
    everyone = [two.source, two.survivor, *others]
    for step in range(120):
        with later(step // 10):
            one, other = chance.sample(everyone, 2) if chance.random() < 0.2 else _ordered(chance, two, others)
            act = chance.choice((ask, ask, ask, _accept, _ignore, _withdraw, _block, _unblock, _dismiss))
            await outcome(act(one, other))
    blocked: Any = Block.all().values_list("blocker_id", "blocked_id")
    before = {tuple(two.pair.survivor if each == two.pair.source else each for each in row) for row in await blocked}
    await merged(two)
    assert {tuple(row) for row in await blocked} == {row for row in before if row[0] != row[1]}


def _ordered(chance: random.Random, two: Two, others: list[Any]) -> tuple[Any, Any]:
    pair = [chance.choice((two.source, two.survivor)), chance.choice(others)]
    chance.shuffle(pair)
    return pair[0], pair[1]


async def _request(sender: Any, receiver: Any) -> int:
    found = await ConnectionRequest.get_or_none(sender_id=sender.profile_id, receiver_id=receiver.profile_id)
    return found.id if found else 0


async def _accept(one: Any, other: Any) -> None:
    await connections.accept(one.profile_id, await _request(other, one))


async def _ignore(one: Any, other: Any) -> None:
    await connections.ignore(one.profile_id, await _request(other, one))


async def _withdraw(one: Any, other: Any) -> None:
    await connections.withdraw(one.profile_id, await _request(one, other))


async def _block(one: Any, other: Any) -> None:
    await blocks.block(one.profile_id, other.profile_id)


async def _unblock(one: Any, other: Any) -> None:
    await blocks.unblock(one.profile_id, other.profile_id)


async def _dismiss(one: Any, other: Any) -> None:
    await suggestions.dismiss(one.profile_id, other.profile_id)


@pytest.mark.postgres_only
async def test_people_who_connect_with_both_meanwhile_neither_deadlock_nor_miscount() -> None:
    others = [await member(f"Before {number}") for number in range(6)]
    two = await make_two()
    others += [await member(f"After {number}") for number in range(6)]
    for other in others:
        await asked(two.source, other)
        await asked(other, two.survivor)
    calls = [_accept(other, two.source) for other in others] + [_accept(two.survivor, other) for other in others]
    random.Random(5).shuffle(calls)
    await asyncio.gather(
        *(outcome(call) for call in calls[:12]), merge(two.pair), *(outcome(call) for call in calls[12:])
    )
    for other in others:
        assert await knows(two.survivor, other)
        assert await counted(other) == 1
    assert await ConnectionRequest.all().count() == 0


@pytest.mark.postgres_only
async def test_a_request_that_is_answered_during_the_merge_is_answered_or_stays() -> None:
    two, others = await make_two(), [await member(f"Person {number}") for number in range(8)]
    requests = [await asked(two.source, other) for other in others]
    answers = [connections.accept(other.profile_id, request) for other, request in zip(others, requests, strict=True)]
    results = await asyncio.gather(*map(outcome, answers[:4]), merge(two.pair), *map(outcome, answers[4:]))
    for other, result in zip(others, [*results[:4], *results[5:]], strict=True):
        assert await knows(two.survivor, other) is (result == "DONE"), result
        assert bool(await visible_to(other)) is (result != "DONE"), result


async def test_people_who_become_affected_before_the_locks_are_locked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    two, other = await make_two(), await member("Cleo")
    await connected(two.source, other)
    await connected(other, two.survivor)
    read = connection_step.affected
    seen: list[set[int]] = []

    async def late(pair: Pair) -> Any:
        seen.append(set(await read(pair)) if seen else set())
        return seen[-1]

    monkeypatch.setattr(connection_step, "affected", late)
    await merge(two.pair)
    assert seen == [set(), {other.profile_id}, {other.profile_id}, {other.profile_id}]
