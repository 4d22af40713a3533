"""What an event gives: docs/rules/points.md."""

from asyncio import gather
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from catalogue.points import ACTIVITIES, LEVELS, level_of, level_standing
from models.points import Outcome, PointEntry, Score
from models.profiles import Profile
from services.core import clock
from services.errors import ErrorCode, Problem, Refused
from services.points.ledger import record, record_many
from services.profiles.profiles import refresh_visibility
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, event, make_person, make_profile, outcomes, total
from tests.helpers.transactions import committed

pytestmark = pytest.mark.usefixtures("database")


async def test_every_activity_gives_its_points_in_its_category() -> None:
    for activity in ACTIVITIES.values():
        # given
        ada = await make_profile()
        await Profile.filter(id=ada).update(github_connected_at=NOON)
        # when
        recorded = await record(event(ada, activity.code))
        # then
        assert (recorded.outcome, recorded.awarded) == (Outcome.AWARDED, activity.points)
        score = await Score.get(profile_id=ada)
        assert (score.overall, getattr(score, activity.category.value.lower())) == (activity.points, activity.points)


async def test_fifty_upvotes_at_once_give_fifty_points() -> None:
    # given
    ada = await make_profile()
    # when
    await gather(*(record(event(ada, external_id=f"vote:{n}")) for n in range(50)))
    # then
    assert await total(ada) == 50
    assert await outcomes(ada) == {Outcome.AWARDED: 5, Outcome.CAPPED: 45}


async def test_fifty_upvotes_in_batches_at_once_give_fifty_points() -> None:
    # given
    ada, ben = await make_profile(), await make_profile()
    # when
    await gather(
        *(
            record_many([event(who, external_id=f"{batch}:{who}:{n}") for n in range(5) for who in (ben, ada)])
            for batch in range(10)
        )
    )
    # then
    for who in (ada, ben):
        assert await total(who) == 50
        assert await outcomes(who) == {Outcome.AWARDED: 5, Outcome.CAPPED: 45}


async def test_a_cap_is_of_one_activity_and_one_utc_day() -> None:
    # given
    ada = await make_profile()
    midnight = datetime(2026, 3, 11, tzinfo=UTC)
    await record_many([event(ada, occurred_at=midnight - timedelta(seconds=1)) for _ in range(6)])
    # when
    next_day = await record(event(ada, occurred_at=midnight))
    other_zone = await record(event(ada, occurred_at=datetime(2026, 3, 11, 0, 30, tzinfo=timezone(timedelta(hours=2)))))
    other_activity = await record(event(ada, "ANSWER_ACCEPTED", occurred_at=midnight - timedelta(hours=1)))
    # then
    assert next_day.awarded == 10
    assert other_zone.outcome is Outcome.CAPPED  # 22:30 of the day before, in UTC
    assert other_activity.awarded == 15


async def test_what_is_left_under_a_cap_is_awarded(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a cap that its points do not divide
    monkeypatch.setitem(ACTIVITIES, "UPVOTE_RECEIVED", replace(ACTIVITIES["UPVOTE_RECEIVED"], cap=25))
    ada = await make_profile()
    # when
    recorded = await record_many([event(ada) for _ in range(4)])
    # then
    assert [each.awarded for each in recorded if not isinstance(each, Problem)] == [10, 10, 5, 0]
    assert await outcomes(ada) == {Outcome.AWARDED: 2, Outcome.PARTLY_AWARDED: 1, Outcome.CAPPED: 1}


async def test_downvotes_neither_make_nor_use_room() -> None:
    orders = (["UPVOTE_RECEIVED"] * 6 + ["DOWNVOTE_RECEIVED"] * 3, ["DOWNVOTE_RECEIVED"] * 3 + ["UPVOTE_RECEIVED"] * 6)
    for order in orders:
        # given
        ada = await make_profile()
        # when
        await record_many([event(ada, activity) for activity in order])
        # then
        assert await total(ada) == 50 - 6


async def test_the_same_event_again_answers_the_first_outcome() -> None:
    # given
    ada = await make_profile()
    vote = event(ada)
    first = await record(vote)
    # when
    again = await record(vote)
    # then
    assert (again.outcome, again.awarded, again.repeated) == (first.outcome, first.awarded, True)
    assert await PointEntry.all().count() == 1
    assert await total(ada) == 10


async def test_the_same_event_from_many_at_once_is_one_entry() -> None:
    # given
    ada = await make_profile()
    vote = event(ada)
    # when
    answers = await gather(*(record(vote) for _ in range(20)))
    # then
    assert sum(not each.repeated for each in answers) == 1
    assert await total(ada) == 10


async def test_one_id_for_two_people_at_once_is_taken_in_for_one() -> None:
    # given
    people = [await make_profile() for _ in range(6)]
    # when
    answers = await gather(*(record_many([event(who, external_id="same")]) for who in people))
    # then
    refused = [each for [each] in answers if isinstance(each, Problem)]
    assert [problem.code for problem in refused] == [ErrorCode.EVENT_CONFLICT] * 5
    assert sum([await total(who) for who in people]) == 10


@pytest.mark.parametrize(
    "change", [{"activity": "ANSWER_ACCEPTED"}, {"occurred_at": NOON + timedelta(seconds=1)}, {"counterpart_id": 2}]
)
async def test_the_same_id_with_another_content_is_refused(change: dict[str, Any]) -> None:
    # given
    ada, _ = await make_profile(), await make_profile()
    vote = event(ada)
    await record(vote)
    # when
    with pytest.raises(Refused) as why:
        await record(replace(vote, **change))
    # then
    assert why.value.problems[0].code is ErrorCode.EVENT_CONFLICT
    assert await total(ada) == 10


async def test_repeats_inside_one_batch_are_seen() -> None:
    # given
    ada = await make_profile()
    vote = event(ada)
    # when
    first, again, other = await record_many([vote, vote, replace(vote, activity="ANSWER_ACCEPTED")])
    # then
    assert not isinstance(first, Problem) and not first.repeated
    assert not isinstance(again, Problem) and again.repeated
    assert isinstance(other, Problem) and other.code is ErrorCode.EVENT_CONFLICT


@pytest.mark.parametrize("activity", [each.code for each in ACTIVITIES.values() if each.once])
async def test_once_in_a_life(activity: str) -> None:
    # given
    ada = await make_profile()
    await record(event(ada, activity))
    # when
    again = await record(event(ada, activity, occurred_at=NOON + timedelta(days=30)))
    # then
    assert (again.outcome, again.awarded) == (Outcome.DUPLICATE, 0)
    assert await total(ada) == ACTIVITIES[activity].points


async def test_once_in_a_life_also_at_once() -> None:
    # given
    ada = await make_profile()
    # when
    await gather(*(record(event(ada, "MVP_REACHED")) for _ in range(10)))
    # then
    assert await total(ada) == 300


async def test_nobody_earns_with_themselves() -> None:
    # given
    ada = await make_profile()
    # when
    own = await record(event(ada, counterpart_id=ada))
    # then
    assert (own.outcome, own.awarded, await total(ada)) == (Outcome.SELF, 0, 0)


async def test_before_joining_nothing_is_earned_and_on_that_day_it_is() -> None:
    # given
    ada = await make_profile(joined_on=date(2026, 3, 10))
    # when
    before = await record(event(ada, occurred_at=datetime(2026, 3, 9, 23, 59, 59, tzinfo=UTC)))
    that_day = await record(event(ada, occurred_at=datetime(2026, 3, 10, tzinfo=UTC)))
    # then
    assert (before.outcome, that_day.awarded) == (Outcome.INELIGIBLE, 10)


async def test_deactivated_people_earn_nothing() -> None:
    # given
    account = await make_person()
    ada = account.own_profile_id
    account.status = type(account.status).DEACTIVATED
    await account.save()
    await committed(refresh_visibility([ada]))
    # when
    recorded = await record(event(ada))
    # then
    assert (recorded.outcome, await total(ada)) == (Outcome.INELIGIBLE, 0)


async def test_a_pull_request_counts_only_with_a_connected_github_account() -> None:
    # given
    ada, ben = await make_profile(details={"github": "ada"}), await make_profile(details={"github_connected_at": NOON})
    # when
    claimed, connected = await record_many([event(ada, "PULL_REQUEST_MERGED"), event(ben, "PULL_REQUEST_MERGED")])
    # then
    assert not isinstance(claimed, Problem) and claimed.outcome is Outcome.INELIGIBLE
    assert not isinstance(connected, Problem) and connected.awarded == 15


async def test_five_minutes_ahead_are_taken_and_more_is_refused() -> None:
    # given
    ada = await make_profile()
    with clock.frozen(NOON):
        # when
        near, far = await record_many(
            [
                event(ada, occurred_at=NOON + timedelta(minutes=5)),
                event(ada, occurred_at=NOON + timedelta(minutes=5, seconds=1)),
            ]
        )
    # then
    assert not isinstance(near, Problem)
    assert isinstance(far, Problem) and far.code is ErrorCode.IN_THE_FUTURE


async def test_a_refused_event_does_not_hinder_the_others() -> None:
    # given
    ada = await make_profile()
    # when
    answers = await record_many(
        [
            event(ada, "NO_SUCH_THING"),
            event(999),
            event(ada, counterpart_id=999),
            event(ada, external_id=""),
            event(ada, external_id="x" * 201),
            event(ada),
        ]
    )
    # then
    codes = [each.code for each in answers if isinstance(each, Problem)]
    assert codes == [
        ErrorCode.UNKNOWN_ACTIVITY,
        ErrorCode.NOT_FOUND,
        ErrorCode.NOT_FOUND,
        ErrorCode.BAD_INPUT,
        ErrorCode.BAD_INPUT,
    ]
    assert await total(ada) == 10


async def test_statements_do_not_grow_with_the_batch(count_statements: CountStatements) -> None:
    people = [await make_profile() for _ in range(40)]
    counts = []
    for size in (10, 40):
        with count_statements() as seen:
            await record_many(
                [event(who, activity) for who in people[:size] for activity in ("UPVOTE_RECEIVED", "MVP_REACHED")]
            )
        counts.append(seen.total)
    assert counts[0] == counts[1], seen.texts
    # Beside the ledger and the sums (8): what processes are told, the counters, and, as everybody earns badges here, their
    # figures (2), the awards (2) and telling of them, and their dates (2).
    assert counts[0] <= 17


async def test_the_latest_moment_decides_who_reached_a_score_first() -> None:
    # given
    ada = await make_profile()
    # when a late event comes after a later one
    await record(event(ada, "ANSWER_ACCEPTED", occurred_at=NOON))
    await record(event(ada, "ANSWER_ACCEPTED", occurred_at=NOON - timedelta(days=1)))
    # then
    score = await Score.get(profile_id=ada)
    assert score.overall_reached == score.forum_reached == int(NOON.timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("points", "number", "to_next", "progress"),
    [
        (-5, 0, 100, 0),
        (0, 0, 100, 0),
        (99, 0, 1, 99),
        (100, 1, 400, 0),
        (499, 1, 1, 99),
        (500, 2, 500, 0),
        (32_499, 9, 1, 99),
        (32_500, 10, None, 100),
    ],
)
def test_levels(points: int, number: int, to_next: int | None, progress: int) -> None:
    assert (level_of(points), level_standing(points).points_to_next, level_standing(points).progress_percent) == (
        number,
        to_next,
        progress,
    )


def test_the_tables_are_those_of_the_documents() -> None:
    assert len(ACTIVITIES) == 49
    assert [level.points for level in LEVELS] == [100, 500, 1000, 2500, 5000, 8500, 13000, 18500, 25000, 32500]
    assert sum(each.points for each in ACTIVITIES.values()) == 1_583
    assert sum(each.cap or 0 for each in ACTIVITIES.values()) == 365
