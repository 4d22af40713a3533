"""Who is given a badge, and who shows which: docs/rules/badges.md."""

from asyncio import gather
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tortoise.transactions import in_transaction

from catalogue.badges import Rarity
from catalogue.criteria import CONNECTIONS
from catalogue.points import ACTIVITIES, Category
from models.audit import AuditEntry
from models.badges import AwardOrigin, BadgeAward, FeaturedBadge, ImportedBadge
from models.notices import Notice
from models.profiles import Profile
from services.achievements import achievements, badges
from services.core import clock
from services.errors import ErrorCode, Problem, Refused
from services.points.corrections import penalize, reverse
from services.points.ledger import record, record_many
from services.points.opening_balances import OpeningBalance, record_opening_balances
from services.progress import counters, criteria
from services.progress.scores import lock_scores
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, event, give, make_person, make_profile

pytestmark = pytest.mark.usefixtures("database")


async def held(profile_id: int) -> dict[str, int]:
    """What a person has earned: the highest level by badge."""
    rows: Any = BadgeAward.filter(profile_id=profile_id, superseded=False, revoked_at=None)
    return dict(await rows.values_list("badge", "level"))


async def levels(profile_id: int, badge: str) -> list[int]:
    rows: Any = BadgeAward.filter(profile_id=profile_id, badge=badge).order_by("level")
    return list(await rows.values_list("level", flat=True))


async def told(profile_id: int) -> list[tuple[str, int]]:
    found = await Notice.filter(topic="PERSON", profile_id=profile_id).order_by("id")
    return [(each.facts["badge"], each.facts["level"]) for each in found if each.facts["kind"] == "BADGE"]


async def make_earner(**more: Any) -> int:
    """Somebody with an account, who can be told."""
    return (await make_person(**more)).own_profile_id


async def connect(profile_id: int, times: int) -> None:
    async with in_transaction():
        await lock_scores([profile_id])
        await achievements.evaluate([await counters.add(profile_id, CONNECTIONS, times)])


async def test_what_fulfils_a_criterion_is_given_at_once_and_told() -> None:
    # given
    ada = await make_earner()
    # when
    await give(ada, "ANSWER_ACCEPTED")
    # then
    assert await held(ada) == {"FIRST_LIGHT": 1}
    assert await told(ada) == [("FIRST_LIGHT", 1)]
    award = await BadgeAward.get(profile_id=ada)
    assert (award.origin, award.awarded_at, award.revoked_at) == (AwardOrigin.RULE, NOON, None)
    assert len(award.credential) == 32


async def test_every_level_that_is_jumped_over_is_given_and_the_highest_shows() -> None:
    # given
    ada = await make_earner()
    # when
    await record_many([event(ada, "ANSWER_ACCEPTED") for _ in range(110)])
    # then
    assert (await held(ada))["PROBLEM_SOLVER"] == 3
    assert await levels(ada, "PROBLEM_SOLVER") == [1, 2, 3]
    assert [each for each in await told(ada) if each[0] == "PROBLEM_SOLVER"] == [("PROBLEM_SOLVER", 3)]


async def test_badges_stay_when_points_fall_and_are_not_given_again() -> None:
    # given
    ada = await make_earner()
    vote = event(ada, "ANSWER_ACCEPTED")
    for each in (vote, *(event(ada, "ANSWER_ACCEPTED") for _ in range(4))):
        await record(each)
    before, heard = await held(ada), await told(ada)
    assert before["PROBLEM_SOLVER"] == 1
    # when
    await reverse(vote.source, vote.external_id)
    await penalize(ada, Category.FORUM, 500, reason="Spam", shown=True, external_id="p1")
    await record(event(ada, "ANSWER_ACCEPTED"))
    # then
    assert await held(ada) == before
    assert await told(ada) == heard


async def test_what_gives_nothing_earns_nothing_but_a_capped_event_counts() -> None:
    # given
    ada, ben = await make_profile(), await make_profile()
    # when
    await record_many([event(ada) for _ in range(10)])
    await record_many([event(ben, counterpart_id=ben) for _ in range(10)])
    # then
    assert (await held(ada))["CROWD_PLEASER"] == 1  # five gave points, ten were given
    assert await held(ben) == {}


async def test_a_penalty_taken_back_can_bring_a_badge() -> None:
    # given
    ada = await make_profile()
    penalty = await penalize(ada, Category.FORUM, 40, reason="Spam", shown=True, external_id="p1")
    await record_many([event(ada, "APP_PUBLISHED")])
    assert "COLLECTOR" not in await held(ada)
    # when
    await reverse(penalty.source, penalty.external_id)
    # then
    assert (await held(ada))["COLLECTOR"] == 1


async def test_opening_balances_earn_nothing() -> None:
    # given
    ada = await make_earner()
    # when
    await record_opening_balances([OpeningBalance(ada, Category.FORUM, 2_000, "archive", "1")])
    # then
    assert await held(ada) == {}
    assert await told(ada) == []


async def test_connections_and_projects_count_too() -> None:
    # given
    ada = await make_earner()
    # when
    await connect(ada, 9)
    await connect(ada, -8)
    await connect(ada, 9)
    # then
    assert await held(ada) == {"SMALL_WORLD": 2}
    assert await told(ada) == [("SMALL_WORLD", 1), ("SMALL_WORLD", 2)]


async def test_whoever_is_not_active_is_given_nothing_by_the_rule() -> None:
    # given
    ada = await make_profile()
    await Profile.filter(id=ada).update(active=False)
    # when
    await connect(ada, 1)
    # then
    assert await held(ada) == {}


async def test_two_who_judge_at_once_give_once_and_tell_once() -> None:
    # given
    ada = await make_earner()
    await record_many([event(ada, "ANSWER_ACCEPTED") for _ in range(4)])
    # when
    await gather(*(record(event(ada, "ANSWER_ACCEPTED", external_id=f"a:{n}")) for n in range(8)))
    # then
    assert (await held(ada))["PROBLEM_SOLVER"] == 1
    assert (await told(ada)).count(("PROBLEM_SOLVER", 1)) == 1


@pytest.mark.postgres_only
async def test_without_the_lock_the_unique_row_still_gives_once() -> None:
    # given
    ada = await make_earner()
    award = badges.Award(ada, "FIRST_LIGHT", 1, NOON)

    async def evaluate() -> int:
        async with in_transaction():
            return len(await badges.award([award], notify=True))

    # when
    new = await gather(*(evaluate() for _ in range(8)))
    # then
    assert sorted(new) == [0] * 7 + [1]
    assert await told(ada) == [("FIRST_LIGHT", 1)]


async def test_an_event_that_crosses_nothing_costs_one_look_for_younger_badges(
    count_statements: CountStatements,
) -> None:
    # given
    people = [await make_profile() for _ in range(40)]
    await record_many([event(who, "ANSWER_ACCEPTED") for who in people for _ in range(8)])
    totals = []
    # when
    for size in (1, 20, 40):
        with count_statements() as seen:
            await record_many(
                [event(who, "ANSWER_ACCEPTED", occurred_at=NOON + timedelta(days=1)) for who in people[:size]]
            )
        totals.append(seen.total)
        assert len([text for text in seen.texts if "badge_award" in text]) == 1
    # then
    assert len(set(totals)) == 1


async def test_many_badges_at_once_take_as_many_statements_as_one(count_statements: CountStatements) -> None:
    # given
    people = [await make_profile() for _ in range(30)]
    totals = []
    # when
    for some in (people[:5], people[5:]):
        with count_statements() as seen:
            await record_many([event(who, code) for who in some for code in ("MVP_REACHED", "APP_PUBLISHED")])
        totals.append(seen.total)
    # then
    assert totals[0] == totals[1]
    assert len([text for text in seen.texts if "badge_award" in text]) == 3, "given, ranked, dated"


# By hand


async def test_a_badge_is_granted_by_hand_with_a_reason_and_written_down() -> None:
    # given
    ada = await make_earner()
    # when
    await badges.grant(ada, "PROBLEM_SOLVER", level=2, reason=" Helped at the booth ")
    # then
    assert await held(ada) == {"PROBLEM_SOLVER": 2}
    assert await levels(ada, "PROBLEM_SOLVER") == [1, 2]
    award = await BadgeAward.get(profile_id=ada, level=2)
    assert (award.origin, award.reason) == (AwardOrigin.OPERATOR, "Helped at the booth")
    assert await told(ada) == [("PROBLEM_SOLVER", 2)]
    line = await AuditEntry.get(action="badge.granted")
    assert line.facts == {"profile": ada, "badge": "PROBLEM_SOLVER", "level": 2, "reason": "Helped at the booth"}


@pytest.mark.parametrize(
    ("badge", "level", "reason", "code"),
    [
        ("PROBLEM_SOLVER", 6, "Why", ErrorCode.BAD_INPUT),
        ("PROBLEM_SOLVER", 0, "Why", ErrorCode.BAD_INPUT),
        ("PROBLEM_SOLVER", 1, "  ", ErrorCode.BAD_INPUT),
        ("PROBLEM_SOLVER", 1, "y" * 501, ErrorCode.BAD_INPUT),
        ("NO_SUCH", 1, "Why", ErrorCode.NOT_FOUND),
        ("FIRST_LIGHT", 1, "Why", ErrorCode.ALREADY_EXISTS),
    ],
)
async def test_a_grant_that_makes_no_sense_is_refused(badge: str, level: int, reason: str, code: ErrorCode) -> None:
    # given
    ada = await make_profile()
    await badges.grant(ada, "FIRST_LIGHT", reason="Why")
    # when
    with pytest.raises(Refused) as why:
        await badges.grant(ada, badge, level=level, reason=reason)
    # then
    assert [problem.code for problem in why.value.problems] == [code]
    assert await held(ada) == {"FIRST_LIGHT": 1}


async def test_nobody_is_granted_to() -> None:
    with pytest.raises(Refused) as why:
        await badges.grant(999_999, "FIRST_LIGHT", reason="Why")
    assert why.value.problems[0].code is ErrorCode.NOT_FOUND


async def test_a_revoked_level_shows_the_one_below_and_never_comes_back_by_the_rule() -> None:
    # given
    ada = await make_earner()
    await record_many([event(ada, "ANSWER_ACCEPTED") for _ in range(25)])
    await badges.feature(ada, ["PROBLEM_SOLVER", "FIRST_LIGHT"])
    # when
    taken = await badges.revoke(ada, "PROBLEM_SOLVER", level=2, reason="Answers were copied")
    await record_many([event(ada, "ANSWER_ACCEPTED") for _ in range(5)])
    # then
    assert taken == [2]
    assert (await held(ada))["PROBLEM_SOLVER"] == 1
    assert [each.badge for each in await FeaturedBadge.filter(profile_id=ada)] == ["FIRST_LIGHT"]
    assert (await AuditEntry.get(action="badge.revoked")).facts["reason"] == "Answers were copied"
    # a level above that is reached later counts all the same
    await record_many([event(ada, "ANSWER_ACCEPTED") for _ in range(70)])
    assert (await held(ada))["PROBLEM_SOLVER"] == 3
    assert (await BadgeAward.get(profile_id=ada, badge="PROBLEM_SOLVER", level=2)).revoked_at is not None


async def test_a_whole_badge_is_revoked_once() -> None:
    # given
    ada = await make_profile()
    await record_many([event(ada, "ANSWER_ACCEPTED") for _ in range(25)])
    # when
    taken = await badges.revoke(ada, "PROBLEM_SOLVER", reason="Why")
    # then
    assert taken == [1, 2]
    assert "PROBLEM_SOLVER" not in await held(ada)
    with pytest.raises(Refused) as why:
        await badges.revoke(ada, "PROBLEM_SOLVER", reason="Why")
    assert why.value.problems[0].code is ErrorCode.NOT_FOUND


async def test_granting_by_hand_brings_a_revoked_badge_back() -> None:
    # given
    ada = await make_earner()
    await give(ada, "ANSWER_ACCEPTED")
    await badges.revoke(ada, "FIRST_LIGHT", reason="A mistake")
    # when
    await badges.grant(ada, "FIRST_LIGHT", reason="It was ours")
    # then
    assert await held(ada) == {"FIRST_LIGHT": 1}
    award = await BadgeAward.get(profile_id=ada)
    assert (award.origin, award.reason, award.revoked_reason) == (AwardOrigin.OPERATOR, "It was ours", "")
    assert await told(ada) == [("FIRST_LIGHT", 1)] * 2


async def test_an_imported_badge_is_granted_by_hand() -> None:
    # given
    ada = await make_profile()
    await ImportedBadge.create(source="archive", key="7", code="archive.7", name="Founder", rarity=Rarity.ORANGE)
    # when
    await badges.grant(ada, "archive.7", reason="Was there")
    # then
    assert await held(ada) == {"archive.7": 1}


# Whatever happens

STEP = st.one_of(
    st.tuples(st.just("batch"), st.lists(st.sampled_from(sorted(ACTIVITIES)), min_size=1, max_size=40)),
    st.tuples(st.just("many"), st.sampled_from(sorted(ACTIVITIES)), st.integers(1, 30)),
    st.tuples(st.just("reverse"), st.integers(0, 60)),
    st.tuples(st.just("penalty"), st.sampled_from(list(Category)), st.integers(1, 500)),
    st.tuples(st.just("opening"), st.sampled_from(list(Category)), st.integers(-50, 900)),
    st.tuples(st.just("connect"), st.integers(-3, 12)),
)


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=12))
async def test_after_any_story_every_level_that_an_act_reached_was_given(steps: list[Any]) -> None:
    # given
    ada = await make_profile()
    sent: list[Any] = []
    ever: set[tuple[str, int]] = set()
    before: set[tuple[str, int]] = set()
    # when
    for number, (kind, *facts) in enumerate(steps):
        if kind in {"batch", "many"}:
            activities = facts[0] if kind == "batch" else [facts[0]] * facts[1]
            events = [event(ada, each, occurred_at=NOON + timedelta(days=number)) for each in activities]
            with clock.frozen(NOON + timedelta(days=30)):
                assert not any(isinstance(each, Problem) for each in await record_many(events))
            sent += events
        elif kind == "reverse" and sent:
            await reverse(sent[facts[0] % len(sent)].source, sent[facts[0] % len(sent)].external_id)
        elif kind == "penalty":
            await penalize(ada, *facts, reason="Spam", shown=True, external_id=f"{ada}:{number}")
        elif kind == "opening":
            await record_opening_balances([OpeningBalance(ada, facts[0], facts[1], "archive", f"{ada}:{number}")])
        elif kind == "connect":
            await connect(ada, facts[0])
        figures = (await criteria.facts_of([ada]))[ada]
        holding = {key for key, each in badges.WATCH.criteria.items() if criteria.is_met(each, figures)}
        if kind != "opening":  # of what a balance brings along no rule is tried
            ever |= {(badge, below) for badge, level in holding - before for below in range(1, level + 1)}
        before = holding
    # then
    rows: Any = BadgeAward.filter(profile_id=ada)
    given_ = list(await rows.values_list("badge", "level", "superseded"))
    assert {(badge, level) for badge, level, _ in given_} == ever
    highest = {badge: max(level for other, level in ever if other == badge) for badge, _ in ever}
    assert {(badge, level) for badge, level, superseded in given_ if not superseded} == set(highest.items())
