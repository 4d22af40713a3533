"""Challenges: completed in time, claimed once. docs/rules/challenges.md."""

from asyncio import gather
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from catalogue import challenges as catalogue
from catalogue.challenges import Challenge
from catalogue.criteria import criterion_of
from catalogue.points import Category
from models.accounts import Account, AccountStatus
from models.challenges import ChallengeClaim, ChallengeCompletion
from models.credits import CreditEntry
from models.notices import Notice
from models.points import ProfileCounter
from services.achievements import achievements, challenges
from services.achievements.challenges import ChallengeProgress, ChallengeWatch, ClaimResult
from services.core import clock
from services.credits.credit_ledger import balance_of, differences
from services.errors import ErrorCode, Refused
from services.points.corrections import reverse
from services.points.ledger import record_many
from services.points.opening_balances import OpeningBalance, record_opening_balances
from services.progress import counters, profile_batches
from services.progress.profile_batches import BatchResult
from services.progress.scores import lock_scores
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, event, give, make_person

pytestmark = pytest.mark.usefixtures("database", "known")
HELP, SPRING, OLD, MEET = "TEST_HELP", "TEST_SPRING", "TEST_OLD", "TEST_MEET"
START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


def challenge(code: str, *needs: dict[str, int], **more: Any) -> Challenge:
    steps = tuple(catalogue.Step(f"Step {n}", criterion_of(each, code)) for n, each in enumerate(needs, 1))
    return Challenge(code, code.title(), "For tests.", more.pop("credits", 50), steps, **more)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two answers and a certificate; two answers, or 40 points, in March 2026; the same, long over; people to meet."""
    made = (
        challenge(HELP, {"ANSWER_ACCEPTED": 2}, {"RAPID_CERTIFIED": 1}),
        challenge(SPRING, {"ANSWER_ACCEPTED": 2}, {"POINTS:LEARNING": 20}, credits=70, starts_at=START, ends_at=END),
        challenge(OLD, {"ANSWER_ACCEPTED": 1}, ends_at=START),
        challenge(MEET, {"CONNECTIONS": 1}),
    )
    by_code = {each.code: each for each in made}
    monkeypatch.setattr(challenges, "CHALLENGES", by_code)
    monkeypatch.setattr(challenges, "WATCH", ChallengeWatch(by_code))


async def somebody() -> tuple[int, int]:
    """A new person's account and profile."""
    account = await make_person()
    return account.id, account.own_profile_id


async def standing(profile_id: int, code: str) -> ChallengeProgress:
    [found] = [each for each in (await challenges.progress_of([profile_id]))[profile_id] if each.challenge.code == code]
    return found


async def completed(profile_id: int) -> set[str]:
    found: Any = ChallengeCompletion.filter(profile_id=profile_id).values_list("challenge", flat=True)
    return set(await found)


async def refusal(account_id: int, code: str, key: str | None = None) -> ErrorCode:
    with pytest.raises(Refused) as why:
        await challenges.claim(account_id, code, key)
    return why.value.problems[0].code


async def do_both(profile_id: int, **more: Any) -> None:
    """Do what HELP and SPRING want."""
    await give(profile_id, times=2, **more)
    await give(profile_id, "RAPID_CERTIFIED", **more)


async def test_the_event_that_does_the_last_step_completes_it_and_the_person_hears_of_it() -> None:
    # given
    _, ada = await somebody()
    await give(ada, times=2)
    before = await completed(ada)
    # when
    await give(ada, "RAPID_CERTIFIED", occurred_at=NOON + timedelta(hours=1))
    # then
    assert (before & {HELP, SPRING}, await completed(ada)) == (set(), {HELP, SPRING})
    row = await ChallengeCompletion.get(profile_id=ada, challenge=HELP)
    assert row.completed_at == NOON + timedelta(hours=1)
    told = [each.facts for each in await Notice.filter(topic="PERSON", profile_id=ada)]
    assert [each["challenge"] for each in told if each["kind"] == "CHALLENGE"] == [HELP, SPRING]


async def test_steps_count_in_any_order_and_each_by_itself() -> None:
    # given
    _, ada = await somebody()
    # when
    await give(ada, "RAPID_CERTIFIED")
    await give(ada)
    # then
    halfway = await standing(ada, HELP)
    assert (halfway.steps, halfway.progress, halfway.done, halfway.claimable) == ((50, 100), 75, False, False)
    # when
    await give(ada, occurred_at=NOON + timedelta(hours=1))
    # then
    done = await standing(ada, HELP)
    assert (done.steps, done.progress, done.done, done.claimable) == ((100, 100), 100, True, True)


async def test_only_what_happened_while_it_was_on_counts() -> None:
    # given
    _, ada = await somebody()
    await give(ada, occurred_at=START - timedelta(seconds=1))
    await give(ada, occurred_at=END)
    await give(ada, "RAPID_CERTIFIED", occurred_at=START)
    assert (await standing(ada, SPRING)).steps == (0, 100)
    # when
    await give(ada, occurred_at=START)
    await give(ada, occurred_at=END - timedelta(seconds=1))
    # then
    assert SPRING in await completed(ada)


async def test_what_happened_in_time_counts_also_when_it_is_reported_late() -> None:
    # given a clock that stands months after the end
    _, ada = await somebody()
    with clock.frozen(END + timedelta(days=60)):
        # when
        await do_both(ada, occurred_at=NOON)
        # then
        row = await ChallengeCompletion.get(profile_id=ada, challenge=SPRING)
    assert START <= row.completed_at < END


async def test_a_batch_that_reaches_over_the_end_completes_what_was_done_inside() -> None:
    # given
    _, ada = await somebody()
    inside = [event(ada, activity) for activity in ("ANSWER_ACCEPTED", "ANSWER_ACCEPTED", "RAPID_CERTIFIED")]
    # when
    await record_many([*inside, event(ada, "WEBINAR_ATTENDED", occurred_at=END)])
    # then
    assert SPRING in await completed(ada)
    found = await standing(ada, SPRING)
    assert found.claimable and found.completed_at == END - timedelta(microseconds=1)


async def test_opening_balances_and_what_gave_nothing_do_not_count_in_a_time() -> None:
    # given
    _, ada = await somebody()
    await record_opening_balances([OpeningBalance(ada, Category.LEARNING, 500, "test", "o1")])
    await record_many([event(ada, counterpart_id=ada, activity="ANSWER_ACCEPTED") for _ in range(3)])
    # when, then
    assert (await standing(ada, SPRING)).steps == (0, 0)


async def test_what_is_reversed_does_not_count_and_what_is_completed_stays() -> None:
    # given
    account, ada = await somebody()
    await record_many([event(ada, "ANSWER_ACCEPTED", external_id=f"a{n}") for n in range(2)])
    await reverse("test", "a0")
    await give(ada, "RAPID_CERTIFIED")
    assert (await standing(ada, SPRING)).steps == (50, 100) and HELP not in await completed(ada)
    # when
    await give(ada)
    await reverse("test", "a1")
    # then
    for code in (HELP, SPRING):
        found = await standing(ada, code)
        assert found.steps == (100, 100) and found.claimable
    assert not (await challenges.claim(account, SPRING)).already


async def test_connections_complete_too() -> None:
    # given
    _, ada = await somebody()
    # when
    async with in_transaction():
        await lock_scores([ada])
        await achievements.evaluate([await counters.add(ada, "CONNECTIONS", 1)])
    # then
    assert await completed(ada) == {MEET}


async def test_a_claim_gives_the_credits_to_the_account_that_claims() -> None:
    # given
    account, ada = await somebody()
    await do_both(ada)
    # when
    made = await challenges.claim(account, SPRING)
    # then
    assert (made.already, made.claim.credits, made.claim.account_id) == (False, 70, account)
    assert await balance_of(account) == 70
    assert (await CreditEntry.get(account_id=account)).reference == SPRING
    found = await standing(ada, SPRING)
    assert found.claim is not None and not found.claimable


async def test_a_second_claim_answers_the_first() -> None:
    account, ada = await somebody()
    await do_both(ada)
    first, again = await challenges.claim(account, HELP), await challenges.claim(account, HELP)
    assert (first.claim.id, first.already, again.already) == (again.claim.id, False, True)
    assert await balance_of(account) == 50


async def test_a_claim_is_open_long_after_a_completion_in_time() -> None:
    account, ada = await somebody()
    await do_both(ada)
    with clock.frozen(END + timedelta(days=1000)):
        assert not (await challenges.claim(account, SPRING)).already


async def test_two_accounts_of_one_profile_at_once_get_it_once() -> None:
    # given
    first, ada = await somebody()
    second, _ = await somebody()
    await Account.filter(id=second).update(profile_id=ada)
    await do_both(ada)
    # when
    answers = await gather(*(challenges.claim(account, HELP) for account in [first, second] * 5))
    # then
    assert sum(not each.already for each in answers) == 1 and len({each.claim.id for each in answers}) == 1
    assert sorted([await balance_of(first), await balance_of(second)]) == [0, 50]
    assert await CreditEntry.all().count() == 1 and [each async for each in differences()] == []


async def test_a_claim_and_the_last_step_at_once() -> None:
    account, ada = await somebody()
    await give(ada, times=2)

    async def claim() -> ClaimResult | ErrorCode:
        try:
            return await challenges.claim(account, HELP)
        except Refused as why:
            return why.problems[0].code

    answers = await gather(claim(), give(ada, "RAPID_CERTIFIED"), claim())
    assert {each for each in answers if isinstance(each, ErrorCode)} <= {ErrorCode.NOT_COMPLETED}
    await challenges.claim(account, HELP)
    assert await balance_of(account) == 50 and await completed(ada) == {HELP, SPRING}


async def test_what_cannot_be_claimed() -> None:
    # given
    account, ada = await somebody()
    other, _ = await somebody()
    await do_both(ada)
    # when, then
    assert await refusal(account, "NOTHING") is ErrorCode.NOT_FOUND
    assert await refusal(account, MEET) is ErrorCode.NOT_COMPLETED
    assert await refusal(account, OLD) is ErrorCode.NOT_COMPLETED
    assert await refusal(other, HELP) is ErrorCode.NOT_COMPLETED
    assert await refusal(999, HELP) is ErrorCode.NOT_FOUND
    await Account.filter(id=account).update(status=AccountStatus.DEACTIVATED)
    assert await refusal(account, HELP) is ErrorCode.ACCOUNT_DEACTIVATED
    assert await ChallengeClaim.all().count() == await CreditEntry.all().count() == 0


async def test_a_claim_under_a_key_is_answered_alike_and_a_refused_one_may_be_tried_again() -> None:
    # given
    account, ada = await somebody()
    assert await refusal(account, HELP, "k") is ErrorCode.NOT_COMPLETED
    await do_both(ada)
    # when
    first, again = await challenges.claim(account, HELP, "k"), await challenges.claim(account, HELP, "k")
    # then
    assert first == again and not again.already
    assert await refusal(account, SPRING, "k") is ErrorCode.IDEMPOTENCY_MISMATCH
    assert await balance_of(account) == 50


async def test_a_challenge_that_is_newer_than_what_was_done_is_completed_by_the_claim() -> None:
    # given
    account, ada = await somebody()
    await do_both(ada)
    await ChallengeCompletion.filter(profile_id=ada).delete()
    # when somebody looks
    found = await standing(ada, HELP)
    # then it can be claimed, and nothing was written
    assert (found.progress, found.claimable, found.completed_at) == (100, True, None)
    assert await completed(ada) == set()
    # and when it is claimed
    with clock.frozen(END + timedelta(days=1)):
        assert not (await challenges.claim(account, HELP)).already
        assert (await standing(ada, HELP)).completed_at == clock.now()


async def test_reevaluating_goes_on_from_where_it_stopped_and_writes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr(profile_batches, "PROFILES_PER_BATCH", 2)
    people = [(await somebody())[1] for _ in range(3)]
    for each in people:
        await do_both(each)
    await ChallengeCompletion.all().delete()
    # when
    stopped = challenges.reevaluate()
    first = await anext(stopped)
    await stopped.aclose()  # type: ignore[attr-defined]
    rest = [each async for each in challenges.reevaluate(after=first.last)]
    # then
    assert (first, rest) == (BatchResult(people[1], 2, 4), [BatchResult(people[2], 1, 2)])
    assert [each.changed async for each in challenges.reevaluate()] == [0, 0]


async def test_nobody_hears_of_what_is_written_afterwards() -> None:
    _, ada = await somebody()
    await do_both(ada)
    await ChallengeCompletion.all().delete()
    await Notice.all().delete()
    assert [each.changed async for each in challenges.reevaluate()] == [2]
    assert await completed(ada) == {HELP, SPRING} and await Notice.all().count() == 0


async def test_somebody_elses_deeds_do_not_count() -> None:
    _, ada = await somebody()
    _, ben = await somebody()
    await do_both(ben)
    assert (await standing(ada, HELP)).progress == (await standing(ada, SPRING)).progress == 0
    assert await completed(ada) == set()


async def test_a_look_takes_five_statements_for_any_number_of_people(count_statements: CountStatements) -> None:
    people = [(await somebody())[1] for _ in range(6)]
    for size in (1, 6):
        with count_statements() as seen:
            await challenges.progress_of(people[:size])
        assert seen.total == 5, seen.texts


async def test_an_event_that_is_of_no_challenge_costs_nothing_more(count_statements: CountStatements) -> None:
    _, ada = await somebody()
    await ProfileCounter.create(profile_id=ada, name="BUZZ_MESSAGE_POSTED", times=1)
    with count_statements() as seen:
        await record_many([event(ada, "BUZZ_MESSAGE_POSTED")])
    assert not [text for text in seen.texts if "challenge" in text]


async def test_what_cannot_be_enough_yet_costs_nothing_more(count_statements: CountStatements) -> None:
    # given one answer of two
    _, ada = await somebody()
    with count_statements() as seen:
        await record_many([event(ada, "ANSWER_ACCEPTED")])
    assert not [text for text in seen.texts if "challenge" in text or "w.since" in text]
    # when the second comes, while the other step is not done
    with count_statements() as seen:
        await record_many([event(ada, "ANSWER_ACCEPTED")])
    # then its time is looked at, and no completion
    assert not [text for text in seen.texts if "challenge_completion" in text]
