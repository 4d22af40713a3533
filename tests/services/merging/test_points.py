"""The ledgers of two profiles become one: docs/rules/accounts.md#merging-points-badges-challenges, docs/rules/points.md."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue.points import ACTIVITIES, Category
from models.points import EntryKind, OnceAward, Outcome, PointEntry, ProfileCounter, Score
from services.core import clock
from services.merging.figures import figures
from services.merging.plan import Compensation, CompensationReason, Pair
from services.points import ledger_consistency
from services.points.corrections import penalize, reverse
from services.points.ledger import record, record_many
from services.points.opening_balances import OpeningBalance, record_opening_balances
from services.points.points_today import daily_caps
from services.progress.scores import COLUMNS
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, event, give, make_profile
from tests.helpers.merging import make_two, merge, of_table, plan_of

pytestmark = pytest.mark.usefixtures("database")
DUPLICATE, SELF = CompensationReason


async def differences() -> list[Any]:
    return [each async for each in ledger_consistency.differences()]


async def once_awards_of(profile_id: int) -> list[str]:
    return sorted([each.activity for each in await OnceAward.filter(profile_id=profile_id)])


async def test_entries_move_with_their_dates_and_the_cap_of_the_day_counts_both() -> None:
    # given a day on which both had reached, or nearly reached, the cap of 50
    two = await make_two()
    source, survivor = two.pair
    await give(source, "UPVOTE_RECEIVED", times=5)
    await give(survivor, "UPVOTE_RECEIVED", times=4)
    await give(survivor, "UPVOTE_RECEIVED", occurred_at=NOON + timedelta(days=1))
    other = await make_profile()
    voted = await record(event(other, "ANSWER_ACCEPTED", counterpart_id=source))
    before = {row.id: row.occurred_at for row in await PointEntry.all()}
    # when
    await merge(two.pair)
    # then
    rows = await PointEntry.all().order_by("id")
    assert {row.id: row.occurred_at for row in rows} == before
    assert [row.former_id for row in rows] == [source] * 5 + [None] * 6
    assert voted.awarded == 15 and rows[-1].counterpart_id == survivor
    assert (await Score.get(profile_id=survivor)).forum == 100
    # and what both had is kept, but no room is left on that day
    after = await give(survivor, "UPVOTE_RECEIVED", occurred_at=NOON + timedelta(hours=2))
    [cap] = [
        each
        for each in (await daily_caps([survivor], NOON.date()))[survivor]
        if each.activity.code == "UPVOTE_RECEIVED"
    ]
    assert (after[0].outcome, cap.earned, cap.remaining) == (Outcome.CAPPED, 90, 0)
    later = await give(survivor, "UPVOTE_RECEIVED", occurred_at=NOON + timedelta(days=1, hours=2), times=5)
    assert [each.awarded for each in later] == [10, 10, 10, 10, 0]
    assert await differences() == []


async def test_what_counts_once_counts_once_and_what_they_gave_each_other_not_at_all() -> None:
    # given the exam on both sides, and votes between the two, also without points because of a cap
    two = await make_two()
    source, survivor = two.pair
    first = event(survivor, "RAPID_CERTIFIED", occurred_at=NOON)
    second = event(source, "RAPID_CERTIFIED", occurred_at=NOON + timedelta(days=1))
    for each in (
        second,
        first,
        event(source, "EXPERT_CERTIFIED"),
        event(survivor, "MVP_REACHED", counterpart_id=source),
    ):
        await record(each)
    votes = [
        event(source, "UPVOTE_RECEIVED", counterpart_id=survivor, occurred_at=NOON + timedelta(minutes=n))
        for n in range(6)
    ]
    await record_many(votes)
    await record(event(survivor, "DOWNVOTE_RECEIVED", counterpart_id=source))
    await reverse(votes[0].source, votes[0].external_id)
    # when
    plan = await plan_of(two.pair)
    expected = await figures(two.pair, plan)
    await merge(two.pair)
    # then
    assert plan.compensations == [
        Compensation(SELF, Category.FORUM, "DOWNVOTE_RECEIVED", 1, -2),
        Compensation(SELF, Category.COMMUNITY, "MVP_REACHED", 1, 300),
        Compensation(SELF, Category.FORUM, "UPVOTE_RECEIVED", 5, 40),
        Compensation(DUPLICATE, Category.LEARNING, "RAPID_CERTIFIED", 1, 25),
    ]
    score = await Score.get(profile_id=survivor)
    assert (score.overall, score.learning, score.forum, score.community) == (125, 125, 0, 0)
    assert expected.merged.points == {each: getattr(score, column) for each, column in COLUMNS.items()}
    assert (expected.source.overall, expected.survivor.overall) == (40 + 125, 25 + 300 - 2)
    assert await once_awards_of(survivor) == [
        "EXPERT_CERTIFIED",
        "RAPID_CERTIFIED",
    ]
    entries = of_table(plan, "point_entry")
    assert entries.kept + entries.moved + entries.added == await PointEntry.filter(profile_id=survivor).count()
    once = of_table(plan, "once_award")
    assert (once.kept, once.moved, once.combined, once.lost) == (1, 1, 1, 1)
    # and nothing can be earned twice: by the same event, by another one, or by reversing what was taken back
    assert (await record(event(survivor, "RAPID_CERTIFIED"))).outcome is Outcome.DUPLICATE
    assert (await record(event(survivor, "MVP_REACHED"))).outcome is Outcome.AWARDED
    assert (await reverse(second.source, second.external_id)).repeated
    assert (await reverse(votes[1].source, votes[1].external_id)).entry.outcome is Outcome.SELF
    assert [each.repeated for each in await record_many([second, votes[2]])] == [True, True]  # type: ignore[union-attr]
    assert (await record(event(source, "UPVOTE_RECEIVED", counterpart_id=survivor))).outcome is Outcome.SELF
    # and the award that stayed can be reversed, and earned again
    await reverse(first.source, first.external_id)
    assert (await record(event(survivor, "RAPID_CERTIFIED"))).outcome is Outcome.AWARDED
    assert await differences() == []


async def test_a_chain_of_merges_and_a_large_ledger_need_no_more_statements(count_statements: CountStatements) -> None:
    # given three profiles, the first with ten times as many entries
    one, two, three = await make_two(), await make_two(), await make_two()
    await record_many([event(one.pair.source, "ANSWER_ACCEPTED") for _ in range(300)])
    await record_many([event(two.pair.source, "ANSWER_ACCEPTED") for _ in range(30)])
    await record_many([event(each.pair.survivor, "RAPID_CERTIFIED") for each in (one, two, three)])
    # when
    with count_statements() as large:
        await merge(one.pair)
    with count_statements() as small:
        await merge(two.pair)
    await merge(Pair(one.pair.survivor, three.pair.survivor))
    # then
    assert large.total == small.total
    rows = await PointEntry.filter(profile_id=three.pair.survivor)
    assert {row.former_id for row in rows} == {one.pair.survivor, None}
    assert (await Score.get(profile_id=three.pair.survivor)).overall == 300 * 15 + 25
    assert await differences() == []


WHO = st.integers(0, 1)
STEP = st.one_of(
    st.tuples(st.just("event"), WHO, st.sampled_from(sorted(ACTIVITIES)), st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.just("event"), WHO, st.sampled_from(["UPVOTE_RECEIVED", "RAPID_CERTIFIED"]), st.just(0), st.just(1)),
    st.tuples(st.just("once"), WHO, st.sampled_from([code for code, each in ACTIVITIES.items() if each.once])),
    st.tuples(st.just("reverse"), st.integers(0, 30), st.integers(0, 2)),
    st.tuples(st.just("penalty"), WHO, st.sampled_from(list(Category)), st.integers(1, 500), st.booleans()),
    st.tuples(st.just("opening"), WHO, st.sampled_from(list(Category)), st.integers(-50, 500)),
)


async def live_through(steps: list[Any], pair: Pair, stranger: int) -> None:
    """Let two people earn and lose points, partly by each other."""
    sent: list[Any] = []
    for number, (kind, *facts) in enumerate(steps):
        key = f"{pair.source}:{number}"
        if kind in {"event", "once"}:
            who, activity, hours, counterpart = (*facts, 0, 0)[:4]
            other = [None, pair[1 - who], pair[who], stranger][counterpart]
            sent.append(event(pair[who], activity, occurred_at=NOON + timedelta(hours=9 * hours), counterpart_id=other))
            await record(sent[-1])
        elif kind == "reverse" and sent:
            picked = sent[facts[0] % len(sent)]
            with clock.frozen(NOON + timedelta(days=facts[1])):
                await reverse(picked.source, picked.external_id)
        elif kind == "penalty":
            who, category, points, shown = facts
            await penalize(pair[who], category, points, reason="Spam", shown=shown, external_id=key)
        elif kind == "opening":
            who, category, points = facts
            await record_opening_balances([OpeningBalance(pair[who], category, points, "archive", key)])


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, min_size=4, max_size=30))
async def test_after_any_story_the_points_of_both_add_up_but_for_what_is_taken_back(steps: list[Any]) -> None:
    # given
    two, stranger = await make_two(), await make_profile()
    source, survivor = two.pair
    await live_through(steps, two.pair, stranger)
    before = {each.pk: each for each in await Score.filter(profile_id__in=two.pair)}
    plan = await plan_of(two.pair)
    expected = await figures(two.pair, plan)
    # when
    await merge(two.pair)
    # then
    score = await Score.get(profile_id=survivor)
    for category, column in COLUMNS.items():
        taken = sum(each.points for each in plan.compensations if each.category is category)
        assert getattr(score, column) == sum(getattr(each, column) for each in before.values()) - taken
        assert expected.merged.points[category] == getattr(score, column)
    rows = await PointEntry.filter(profile_id=survivor)
    undone = {row.reverses_id for row in rows}
    assert score.overall == sum(row.awarded for row in rows)
    for row in rows:
        if row.id not in undone and row.kind is EntryKind.ACTIVITY and row.outcome in {Outcome.AWARDED, Outcome.CAPPED}:
            assert row.counterpart_id != survivor
    standing = [
        row.activity
        for row in rows
        if row.id not in undone and row.outcome is Outcome.AWARDED and row.kind is EntryKind.ACTIVITY
    ]
    once = sorted(activity for activity in standing if activity and ACTIVITIES[activity].once)
    assert once == sorted(set(once))
    assert once == await once_awards_of(survivor)
    assert (
        not await PointEntry.filter(profile_id=source).exists()
        and not await ProfileCounter.filter(profile_id=source).exists()
    )
    assert await differences() == []
