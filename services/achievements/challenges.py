"""
Challenges: progress, completions in time, and claims of their credits.

A completion is written together with the last step, or later by a claim or `cli challenges reevaluate`, because people may
have done all steps before the challenge existed. Reading progress writes nothing. In time means that the counted events
happened during the challenge, whenever they were reported. A completion is permanent, and can be claimed at any time, once
per profile. Rule: docs/rules/challenges.md.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from catalogue.challenges import CHALLENGES, Challenge
from catalogue.points import ACTIVITIES
from models.challenges import ChallengeClaim, ChallengeCompletion
from models.credits import CreditKind
from models.transactions import require_transaction
from services.achievements import challenge_windows
from services.core import change_feed, clock, idempotency
from services.core.bulk import insert
from services.core.change_feed import PersonKind
from services.credits.credit_ledger import active_account, change_balance
from services.errors import ErrorCode, refused
from services.progress import criteria, profile_batches
from services.progress.counters import Movement
from services.progress.criteria import CriteriaIndex, Facts
from services.progress.scores import lock_scores

DONE: Final = criteria.WHOLE
ANY_AMOUNT: Final = -(1 << 62)


class ChallengeWatch(CriteriaIndex[str]):
    """
    Finds the challenges that a movement may have completed.

    For a challenge with a time, the movement must overlap it, and the person's total of the activity must reach the
    required number: the total is never less than the number during the challenge.
    """

    def __init__(self, challenges: Mapping[str, Challenge]) -> None:
        super().__init__({code: each.whole for code, each in challenges.items() if not each.windowed})
        self.timed = {
            code: (
                each,
                {
                    name: condition.at_least if condition.names == (name,) and name in ACTIVITIES else ANY_AMOUNT
                    for condition in each.whole.conditions
                    for name in condition.names
                },
            )
            for code, each in challenges.items()
            if each.windowed
        }

    def touched(self, movement: Movement) -> set[str]:
        """Return the codes of challenges that this movement may have completed; it has completed no others."""
        found = super().touched(movement)
        for code, (challenge, least) in self.timed.items():
            if challenge.overlaps(movement.since, movement.at) and any(
                span.after > span.before and span.after >= least[name]
                for name, span in movement.figures.items()
                if name in least
            ):
                found.add(code)
        return found

    def possible(self, code: str, facts: Facts) -> bool:
        """Return True if the person's totals are enough for this challenge with a time."""
        return all(
            criteria.current_value(condition, facts) >= condition.at_least
            for condition in self.timed[code][0].whole.conditions
            if ACTIVITIES.keys() >= set(condition.names)
        )


WATCH: Final = ChallengeWatch(CHALLENGES)


@dataclass(frozen=True)
class ChallengeProgress:
    """Progress of a profile in a challenge. `steps`: percent of each step; all are 100 if the challenge is completed."""

    challenge: Challenge
    steps: tuple[int, ...]
    completed_at: datetime | None = None
    claim: ChallengeClaim | None = None

    @property
    def progress(self) -> int:
        """Whole percent: the mean of the steps, 100 only if all are done."""
        return sum(self.steps) // len(self.steps)

    @property
    def done(self) -> bool:
        """True if all steps are done."""
        return self.progress == DONE

    @property
    def claimable(self) -> bool:
        """True if the credits can be claimed."""
        return self.done and self.claim is None


@dataclass(frozen=True)
class ClaimResult:
    """A claim. `already`: it was made before this call, by this or another account of the profile."""

    claim: ChallengeClaim
    already: bool


# Completing


async def reached(movements: Sequence[Movement], facts: Mapping[int, Facts], *, notify: bool) -> None:
    """
    Write the challenges that these movements have completed, in their transaction, with the score rows of their profiles
    locked: see services/achievements/achievements.py.
    Requires a transaction.
    """
    require_transaction()
    near = [(movement, WATCH.touched(movement)) for movement in movements]
    found = [
        (movement, code)
        for movement, codes in near
        for code in CHALLENGES
        if code in codes and (code not in WATCH.timed or WATCH.possible(code, facts[movement.profile_id]))
    ]
    timed = {code for _, code in found if code in WATCH.timed}
    inside = await challenge_windows.figures(
        {movement.profile_id for movement, code in found if code in timed}, [CHALLENGES[code] for code in timed]
    )
    done = {
        (movement.profile_id, code): min(movement.at, CHALLENGES[code].last_moment)
        for movement, code in found
        if criteria.is_met(
            CHALLENGES[code].whole,
            inside[movement.profile_id, code] if code in timed else facts[movement.profile_id],
        )
    }
    await _complete(done, notify=notify)


# Reading


async def progress_of(
    profile_ids: Collection[int], challenges: Collection[Challenge] | None = None
) -> dict[int, list[ChallengeProgress]]:
    """
    Return the progress of each of these profiles in these challenges, or in all challenges in the catalogue's order.

    A challenge with all steps done can be claimed, even if its completion is not written yet. At most five statements, for
    any number of profiles. Unique (profile_id, challenge) of both tables.
    """
    selected = list(CHALLENGES.values()) if challenges is None else list(challenges)
    ids = list(dict.fromkeys(profile_ids))
    if not ids:
        return {}
    facts = await criteria.facts_of(ids)
    inside = await challenge_windows.figures(ids, [each for each in selected if each.windowed])
    codes = [each.code for each in selected]
    completions = {
        (profile_id, code): at
        for profile_id, code, at in await ChallengeCompletion.filter(
            profile_id__in=ids, challenge__in=codes
        ).values_list("profile_id", "challenge", "completed_at")
    }
    claims = {
        (each.profile_id, each.challenge): each
        for each in await ChallengeClaim.filter(profile_id__in=ids, challenge__in=codes)
    }
    return {
        number: [
            ChallengeProgress(
                each,
                _steps(
                    each, inside.get((number, each.code), facts[number]), completed=(number, each.code) in completions
                ),
                completions.get((number, each.code)),
                claims.get((number, each.code)),
            )
            for each in selected
        ]
        for number in ids
    }


async def reevaluate(*, after: int = 0) -> AsyncIterator[profile_batches.BatchResult]:
    """
    Write missing completions of all profiles with an id above `after`, for new or changed challenges, without
    notifications. `changed` of each batch is the number of completions written.
    """
    async for batch in profile_batches.for_each_batch(_write_missing, after=after):
        yield batch


# Claiming


async def claim(account_id: int, code: str, key: str | None = None) -> ClaimResult:
    """
    Pay a completed challenge's credits to this account. A second claim of the same profile, by any of its accounts, changes
    nothing and returns the first claim. `key`: an idempotency key; a repeated call with it returns the same answer.

    Raises Refused: NOT_FOUND (no such challenge), NOT_COMPLETED, ACCOUNT_DEACTIVATED, and what services/core/idempotency.py
    raises.
    """
    call = await idempotency.run_once(
        account_id, key, "claimChallenge", {"challenge": code}, lambda: _claim(account_id, code)
    )
    found = await ChallengeClaim.get_or_none(id=call.answer["claim"])
    if found is None:  # merging profiles has dropped it: another claim of the merged profile stayed
        account = await active_account(account_id)
        found = await ChallengeClaim.get(profile_id=account.profile_id, challenge=code)
    return ClaimResult(found, already=bool(call.answer["already"]))


async def _claim(account_id: int, code: str) -> idempotency.Answer:
    challenge = CHALLENGES.get(code)
    if challenge is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such challenge.", path=("challengeCode",))
    profile_id: int | None = (await active_account(account_id)).profile_id
    if profile_id is not None:
        await lock_scores([profile_id])  # all claims and completions of the profile wait here
    if earlier := await ChallengeClaim.get_or_none(profile_id=profile_id, challenge=code):
        return {"claim": earlier.id, "already": True}
    if profile_id is None or not await _completed_now(profile_id, challenge):
        raise refused(
            ErrorCode.NOT_COMPLETED, "Not all steps of that challenge were done in time.", path=("challengeCode",)
        )
    made = await ChallengeClaim.create(
        profile_id=profile_id, challenge=code, account_id=account_id, credits=challenge.credits, claimed_at=clock.now()
    )
    await change_balance(account_id, CreditKind.CLAIM, challenge.credits, reference=code)
    return {"claim": made.id, "already": False}


async def _completed_now(profile_id: int, challenge: Challenge) -> bool:
    if await ChallengeCompletion.exists(profile_id=profile_id, challenge=challenge.code):
        return True
    [progress] = (await progress_of([profile_id], [challenge]))[profile_id]
    if progress.done:
        await _complete({(profile_id, challenge.code): _completion_time(challenge)}, notify=False)
    return progress.done


async def _write_missing(people: Collection[int]) -> int:
    """
    Write the missing completions of these profiles, which the transaction has locked; returns how many.
    Requires a transaction.
    """
    require_transaction()
    found = await progress_of(people)
    done = {
        (profile_id, each.challenge.code): _completion_time(each.challenge)
        for profile_id, own in found.items()
        for each in own
        if each.done and each.completed_at is None
    }
    return await _complete(done, notify=False)


def _completion_time(challenge: Challenge) -> datetime:
    """Return the completion time if the last step is not known: now, or the last moment of the challenge."""
    return min(clock.now(), challenge.last_moment)


async def _complete(done: Mapping[tuple[int, str], datetime], *, notify: bool) -> int:
    """
    Write completions that are not written yet, with the score rows of their profiles locked; returns how many.
    Requires a transaction.
    """
    require_transaction()
    if not done:
        return 0
    rows = ChallengeCompletion.filter(profile_id__in={number for number, _ in done}).values_list(
        "profile_id", "challenge"
    )
    written = set(await rows)
    new = {each: at for each, at in done.items() if each not in written}
    await insert(
        [
            ChallengeCompletion(profile_id=profile_id, challenge=code, completed_at=at)
            for (profile_id, code), at in new.items()
        ]
    )
    if notify:
        await change_feed.publish_all(
            [change_feed.person_entry(profile_id, PersonKind.CHALLENGE, challenge=code) for profile_id, code in new]
        )
    return len(new)


def _steps(challenge: Challenge, facts: Facts, *, completed: bool) -> tuple[int, ...]:
    return tuple(DONE if completed else criteria.percent_of(step.criterion, facts) for step in challenge.steps)
