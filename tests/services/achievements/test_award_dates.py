"""When the rule of a badge was met: in the order of what happened, as the ledger knows it now."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue.badges import BADGES
from catalogue.criteria import LEVEL, POINTS, POINTS_OF
from catalogue.points import ACTIVITIES, Category, level_of
from models.badges import AwardOrigin, BadgeAward
from models.points import EntryKind, PointEntry
from services.achievements import award_dates, badge_reevaluation, badges
from services.core import clock
from services.open_badges import badge_credentials
from services.points.corrections import penalize, reverse
from services.points.ledger import record, record_many
from services.points.ledger_consistency import differences
from services.points.opening_balances import OpeningBalance, record_opening_balances
from services.progress import timelines
from services.progress.counters import HAPPENED
from services.progress.criteria import is_met
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, event, make_profile
from tests.helpers.transactions import committed

pytestmark = pytest.mark.usefixtures("database")


def on(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


async def date_of(profile_id: int, badge: str, level: int = 1) -> datetime:
    return (await BadgeAward.get(profile_id=profile_id, badge=badge, level=level)).awarded_at


async def test_a_late_event_does_not_date_a_badge_by_itself() -> None:
    """25 points of 2017 that come after 35 of 2020 make 50 in 2020: no badge is of 2017."""
    # given
    ada = await make_profile(joined_on=on(2015).date())
    await record(event(ada, "WEBINAR_ATTENDED", occurred_at=on(2020)))
    await record(event(ada, "RAPID_CERTIFIED", occurred_at=on(2020, 6)))
    # when
    await record(event(ada, "MEETUP_ATTENDED", occurred_at=on(2017)))
    # then
    assert await date_of(ada, "COLLECTOR") == on(2020, 6)


async def test_a_late_event_moves_the_date_of_a_badge_that_is_there() -> None:
    # given
    ada = await make_profile(joined_on=on(2015).date())
    await record_many([event(ada, "APP_REVIEWED", occurred_at=on(2019, month)) for month in range(1, 11)])
    assert await date_of(ada, "HONEST_OPINION", 2) == on(2019, 10)
    credential = (await BadgeAward.get(profile_id=ada, badge="HONEST_OPINION", level=2)).credential
    # when
    await record(event(ada, "APP_REVIEWED", occurred_at=on(2017)))
    # then
    assert await date_of(ada, "HONEST_OPINION") == on(2017)
    assert await date_of(ada, "HONEST_OPINION", 2) == on(2019, 9)
    award = await badge_credentials.award_of(credential)
    assert award is not None
    assert (await badge_credentials.document(award))["validFrom"] == "2019-09-01T12:00:00Z"


async def test_what_is_taken_back_never_happened() -> None:
    # given
    ada = await make_profile(joined_on=on(2015).date())
    reviews = [event(ada, "APP_REVIEWED", occurred_at=on(2010 + year)) for year in range(6, 10)]
    await record_many(reviews)
    assert await date_of(ada, "HONEST_OPINION") == on(2016)
    # when, then
    await reverse(reviews[0].source, reviews[0].external_id)
    assert await date_of(ada, "HONEST_OPINION") == on(2017)
    for each in reviews[1:]:
        await reverse(each.source, each.external_id)
    award = await BadgeAward.get(profile_id=ada, badge="HONEST_OPINION")
    assert (award.awarded_at, award.unmet) == (on(2019), True), "it stays, with the last date that was known"
    # and what comes later meets the rule anew
    await record(event(ada, "APP_REVIEWED", occurred_at=on(2021)))
    award = await BadgeAward.get(profile_id=ada, badge="HONEST_OPINION")
    assert (award.awarded_at, award.unmet) == (on(2021), False)


async def test_every_level_of_a_batch_has_its_own_date() -> None:
    ada = await make_profile(joined_on=on(2015).date())
    days = [NOON - timedelta(days=n) for n in range(25)]
    await record_many([event(ada, "ANSWER_ACCEPTED", occurred_at=each) for each in days])
    assert await date_of(ada, "FIRST_LIGHT") == days[24]
    assert await date_of(ada, "PROBLEM_SOLVER", 1) == days[20]
    assert await date_of(ada, "PROBLEM_SOLVER", 2) == days[0]


async def test_nothing_is_dated_ahead_of_when_it_was_known() -> None:
    ada = await make_profile()
    with clock.frozen(NOON):
        await record(event(ada, "APP_REVIEWED", occurred_at=NOON + timedelta(minutes=4)))
    assert await date_of(ada, "HONEST_OPINION") == NOON


async def test_what_an_operator_gave_keeps_its_date() -> None:
    # given
    ada = await make_profile(joined_on=on(2015).date())
    with clock.frozen(NOON):
        await badges.grant(ada, "HONEST_OPINION", reason="Long ago")
    # when
    await record(event(ada, "APP_REVIEWED", occurred_at=on(2017)))
    # then
    assert await date_of(ada, "HONEST_OPINION") == NOON


async def test_an_opening_balance_gives_no_badge_and_stands_before_all_else() -> None:
    # given
    ada = await make_profile(joined_on=on(2015).date())
    await record_many([event(ada, "APP_PUBLISHED", occurred_at=on(2019))])
    await record_many([event(ada, "APP_PUBLISHED", occurred_at=on(2020))])
    assert await date_of(ada, "COLLECTOR") == on(2019)
    # when
    with clock.frozen(NOON):
        await record_opening_balances([OpeningBalance(ada, Category.FORUM, 30_000, "archive", "1")])
    # then
    assert not await BadgeAward.filter(profile_id=ada, badge="FORUM_PILLAR").exists()
    assert await date_of(ada, "COLLECTOR") == NOON, "it was met by what was brought along, as soon as that was known"
    # and an operator may have it given
    [step] = [each async for each in badge_reevaluation.reevaluate()]
    assert step.changed > 0
    assert await date_of(ada, "FORUM_PILLAR", 3) == NOON


async def test_statements_do_not_grow_with_what_is_dated_anew(count_statements: CountStatements) -> None:
    # given
    people = [await make_profile(joined_on=on(2015).date()) for _ in range(50)]
    counts = []
    await record_many([event(who, "APP_REVIEWED", occurred_at=on(2020)) for who in people])
    # when
    for some in (people[:10], people[10:]):
        with count_statements() as seen:
            await record_many([event(who, "APP_REVIEWED", occurred_at=on(2017)) for who in some])
        counts.append(seen.total)
    # then
    assert counts[0] == counts[1], seen.texts
    assert {await date_of(who, "HONEST_OPINION") for who in people} == {on(2017)}
    # Beside the ledger, the sums, the counters and what processes are told: young awards, their timelines, the dates.
    assert counts[0] <= 7 + 3, seen.texts


# Against a plain recomputation


def plain_date(entries: Sequence[PointEntry], badge: str, level: int) -> datetime | None:
    """Go through all that happened, from the beginning, and say when the rule held first."""
    criterion = BADGES[badge].levels[level - 1]
    originals = {entry.id: entry for entry in entries}
    openings = [entry for entry in entries if entry.kind is EntryKind.OPENING]
    others = [entry for entry in entries if entry.kind is not EntryKind.OPENING]
    instants = [
        [each for each in openings if each.recorded_at == at] for at in sorted({e.recorded_at for e in openings})
    ]
    instants += [[each for each in others if each.occurred_at == at] for at in sorted({e.occurred_at for e in others})]
    facts: dict[str, int] = {}
    for instant in instants:
        for entry in instant:
            judged = originals[entry.reverses_id] if entry.reverses_id else entry
            if entry.activity and judged.outcome in HAPPENED:
                facts[entry.activity] = facts.get(entry.activity, 0) + (1 if judged is entry else -1)
            for name in (POINTS, POINTS_OF[entry.category]):
                facts[name] = facts.get(name, 0) + entry.awarded
        facts[LEVEL] = level_of(facts.get(POINTS, 0))
        if is_met(criterion, facts):
            known = min(entry.recorded_at for entry in instant)
            return known if instant[0].kind is EntryKind.OPENING else min(instant[0].occurred_at, known)
    return None


STEP = st.one_of(
    st.tuples(
        st.just("batch"),
        st.lists(st.tuples(st.sampled_from(sorted(ACTIVITIES)), st.integers(0, 40)), min_size=1, max_size=12),
    ),
    st.tuples(
        st.just("many"), st.sampled_from(("ANSWER_ACCEPTED", "APP_PUBLISHED", "MEETUP_ATTENDED")), st.integers(0, 40)
    ),
    st.tuples(st.just("reverse"), st.integers(0, 60)),
    st.tuples(st.just("penalty"), st.sampled_from(list(Category)), st.integers(1, 300), st.booleans()),
    st.tuples(st.just("forgive"), st.integers(0, 9)),
    st.tuples(st.just("opening"), st.sampled_from(list(Category)), st.integers(-50, 400)),
)


class Story:
    """Carries out steps on one person, an hour apart; days of what happened are drawn, so that much comes late."""

    def __init__(self, profile_id: int) -> None:
        self.profile_id, self.sent, self.penalties = profile_id, list[Any](), list[str]()

    def _event(self, activity: str, day: int) -> Any:
        self.sent.append(event(self.profile_id, activity, occurred_at=NOON - timedelta(days=day)))
        return self.sent[-1]

    async def take(self, number: int, kind: str, *facts: Any) -> None:
        with clock.frozen(NOON + timedelta(hours=number)):
            if kind == "batch":
                await record_many([self._event(activity, day) for activity, day in facts[0]])
            elif kind == "many":
                activity, day = facts
                await record_many([self._event(activity, day + n % 3) for n in range(20)])
            elif kind == "reverse" and self.sent:
                picked = self.sent[facts[0] % len(self.sent)]
                await reverse(picked.source, picked.external_id)
            elif kind == "penalty":
                category, points, shown = facts
                self.penalties.append(f"{self.profile_id}:{number}")
                await penalize(
                    self.profile_id, category, points, reason="Spam", shown=shown, external_id=self.penalties[-1]
                )
            elif kind == "forgive" and self.penalties:
                await reverse("operator:penalties", self.penalties[facts[0] % len(self.penalties)])
            elif kind == "opening":
                category, points = facts
                await record_opening_balances(
                    [OpeningBalance(self.profile_id, category, points, "archive", f"{self.profile_id}:{number}")]
                )


async def stored(profile_id: int) -> dict[tuple[str, int], tuple[datetime, bool]]:
    awards = await BadgeAward.filter(profile_id=profile_id, origin=AwardOrigin.RULE)
    return {(each.badge, each.level): (each.awarded_at, each.unmet) for each in awards}


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, min_size=1, max_size=12))
async def test_after_any_story_dates_are_those_of_a_plain_recomputation(steps: list[Any]) -> None:
    # given
    story = Story(await make_profile())
    known: dict[tuple[str, int], datetime] = {}
    for number, step in enumerate(steps):
        # when
        await story.take(number, *step)
        # then
        entries = await PointEntry.filter(profile_id=story.profile_id)
        found = await stored(story.profile_id)
        for (badge, level), (at, unmet) in found.items():
            plain = plain_date(entries, badge, level)
            assert unmet == (plain is None), (badge, level)
            assert at == (plain or known[badge, level]), (badge, level)
            known[badge, level] = at
    # and when everything is looked at again
    before = await stored(story.profile_id)
    with clock.frozen(NOON + timedelta(days=2)):
        [_ async for _ in badge_reevaluation.reevaluate()]
    after = await stored(story.profile_id)
    assert {key: after[key] for key in before} == before
    # and when the ledger is read in slices, as a long one
    with pytest.MonkeyPatch.context() as patch:
        for name, number in (("ROWS_AT_ONCE", 2), ("ENTRIES_OF_SLICE", 2), ("SLICES_AT_ONCE", 3)):
            patch.setattr(timelines, name, number)
        assert await committed(award_dates.recompute_dates([story.profile_id], awarded_at=NOON)) == 0
    assert [each async for each in differences()] == []


async def test_a_caller_who_is_wrong_about_what_was_not_met_is_answered_right() -> None:
    ada = await make_profile(joined_on=on(2015).date())
    await record_many([event(ada, "APP_REVIEWED", occurred_at=on(year)) for year in (2017, 2019)])
    [rule] = BADGES["HONEST_OPINION"].levels[:1]
    assert await timelines.first_met({ada: [rule]}, {ada: on(2018)}) == {(ada, rule): on(2017)}


async def test_a_long_ledger_lets_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    ada = await make_profile(joined_on=on(2015).date())
    monkeypatch.setattr(timelines, "ROWS_AT_ONCE", 10)
    turns = 0

    async def turn(_seconds: float) -> None:
        nonlocal turns
        turns += 1

    await record_many([event(ada, "APP_REVIEWED", occurred_at=NOON - timedelta(hours=n)) for n in range(60)])
    monkeypatch.setattr("services.progress.timelines.asyncio.sleep", turn)
    # when
    assert await committed(award_dates.recompute_dates([ada], awarded_at=NOON)) == 0
    # then
    assert turns >= 6


async def test_of_a_long_ledger_only_slices_that_may_meet_a_criterion_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    ada = await make_profile(joined_on=on(2015).date())
    await record_many([event(ada, "APP_REVIEWED", occurred_at=on(2017) + timedelta(days=n)) for n in range(40)])
    monkeypatch.setattr(timelines, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(timelines, "ENTRIES_OF_SLICE", 5)
    read_changes = timelines._read_changes
    read: list[int] = []

    async def note(*asked: Any) -> Any:
        changes = await read_changes(*asked)
        read.append(len(changes))
        return changes

    monkeypatch.setattr(timelines, "_read_changes", note)
    rules = BADGES["HONEST_OPINION"].levels  # 1, 10 and 50 reviews
    # when
    met = await timelines.first_met({ada: rules}, {})
    # then
    assert met == {(ada, rules[0]): on(2017), (ada, rules[1]): on(2017) + timedelta(days=9)}
    assert sum(read) < 12


async def test_a_criterion_that_is_met_inside_a_slice_and_lost_before_its_end_was_met(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given
    ada = await make_profile(joined_on=on(2015).date())
    await record(event(ada, "HACKATHON_ATTENDED", occurred_at=on(2017)))  # 50 points
    with clock.frozen(on(2017, 2)):
        await penalize(ada, Category.COMMUNITY, 50, reason="No such event.", shown=True, external_id="1")
    await record_many([event(ada, "MEETUP_ATTENDED", occurred_at=on(year)) for year in range(2018, 2024)])
    for name in ("ROWS_AT_ONCE", "ENTRIES_OF_SLICE"):
        monkeypatch.setattr(timelines, name, 3)  # the first slice ends before the third entry
    [rule] = BADGES["COLLECTOR"].levels[:1]
    # then
    assert await timelines.first_met({ada: [rule]}, {}) == {(ada, rule): on(2017)}
