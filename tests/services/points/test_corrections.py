"""Reversals and penalties: docs/rules/points.md#reversal."""

from asyncio import gather
from datetime import timedelta

import pytest

from catalogue.points import Category
from models.points import EntryKind, Outcome, PointEntry, Score
from services.core import clock
from services.errors import ErrorCode, Refused
from services.points.corrections import penalize, reverse
from services.points.ledger import record, record_many
from services.points.ledger_consistency import differences
from services.progress.scores import microseconds
from tests.helpers.factories import NOON, event, make_profile, total

pytestmark = pytest.mark.usefixtures("database")


async def test_a_reversal_takes_back_exactly_what_was_awarded_dated_as_the_original() -> None:
    # given
    ada = await make_profile()
    accepted = event(ada, "ANSWER_ACCEPTED")
    await record(accepted)
    # when
    reversal = (await reverse(accepted.source, accepted.external_id)).entry
    # then
    assert (reversal.kind, reversal.awarded, reversal.occurred_at) == (EntryKind.REVERSAL, -15, NOON)
    assert await total(ada) == 0


async def test_reversing_what_was_capped_takes_nothing_back() -> None:
    # given
    ada = await make_profile()
    votes = [event(ada) for _ in range(6)]
    await record_many(votes)
    # when
    reversal = (await reverse(votes[5].source, votes[5].external_id)).entry
    # then
    assert (reversal.awarded, await total(ada)) == (0, 50)


async def test_reversing_twice_also_at_once_is_one_reversal() -> None:
    # given
    ada = await make_profile()
    accepted = event(ada, "ANSWER_ACCEPTED")
    await record(accepted)
    # when
    reversals = await gather(*(reverse(accepted.source, accepted.external_id) for _ in range(5)))
    # then
    assert len({reversal.entry.id for reversal in reversals}) == 1
    assert sorted(reversal.repeated for reversal in reversals) == [False, True, True, True, True]
    assert await total(ada) == 0


@pytest.mark.parametrize(("later", "given"), [(timedelta(hours=1), 10), (timedelta(days=1), 0)])
async def test_room_under_the_cap_comes_back_only_on_the_same_day(later: timedelta, given: int) -> None:
    # given
    ada = await make_profile()
    votes = [event(ada) for _ in range(5)]
    with clock.frozen(NOON):
        await record_many(votes)
    # when
    with clock.frozen(NOON + later):
        await reverse(votes[0].source, votes[0].external_id)
        another = await record(event(ada, occurred_at=NOON + timedelta(minutes=1)))
    # then
    assert another.awarded == given


async def test_an_award_of_a_lifetime_that_was_taken_back_can_be_earned() -> None:
    # given
    ada = await make_profile()
    wrong = event(ada, "EXPERT_CERTIFIED")
    await record(wrong)
    await reverse(wrong.source, wrong.external_id)
    # when
    right = await record(event(ada, "EXPERT_CERTIFIED", occurred_at=NOON + timedelta(days=30)))
    # then
    assert (right.outcome, await total(ada)) == (Outcome.AWARDED, 100)


async def test_reversing_a_duplicate_does_not_open_the_award_again() -> None:
    # given
    ada = await make_profile()
    first, twin = event(ada, "MVP_REACHED"), event(ada, "MVP_REACHED")
    await record_many([first, twin])
    # when
    await reverse(twin.source, twin.external_id)
    # then
    assert (await record(event(ada, "MVP_REACHED"))).outcome is Outcome.DUPLICATE
    assert await total(ada) == 300


async def test_what_never_happened_cannot_be_reversed() -> None:
    with pytest.raises(Refused) as why:
        await reverse("test", "no such event")
    assert why.value.problems[0].code is ErrorCode.NOT_FOUND


async def test_a_penalty_takes_points_below_zero_in_its_category() -> None:
    # given
    ada = await make_profile()
    await record(event(ada, "ANSWER_ACCEPTED"))
    # when
    await penalize(ada, Category.FORUM, 40, reason="Votes for each other", shown=False, external_id="p1")
    # then
    score = await Score.get(profile_id=ada)
    assert (score.overall, score.forum) == (-25, -25)


async def test_the_same_penalty_again_is_one_and_another_content_is_refused() -> None:
    # given
    ada = await make_profile()
    await penalize(ada, Category.FORUM, 40, reason="Spam", shown=True, external_id="p1")
    # when
    await penalize(ada, Category.FORUM, 40, reason="Spam", shown=True, external_id="p1")
    with pytest.raises(Refused) as why:
        await penalize(ada, Category.FORUM, 41, reason="Spam", shown=True, external_id="p1")
    # then
    assert why.value.problems[0].code is ErrorCode.EVENT_CONFLICT
    assert await PointEntry.filter(kind=EntryKind.PENALTY).count() == 1
    assert await total(ada) == -40


@pytest.mark.parametrize(("points", "reason"), [(0, "Spam"), (-5, "Spam"), (5, " "), (5, "x" * 501)])
async def test_a_penalty_without_points_or_reason_is_refused(points: int, reason: str) -> None:
    ada = await make_profile()
    with pytest.raises(Refused) as why:
        await penalize(ada, Category.FORUM, points, reason=reason, shown=True, external_id="p1")
    assert why.value.problems[0].code is ErrorCode.BAD_INPUT
    assert await total(ada) == 0


async def test_a_penalty_can_be_taken_back() -> None:
    # given
    ada = await make_profile()
    penalty = await penalize(ada, Category.LEARNING, 5, reason="Mistaken", shown=True, external_id="p1")
    # when
    await reverse(penalty.source, penalty.external_id)
    # then
    assert await total(ada) == 0


async def reached(profile_id: int) -> tuple[int, int]:
    score = await Score.get(profile_id=profile_id)
    return score.overall_reached, score.forum_reached


async def test_what_was_taken_back_does_not_decide_who_was_first() -> None:
    # given
    ada = await make_profile()
    first, later = (event(ada, "ANSWER_ACCEPTED", occurred_at=NOON + timedelta(hours=n)) for n in (0, 3))
    publication = event(ada, "APP_PUBLISHED", occurred_at=NOON + timedelta(hours=2))
    for each in (first, publication, later):
        await record(each)
    # when
    await reverse(later.source, later.external_id)
    # then
    assert await reached(ada) == (microseconds(publication.occurred_at), microseconds(first.occurred_at))
    # and when nothing is left
    for each in (first, publication):
        await reverse(each.source, each.external_id)
    assert await reached(ada) == (0, 0)
    assert [each async for each in differences()] == []


@pytest.mark.parametrize("shown", [True, False])
async def test_a_silent_penalty_does_not_decide_who_was_first(shown: bool) -> None:
    # given
    ada = await make_profile()
    await record(event(ada, "ANSWER_ACCEPTED"))
    # when
    with clock.frozen(NOON + timedelta(days=1)):
        await penalize(ada, Category.FORUM, 5, reason="Spam", shown=shown, external_id="p1")
    # then
    decided = microseconds(NOON + timedelta(days=1) if shown else NOON)
    assert await reached(ada) == (decided, decided)
    assert [each async for each in differences()] == []
    # and when it is taken back
    await reverse("operator:penalties", "p1")
    assert await reached(ada) == (microseconds(NOON), microseconds(NOON))
    assert [each async for each in differences()] == []
