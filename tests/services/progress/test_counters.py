"""Counters are what the ledger says, whatever happens; and can be counted anew."""

from asyncio import gather
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from catalogue.criteria import CONNECTIONS, PROJECTS
from catalogue.points import Category
from models.badges import BadgeAward
from models.points import ProfileCounter
from models.profiles import Profile
from services.achievements import badge_reevaluation
from services.points.corrections import penalize, reverse
from services.points.ledger import record, record_many
from services.points.ledger_consistency import differences
from services.progress import counters, profile_batches
from services.progress.counters import Count, Span
from services.progress.scores import lock_scores
from tests.helpers.factories import event, give, make_profile

pytestmark = pytest.mark.usefixtures("database")


async def counted(profile_id: int) -> dict[str, Count]:
    return (await counters.counters_of([profile_id]))[profile_id]


async def wrong() -> list[tuple[str, Any, Any]]:
    return [(each.column, each.stored, each.ledger) async for each in differences()]


async def test_events_that_happened_count_whether_or_not_they_gave_points() -> None:
    # given
    ada = await make_profile()
    # when seven upvotes of which two are capped, one from herself, and one award that is given once
    await record_many([event(ada) for _ in range(7)])
    await record(event(ada, counterpart_id=ada))
    await record_many([event(ada, "MVP_REACHED") for _ in range(2)])
    # then
    assert await counted(ada) == {"UPVOTE_RECEIVED": (7, 50), "MVP_REACHED": (1, 300)}


async def test_a_reversal_takes_back_exactly_what_was_counted() -> None:
    # given
    ada = await make_profile()
    events = [event(ada) for _ in range(6)]
    own = event(ada, counterpart_id=ada)
    await record_many([*events, own])
    # when a whole one, a capped one and one that never counted
    for each in (events[0], events[5], own, events[0]):
        await reverse(each.source, each.external_id)
    await penalize(ada, Category.FORUM, 5, reason="Spam", shown=True, external_id="p1")
    # then
    assert await counted(ada) == {"UPVOTE_RECEIVED": (4, 40)}
    assert await wrong() == []


async def test_many_writers_at_once_lose_no_count() -> None:
    # given
    ada, ben = await make_profile(), await make_profile()
    # when
    await gather(*(record_many([event(who, "APP_REVIEWED") for who in (ben, ada)]) for _ in range(10)))
    # then
    assert await counted(ada) == await counted(ben) == {"APP_REVIEWED": (10, 50)}


async def test_what_is_not_of_the_ledger_counts_beside_it() -> None:
    # given
    ada = await make_profile()
    # when
    async with in_transaction():
        await lock_scores([ada])
        first = await counters.add(ada, CONNECTIONS, 3)
        second = await counters.add(ada, CONNECTIONS, -1)
        await counters.add(ada, PROJECTS, 1)
    # then
    assert (first.figures, second.figures) == ({CONNECTIONS: Span(0, 3)}, {CONNECTIONS: Span(3, 2)})
    assert await counted(ada) == {CONNECTIONS: (2, 0), PROJECTS: (1, 0)}
    assert (await counters.read_ledger([ada]))[ada].counts == {}


async def test_counters_that_are_wrong_are_found_and_repaired() -> None:
    # given
    ada, ben = await make_profile(), await make_profile()
    await give(ada, "ANSWER_ACCEPTED", times=3)
    await give(ben, "APP_REVIEWED")
    await ProfileCounter.filter(profile_id=ada).update(times=5)
    await ProfileCounter.filter(profile_id=ben).delete()
    await ProfileCounter.create(profile_id=ben, name="APP_PUBLISHED", times=0, points=7)
    # when
    found = await wrong()
    repaired = [each async for each in differences(repair=True)]
    # then
    assert found == [
        ("ANSWER_ACCEPTED times", 5, 3),
        ("APP_PUBLISHED points", 7, 0),
        ("APP_REVIEWED times", 0, 1),
        ("APP_REVIEWED points", 0, 5),
    ]
    assert len(repaired) == len(found)
    assert await wrong() == []
    assert await counted(ada) == {"ANSWER_ACCEPTED": (3, 45)}


async def make_database_from_before(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Five people who earned while nobody counted."""
    monkeypatch.setattr(profile_batches, "PROFILES_PER_BATCH", 2)
    people = [await make_profile() for _ in range(5)]
    for who in people:
        await record_many([event(who, "ANSWER_ACCEPTED") for _ in range(25)])
    await ProfileCounter.all().delete()
    await BadgeAward.all().delete()
    return people


async def test_a_database_from_before_is_counted_and_badges_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    # given one who is not active
    people = await make_database_from_before(monkeypatch)
    await Profile.filter(id=people[4]).update(active=False)
    # when
    counting = [step async for step in counters.rebuild()]
    giving = [step async for step in badge_reevaluation.reevaluate()]
    again = (
        [step.changed async for step in counters.rebuild()],
        [step.changed async for step in badge_reevaluation.reevaluate()],
    )
    # then
    assert [(step.people, step.changed) for step in counting] == [(2, 2), (2, 2), (1, 1)]
    assert await wrong() == []
    each = (
        len({"FIRST_LIGHT"}) + len({"PROBLEM_SOLVER 1", "PROBLEM_SOLVER 2"}) + len({"COLLECTOR 1", "COLLECTOR 2"}) + 1
    )
    assert [(step.last, step.changed) for step in giving] == [
        (people[1], 2 * each),
        (people[3], 2 * each),
        (people[4], 0),
    ]
    assert again == ([0, 0, 0], [0, 0, 0])
    shown: Any = BadgeAward.filter(profile_id=people[0], superseded=False).values_list("badge", "level")
    assert dict(await shown) == {"FIRST_LIGHT": 1, "PROBLEM_SOLVER": 2, "COLLECTOR": 2, "CLIMBER": 1}


async def test_whoever_stops_goes_on_behind_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    people = await make_database_from_before(monkeypatch)
    first = await anext(counters.rebuild())
    # when
    rest = [step async for step in counters.rebuild(after=first.last)]
    # then
    assert first.last == people[1]
    assert sum(step.people for step in rest) == 3
    assert await wrong() == []


async def test_reevaluating_gives_a_lower_level_that_was_missing_and_shows_the_higher() -> None:
    # given
    ada = await make_profile()
    await record_many([event(ada, "ANSWER_ACCEPTED") for _ in range(25)])
    await BadgeAward.filter(profile_id=ada, badge="PROBLEM_SOLVER", level=1).delete()
    # when
    [step] = [step async for step in badge_reevaluation.reevaluate()]
    # then
    assert step.changed == 1
    rows: Any = BadgeAward.filter(profile_id=ada, badge="PROBLEM_SOLVER").order_by("level")
    assert list(await rows.values_list("level", "superseded")) == [(1, True), (2, False)]
