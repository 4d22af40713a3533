"""Events for a profile that is merged meanwhile: none is lost, none is counted twice. docs/rules/accounts.md#merging-who-wins."""

from asyncio import gather
from dataclasses import replace

import pytest

from catalogue.points import Category
from models.points import Outcome, PointEntry
from services.points.corrections import penalize, reverse
from services.points.ledger import record, record_many
from services.points.ledger_consistency import differences
from services.points.opening_balances import OpeningBalance, record_opening_balances
from tests.helpers.factories import event, make_profile, total
from tests.helpers.racing_merges import merge_during, merge_now

pytestmark = pytest.mark.usefixtures("database")
ACCEPTED = "ANSWER_ACCEPTED"


async def consistent() -> None:
    assert [each async for each in differences()] == []


async def test_events_of_a_former_profile_are_the_survivors_and_repeats_are_known() -> None:
    # given an event of the source's and one in which it is the other person
    old, ben, ada = await make_profile("Old"), await make_profile("Ben"), await make_profile("Ada")
    own, others = event(old, ACCEPTED, counterpart_id=ada), event(ada, ACCEPTED, counterpart_id=old)
    await record_many([own, others])
    await merge_now(old, ben)
    # when both are repeated under the old and the new id, with two new ones
    again = [own, replace(own, profile_id=ben), others, replace(others, counterpart_id=ben)]
    new = [event(old, ACCEPTED), event(ben, ACCEPTED, counterpart_id=old)]
    results = await record_many([*again, *new])
    # then
    assert [each.repeated for each in results] == [True] * 4 + [False] * 2  # type: ignore[union-attr]
    assert [each.outcome for each in results[4:]] == [Outcome.AWARDED, Outcome.SELF]  # type: ignore[union-attr]
    assert (await total(ben), await total(ada)) == (30, 15)
    # and corrections lead there too
    reversed_ = await reverse(own.source, own.external_id)
    penalty = await penalize(old, Category.FORUM, 3, reason="Spam", shown=True, external_id="one")
    same = await penalize(ben, Category.FORUM, 3, reason="Spam", shown=True, external_id="one")
    assert (reversed_.entry.profile_id, penalty.profile_id, same.id) == (ben, ben, penalty.id)
    assert await record_opening_balances([OpeningBalance(old, Category.FORUM, 7, "archive", "old")]) == 1
    assert await total(ben) == 30 - 15 - 3 + 7
    await consistent()


@pytest.mark.postgres_only
async def test_what_waits_for_a_merge_lands_on_the_survivor() -> None:
    for older in (True, False):  # the survivor has the higher or the lower id: locks are taken in order of id
        first, second = await make_profile("First"), await make_profile("Second")
        old, ben = (first, second) if older else (second, first)
        ada = await make_profile("Ada")
        earlier = event(old, ACCEPTED)
        await record(earlier)
        capped = [event(old, "UPVOTE_RECEIVED") for _ in range(6)]
        # when
        results = await merge_during(
            old,
            ben,
            record(event(old, ACCEPTED)),
            record(event(ada, ACCEPTED, counterpart_id=old)),
            record_many([*capped, event(ben, "UPVOTE_RECEIVED"), earlier]),
            reverse(earlier.source, earlier.external_id),
            penalize(old, Category.FORUM, 2, reason="Spam", shown=True, external_id=f"during:{old}"),
            record_opening_balances([OpeningBalance(old, Category.FORUM, 7, "archive", str(old))]),
        )
        # then
        assert not [each for each in results if isinstance(each, BaseException)], results
        assert await total(ben) == 15 + 50 - 2 + 7 and await total(ada) == 15
        assert not await PointEntry.filter(profile_id=old).exists()
        assert not await PointEntry.filter(counterpart_id=old).exists()
        await consistent()


@pytest.mark.postgres_only
async def test_events_that_are_reported_all_along_are_counted_once() -> None:
    # given two profiles that are merged in turn, and reporters who know one of the ids only
    old, ben, ada = await make_profile("Old"), await make_profile("Ben"), await make_profile("Ada")
    events = [event(each, ACCEPTED, counterpart_id=ada) for each in (old, ben) for _ in range(12)]
    events += [event(ada, ACCEPTED, counterpart_id=each) for each in (old, ben) for _ in range(12)]
    # when everything is reported twice, around the merge
    await gather(*(record_many(events[start::8]) for start in range(8)), merge_now(old, ben))
    repeats = await gather(*(record_many(events[start::6]) for start in range(6)))
    # then
    assert all(each.repeated for results in repeats for each in results)  # type: ignore[union-attr]
    assert (await total(ben), await total(ada)) == (24 * 15, 24 * 15)
    assert await PointEntry.filter(source="test").count() == len(events)
    await consistent()
