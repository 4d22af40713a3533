"""The kept sums equal the ledger, whatever happens in whatever order."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue.points import ACTIVITIES, Category
from models.points import PointEntry, Score
from services.core import clock
from services.points.corrections import penalize, reverse
from services.points.ledger import record, record_many
from services.points.ledger_consistency import Difference, differences
from services.points.opening_balances import OpeningBalance, record_opening_balances
from services.progress.scores import COLUMNS
from tests.helpers.factories import NOON, event, make_profile

pytestmark = pytest.mark.usefixtures("database")

ACTIVITY = st.sampled_from(sorted(ACTIVITIES))
STEP = st.one_of(
    st.tuples(st.just("event"), ACTIVITY, st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.just("batch"), st.lists(ACTIVITY, min_size=1, max_size=8), st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.just("repeat"), st.integers(0, 30)),
    st.tuples(st.just("reverse"), st.integers(0, 30), st.integers(0, 2)),
    st.tuples(st.just("penalty"), st.sampled_from(list(Category)), st.integers(1, 500)),
    st.tuples(st.just("opening"), st.sampled_from(list(Category)), st.integers(-50, 500)),
)


async def found() -> list[Difference]:
    return [each async for each in differences()]


class Story:
    """Carries out steps on two people, and remembers what was sent."""

    def __init__(self, people: list[int]) -> None:
        self.people, self.sent = people, list[Any]()

    def _event(self, activity: str, hours: int, counterpart: int) -> Any:
        other = [None, *self.people, None][counterpart]
        made = event(self.people[0], activity, occurred_at=NOON + timedelta(hours=9 * hours), counterpart_id=other)
        self.sent.append(made)
        return made

    async def take(self, number: int, kind: str, *facts: Any) -> None:
        if kind == "event":
            await record(self._event(*facts))
        elif kind == "batch":
            activities, hours, counterpart = facts
            await record_many([self._event(activity, hours, counterpart) for activity in activities])
        elif kind == "repeat" and self.sent:
            await record(self.sent[facts[0] % len(self.sent)])
        elif kind == "reverse" and self.sent:
            picked = self.sent[facts[0] % len(self.sent)]
            with clock.frozen(NOON + timedelta(days=facts[1])):
                await reverse(picked.source, picked.external_id)
        elif kind == "penalty":
            await penalize(self.people[0], *facts, reason="Spam", shown=True, external_id=f"{self.people[0]}:{number}")
        elif kind == "opening":
            await record_opening_balances(
                [OpeningBalance(self.people[0], facts[0], facts[1], "archive", f"{self.people[0]}:{number}")]
            )


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=25))
async def test_after_any_story_sums_add_up_and_equal_the_ledger(steps: list[Any]) -> None:
    # given
    story = Story([await make_profile(), await make_profile()])
    # when
    for number, step in enumerate(steps):
        await story.take(number, *step)
    # then
    ada = story.people[0]
    score = await Score.get(profile_id=ada)
    assert score.overall == sum(getattr(score, column) for column in COLUMNS.values())
    assert score.overall == sum([entry.awarded for entry in await PointEntry.filter(profile_id=ada)])
    assert await found() == []


async def test_differences_are_found_and_repaired() -> None:
    # given
    ada, ben, cem = await make_profile(), await make_profile(), await make_profile()
    for who in (ada, ben):
        await record(event(who, "ANSWER_ACCEPTED"))
    await Score.filter(profile_id=ada).update(forum=99, overall=99, listed=False)
    await Score.filter(profile_id=cem).delete()
    # when
    seen = {(each.profile_id, each.column) for each in await found()}
    repaired = [each async for each in differences(repair=True)]
    # then
    assert {(ada, "overall"), (ada, "forum"), (ada, "listed"), (cem, "overall")} <= seen
    assert not any(profile_id == ben for profile_id, _ in seen)
    assert {(each.profile_id, each.column) for each in repaired} == seen
    assert await found() == []
    assert (await Score.get(profile_id=ada)).overall == 15


async def test_more_people_than_one_step_are_all_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr("services.points.ledger_consistency.PROFILES_PER_BATCH", 2)
    people = [await make_profile() for _ in range(5)]
    await Score.filter(profile_id=people[-1]).update(forum=1, overall=1)
    # when, then
    assert {each.profile_id for each in await found()} == {people[-1]}
