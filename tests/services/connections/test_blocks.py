"""Blocks: docs/rules/connections.md#blocks."""

from datetime import timedelta
from typing import Any

import pytest

from models.connections import Block, ConnectionRequest
from services.connections import blocks, connections
from services.connections.connections import RENOTIFY_AFTER, SendOutcome
from services.core import clock
from services.errors import ErrorCode
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
from tests.helpers.factories import NOON

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.usefixtures("unlimited")]


async def block(one: Any, other: Any) -> None:
    await blocks.block(one.profile_id, other.profile_id)


async def unblock(one: Any, other: Any) -> None:
    await blocks.unblock(one.profile_id, other.profile_id)


async def test_a_block_ends_the_connection_in_silence_and_unblocking_restores_nothing() -> None:
    # given
    ada, ben = await member("Ada"), await member("Ben")
    await connected(ada, ben)
    before = await reported_changes()
    # when
    await block(ben, ada)
    await block(ben, ada)  # again changes nothing
    # then
    assert not await knows(ada, ben) and await counted(ada) == await counted(ben) == 0
    assert await reported_changes() == before and await Block.all().count() == 1
    # when
    await unblock(ben, ada)
    await unblock(ben, ada)
    # then
    assert not await knows(ada, ben) and await Block.all().count() == 0
    await settled()


async def test_whoever_is_blocked_asks_in_vain_and_is_not_told_so() -> None:
    # given
    ada, ben, cem = await member("Ada"), await member("Ben"), await member("Cem")
    await block(ben, ada)
    # when: the same calls at somebody who has not blocked Ada and at Ben, who has
    stories = []
    for whom in (cem, ben):
        seen = [await outcome(ask(ada, whom)) for _ in "12"]
        seen.append(await outcome(connections.withdraw(ada.profile_id, await request_of(ada, whom))))
        seen += [await outcome(ask(ada, whom)), await outcome(connections.remove(ada.profile_id, whom.profile_id))]
        stories.append(seen)
    # then
    assert stories[0] == stories[1] == ["PENDING", "PENDING", "DONE", "PENDING", "NOT_FOUND"]
    assert await requests_reported_to(ben) == 0 and await requests_reported_to(cem) == 1


async def test_a_request_of_during_the_block_never_shows_and_does_not_silence_the_next() -> None:
    # given
    ada, ben = await member("Ada"), await member("Ben")
    with clock.frozen(NOON):
        await block(ben, ada)
        request = await asked(ada, ben)
        # when
        await unblock(ben, ada)
        # then
        for call in (connections.accept, connections.ignore):
            assert await refusal(call(ben.profile_id, request)) is ErrorCode.NOT_FOUND
        assert await requests_reported_to(ben) == 0
        # when: Ben has unblocked Ada, who may ask like anybody
        assert await asked(ada, ben) == request
        # then: it reaches Ben as a first one does, once
        assert await requests_reported_to(ben) == 1
        # when Ada insists, in every way there is
        await asked(ada, ben)
        await connections.withdraw(ada.profile_id, request)
        await asked(ada, ben)
    with clock.frozen(NOON + RENOTIFY_AFTER - timedelta(seconds=1)):
        await asked(ada, ben)
    assert await requests_reported_to(ben) == 1
    assert await connections.accept(ben.profile_id, request) == ada.profile_id


@pytest.mark.parametrize("put_away", ["ignored", "blocked"])
async def test_a_request_that_was_seen_does_not_ring_anew_because_of_a_block(put_away: str) -> None:
    # given: everything in one moment, as clocks of machines may have it
    ada, ben = await member("Ada"), await member("Ben")
    with clock.frozen(NOON):
        request = await asked(ada, ben)
        if put_away == "ignored":
            await connections.ignore(ben.profile_id, request)
        # when
        await block(ben, ada)
        await asked(ada, ben)
        await unblock(ben, ada)
        await asked(ada, ben)
    # then
    assert await requests_reported_to(ben) == 1
    assert await refusal(connections.accept(ben.profile_id, request)) is ErrorCode.NOT_FOUND


async def test_the_quiet_time_over_changes_nothing_while_the_block_stands() -> None:
    ada, ben = await member("Ada"), await member("Ben")
    with clock.frozen(NOON):
        await block(ben, ada)
        request = await asked(ada, ben)
    with clock.frozen(NOON + RENOTIFY_AFTER):
        assert await asked(ada, ben) == request
        await unblock(ben, ada)
        assert await refusal(connections.accept(ben.profile_id, request)) is ErrorCode.NOT_FOUND
    assert await requests_reported_to(ben) == 0


@pytest.mark.parametrize("withdrawn_before", [False, True])
async def test_a_request_that_waited_looks_pending_to_its_sender_and_never_comes_back(withdrawn_before: bool) -> None:
    # given
    ada, ben = await member("Ada"), await member("Ben")
    request = await asked(ada, ben)
    if withdrawn_before:
        await connections.withdraw(ada.profile_id, request)
    # when
    await block(ben, ada)
    # then
    assert await asked(ada, ben) == request
    await unblock(ben, ada)
    assert await refusal(connections.accept(ben.profile_id, request)) is ErrorCode.NOT_FOUND
    assert await requests_reported_to(ben) == 1  # the one from before


async def test_whoever_blocks_takes_their_own_request_back() -> None:
    ada, ben = await member("Ada"), await member("Ben")
    request = await asked(ada, ben)
    await block(ada, ben)
    assert await refusal(connections.accept(ben.profile_id, request)) is ErrorCode.NOT_FOUND
    assert await refusal(connections.withdraw(ada.profile_id, request)) is ErrorCode.NOT_FOUND
    assert await refusal(ask(ada, ben)) is ErrorCode.BLOCKED
    assert await ask(ben, ada) is SendOutcome.PENDING  # Ben learns of nothing


async def test_both_may_block_and_both_have_to_unblock() -> None:
    ada, ben = await member("Ada"), await member("Ben")
    await block(ada, ben)
    await block(ben, ada)
    await unblock(ada, ben)
    assert await ask(ada, ben) is SendOutcome.PENDING and await requests_reported_to(ben) == 0
    assert await refusal(ask(ben, ada)) is ErrorCode.BLOCKED
    await unblock(ben, ada)
    assert await ask(ben, ada) is SendOutcome.CONNECTED  # Ada's asking stood, and Ben asks by himself


async def test_who_can_be_blocked() -> None:
    ada, ben, hidden = await member("Ada"), await member("Ben"), await member("Hid", public=False)
    assert await refusal(blocks.block(ada.profile_id, ada.profile_id)) is ErrorCode.NOT_YOURSELF
    for number in (hidden.profile_id, 999_999):
        assert await refusal(blocks.block(ada.profile_id, number)) is ErrorCode.NOT_FOUND
    await asked(ben, ada)
    await hide(ben)
    await block(ada, ben)  # who asked before hiding is known to be there
    await block(hidden, ada)  # who hides may block
    assert await Block.all().count() == 2


async def test_between_names_both_directions() -> None:
    ada, ben, cem, dan = [await member(name) for name in ("Ada", "Ben", "Cem", "Dan")]
    await block(ada, ben)
    await block(cem, ada)
    others = [ben.profile_id, cem.profile_id, dan.profile_id, ada.profile_id]
    assert await blocks.between(ada.profile_id, others) == {ben.profile_id, cem.profile_id}
    assert await blocks.between(dan.profile_id, others) == set()
    assert await blocks.between(ada.profile_id, []) == set()
    assert await ConnectionRequest.all().count() == 0
