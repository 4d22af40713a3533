"""Badges and challenges of two profiles become those of one: docs/rules/badges.md, docs/rules/challenges.md#claiming."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.accounts import Account
from models.badges import AwardOrigin, BadgeAward, FeaturedBadge, RevokedCredential
from models.challenges import ChallengeClaim, ChallengeCompletion
from models.notices import Notice
from models.points import ProfileCounter, Score
from services.achievements import badges, challenges
from services.achievements.badge_reevaluation import reevaluate
from services.core.change_feed import PersonKind, Topic
from services.credits import credit_ledger
from services.errors import ErrorCode, Refused
from services.merging.figures import figures
from services.open_badges import credential_status
from services.points import ledger_consistency
from services.points.ledger import record
from tests.helpers.badge_awards import make_award, make_imported_badge
from tests.helpers.factories import NOON, event, give
from tests.helpers.merging import make_two, merge, of_table, plan_of

pytestmark = pytest.mark.usefixtures("database")
DAY = timedelta(days=1)
FIVE_ANSWERS = ("PROBLEM_SOLVER", 1)


async def awards_of(profile_id: int) -> dict[tuple[str, int], BadgeAward]:
    return {(each.badge, each.level): each for each in await BadgeAward.filter(profile_id=profile_id)}


async def notices_of(profile_id: int, kind: PersonKind) -> list[Any]:
    rows = await Notice.filter(topic=Topic.PERSON.value, profile_id=profile_id).order_by("id")
    return [row.facts for row in rows if row.facts["kind"] == kind.value]


async def test_of_two_awards_of_a_level_the_valid_one_stays_else_the_earlier() -> None:
    # given
    two = await make_two()
    source, survivor = two.pair
    await make_imported_badge()
    by_hand = {"origin": AwardOrigin.OPERATOR, "reason": "Helped"}
    revoked = {"revoked_at": NOON + DAY, "revoked_reason": "Spam", "superseded": True}
    made = {
        name: await make_award(who, badge, level, **more)
        for name, who, badge, level, more in (
            ("later", survivor, "old-hand", 1, {"awarded_at": NOON + DAY, "origin": AwardOrigin.IMPORT}),
            ("earlier", source, "old-hand", 1, by_hand),
            ("revoked", survivor, "CLIMBER", 1, revoked | {"awarded_at": NOON - DAY}),
            ("valid", source, "CLIMBER", 1, by_hand),
            ("valid too", survivor, "SUMMIT", 1, by_hand),
            ("revoked too", source, "SUMMIT", 1, revoked | {"awarded_at": NOON - DAY}),
            ("both revoked", survivor, "GOOD_HOST", 1, revoked),
            ("both revoked, later", source, "GOOD_HOST", 1, revoked | {"awarded_at": NOON + DAY}),
            ("lower", survivor, "BOOKWORM", 1, by_hand),
            ("higher", source, "BOOKWORM", 2, by_hand),
        )
    }
    for each in made.values():
        if each.revoked_at:
            await RevokedCredential.create(place=each.id, credential=each.credential, revoked_at=NOON + DAY)
    for place, (who, badge) in enumerate([(survivor, "SUMMIT"), (survivor, "old-hand")], 1):
        await FeaturedBadge.create(profile_id=who, badge=badge, place=place)
    for place, badge in enumerate(["BOOKWORM", "old-hand", "CLIMBER", "FIFTH"], 1):
        await FeaturedBadge.create(profile_id=source, badge=badge, place=place)
    plan = await plan_of(two.pair)
    # when
    await merge(two.pair)
    # then
    found = await awards_of(survivor)
    assert {each.id for each in found.values()} == {
        made[name].id for name in ("earlier", "valid", "valid too", "both revoked", "lower", "higher")
    }
    assert (found["old-hand", 1].origin, found["old-hand", 1].reason) == (AwardOrigin.OPERATOR, "Helped")
    assert {key for key, each in found.items() if each.superseded} == {("BOOKWORM", 1), ("GOOD_HOST", 1)}
    # and the dropped one's credential is revoked; ids that were revoked before stay known
    for name, each in made.items():
        assert await credential_status.is_revoked(each.credential) is (name == "later" or each.revoked_at is not None)
    # and the survivor's badges are featured first
    featured = await FeaturedBadge.filter(profile_id=survivor).order_by("place").values_list("place", "badge")
    assert featured == [(1, "SUMMIT"), (2, "old-hand"), (3, "BOOKWORM"), (4, "CLIMBER")]
    # and the plan said so
    for table, rows in (("badge_award", len(found)), ("featured_badge", 4)):
        counted = of_table(plan, table)
        assert counted.kept + counted.moved + counted.added == rows
    assert (of_table(plan, "badge_award").combined, of_table(plan, "featured_badge").combined) == (4, 1)
    # and what was revoked on the merged profile is not awarded by the rule
    with pytest.raises(Refused):
        await badges.feature(survivor, ["GOOD_HOST"])


async def test_what_the_sum_earns_is_awarded_with_its_date_and_a_notice() -> None:
    # given answers on both sides, alternately
    two = await make_two()
    source, survivor = two.pair
    for day in range(3):
        await give(source, "ANSWER_ACCEPTED", occurred_at=NOON + day * DAY)
        await give(survivor, "ANSWER_ACCEPTED", occurred_at=NOON + day * DAY + timedelta(hours=1))
    for who in two.pair:
        await record(event(who, "ACADEMY_UNIT_COMPLETED", occurred_at=NOON))
    plan = await plan_of(two.pair)
    expected = await figures(two.pair, plan)
    last = (await Notice.all().order_by("-id").first()).id  # type: ignore[union-attr]
    # when
    await merge(two.pair)
    # then
    found = await awards_of(survivor)
    fifth = found[FIVE_ANSWERS]
    assert fifth.awarded_at == NOON + 2 * DAY and not fifth.unmet
    assert {each.origin for each in found.values()} == {AwardOrigin.RULE}
    score = await Score.get(profile_id=survivor)
    assert score.overall == 92
    assert expected.merged.badges == len({badge for badge, _ in found}) > expected.survivor.badges
    assert (expected.merged.level, expected.merged.academy_units, expected.source.academy_units) == (0, 2, 1)
    told = [each for each in await notices_of(survivor, PersonKind.BADGE) if each["badge"] == FIVE_ANSWERS[0]]
    assert [each["level"] for each in told][-1] == FIVE_ANSWERS[1]
    assert await Notice.filter(id__gt=last, topic=Topic.SCORES.value).exists()
    # and it is what the commands would compute
    counted = of_table(plan, "badge_award")
    assert counted.kept + counted.moved + counted.added == len(found) and counted.added > 0
    before = {key: (each.awarded_at, each.unmet) for key, each in found.items()}

    assert [each.changed async for each in reevaluate()] == [0]
    assert {key: (each.awarded_at, each.unmet) for key, each in (await awards_of(survivor)).items()} == before
    assert [each async for each in ledger_consistency.differences()] == []
    # and a level of points is told once
    await record(event(survivor, "ANSWER_ACCEPTED"))
    assert [each["level"] for each in await notices_of(survivor, PersonKind.LEVEL)] == [1]


async def test_awards_for_connections_keep_the_earlier_date() -> None:
    # given
    two = await make_two()
    for who, day in ((two.pair.survivor, 5), (two.pair.source, 2)):
        await make_award(who, "SMALL_WORLD", 1, awarded_at=NOON + day * DAY)
        await ProfileCounter.create(profile_id=who, name="ANSWER_ACCEPTED", times=0, points=0)
    # when
    await merge(two.pair)
    # then
    assert (await awards_of(two.pair.survivor))["SMALL_WORLD", 1].awarded_at == NOON + 2 * DAY


async def complete(who: Account, code: str, at: datetime) -> None:
    await ChallengeCompletion.create(profile_id=who.own_profile_id, challenge=code, completed_at=at)


async def test_completions_and_claims_become_one_and_nothing_is_paid_a_third_time() -> None:
    # given both claimed one, one claimed another, and a third that both need
    two = await make_two()
    for who, at in ((two.source, NOON), (two.survivor, NOON + DAY)):
        await complete(who, "STUDENT", at)
        await complete(who, "NETWORKER", NOON + 2 * DAY - (at - NOON))
    await complete(two.survivor, "STORYTELLER", NOON)
    await complete(two.source, "STORYTELLER", NOON + DAY)
    first = await challenges.claim(two.source.id, "STUDENT", key="a key of the source")
    await challenges.claim(two.survivor.id, "STUDENT", key="a key of the survivor")
    await challenges.claim(two.source.id, "STORYTELLER")
    for who, times in ((two.source, 3), (two.survivor, 2)):
        await give(who.own_profile_id, "ANSWER_ACCEPTED", times=times)
        await give(who.own_profile_id, "UPVOTE_RECEIVED", times=5, occurred_at=NOON + DAY * times)
        await give(who.own_profile_id, "HACKATHON_WON")
        await give(who.own_profile_id, "ANSWER_ACCEPTED", times=3, occurred_at=datetime(2025, 1, times, tzinfo=UTC))
    credits_before = [await credit_ledger.balance_of(each.id) for each in (two.source, two.survivor)]
    plan = await plan_of(two.pair)
    expected = await figures(two.pair, plan)
    # when
    await merge(two.pair)
    # then
    survivor = two.pair.survivor
    done = dict(await ChallengeCompletion.filter(profile_id=survivor).values_list("challenge", "completed_at"))
    assert (done["STUDENT"], done["STORYTELLER"], done["NETWORKER"]) == (NOON, NOON, NOON + DAY)
    assert expected.merged.challenges == tuple(sorted(done))
    claims = {each.challenge: each for each in await ChallengeClaim.filter(profile_id=survivor)}
    assert claims.keys() == {"STUDENT", "STORYTELLER"} and claims["STUDENT"].id == first.claim.id
    for table, rows in (("challenge_completion", len(done)), ("challenge_claim", 2)):
        counted = of_table(plan, table)
        assert counted.kept + counted.moved + counted.added == rows
    # and neither account gets anything again, also not by a repeated call whose claim is gone
    assert [await credit_ledger.balance_of(each.id) for each in (two.source, two.survivor)] == credits_before
    for account in (two.source, two.survivor):
        for code, claim in claims.items():
            again = await challenges.claim(account.id, code)
            assert again.already and again.claim.id == claim.id
    repeated = await challenges.claim(two.survivor.id, "STUDENT", key="a key of the survivor")
    assert repeated.claim.id == first.claim.id
    assert [await credit_ledger.balance_of(each.id) for each in (two.source, two.survivor)] == credits_before
    assert [each async for each in credit_ledger.differences()] == []
    # and what is completed and claimed by no one can be claimed once, by either account
    assert not (await challenges.claim(two.source.id, "NETWORKER")).already
    assert (await challenges.claim(two.survivor.id, "NETWORKER")).already
    with pytest.raises(Refused) as refusal:
        await challenges.claim(two.survivor.id, "OUT_AND_ABOUT")
    assert refusal.value.problems[0].code is ErrorCode.NOT_COMPLETED
