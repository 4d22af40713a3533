"""
Challenges: how far people are, who completed one in time, and who claimed its credits.

A completion is written with the act that did the last step, or later by a claim or `cli challenges reevaluate`: people may
have done all steps before the challenge was thought of. Looking writes nothing. In time means that what
counts happened while the challenge was on, whenever it was reported. What is completed stays completed, and can be
claimed any time after, once per profile. Rule: docs/rules/challenges.md.
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
from services.credits.credit_ledger import move, spender
from services.errors import ErrorCode, refused
from services.progress import criteria, profile_batches
from services.progress.counters import Movement
from services.progress.criteria import Facts, Watch
from services.progress.scores import lock_scores

DONE: Final = criteria.WHOLE
ANY_AMOUNT: Final = -(1 << 62)


class ChallengeWatch(Watch[str]):
    """
    Finds which challenges an act may have completed. Of those with a time: only acts that reach into it, and only when all that the
    person ever did of an activity comes to what it takes, for it is never less than what was done inside.
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
        """Codes of challenges that this act may have completed; one that is not among them it has not."""
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
        """Whether a challenge with a time may be completed, by all that the person ever did."""
        return all(
            criteria.reached(condition, facts) >= condition.at_least
            for condition in self.timed[code][0].whole.conditions
            if ACTIVITIES.keys() >= set(condition.names)
        )


WATCH: Final = ChallengeWatch(CHALLENGES)


@dataclass(frozen=True)
class Standing:
    """How far a profile is with a challenge. `steps`: percent of each step; a completed challenge shows all at 100."""

    challenge: Challenge
    steps: tuple[int, ...]
    completed_at: datetime | None = None
    claim: ChallengeClaim | None = None

    @property
    def progress(self) -> int:
        """Whole percent of the way: the mean of the steps', 100 exactly when all are done."""
        return sum(self.steps) // len(self.steps)

    @property
    def done(self) -> bool:
        """Whether all steps are done."""
        return self.progress == DONE

    @property
    def claimable(self) -> bool:
        """Whether its credits are there to be claimed."""
        return self.done and self.claim is None


@dataclass(frozen=True)
class Claimed:
    """A claim. `already`: it had been made before this call, by this or another account of the profile."""

    claim: ChallengeClaim
    already: bool


# As things happen


async def reached(movements: Sequence[Movement], facts: Mapping[int, Facts], *, told: bool) -> None:
    """
    Complete what these acts completed. Inside their transaction, with the score rows of their profiles locked;
    services/achievements/achievements.py calls it with the figures as they are now.
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
        if criteria.holds(
            CHALLENGES[code].whole,
            inside[movement.profile_id, code] if code in timed else facts[movement.profile_id],
        )
    }
    await _complete(done, told=told)


# Looking


async def standings(
    profile_ids: Collection[int], challenges: Collection[Challenge] | None = None
) -> dict[int, list[Standing]]:
    """
    How far each of these profiles is with these challenges, or with every one of the catalogue, in its order.

    A challenge of which all steps are done can be claimed, also where its completion was not written yet. Five statements
    at most, however many profiles. Unique (profile_id, challenge) of both tables.
    """
    looked = list(CHALLENGES.values()) if challenges is None else list(challenges)
    ids = list(dict.fromkeys(profile_ids))
    if not ids:
        return {}
    facts = await criteria.facts_of(ids)
    inside = await challenge_windows.figures(ids, [each for each in looked if each.windowed])
    codes = [each.code for each in looked]
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
            Standing(
                each,
                _steps(
                    each, inside.get((number, each.code), facts[number]), completed=(number, each.code) in completions
                ),
                completions.get((number, each.code)),
                claims.get((number, each.code)),
            )
            for each in looked
        ]
        for number in ids
    }


async def reevaluate(*, after: int = 0) -> AsyncIterator[profile_batches.BatchResult]:
    """
    Complete what everyone behind the profile numbered `after` has done without its having been written, for challenges
    that are new, or changed. Nobody is told. Each step's `changed` is how many completions were written.
    """
    async for step in profile_batches.for_each_batch(_write_late, after=after):
        yield step


# Claiming


async def claim(account_id: int, code: str, key: str | None = None) -> Claimed:
    """
    Give a completed challenge's credits to this account. A second claim of the same profile changes nothing and answers
    the first, whichever of its accounts made it. `key`: an idempotency key; the same call under it is answered alike.

    Raises Refused: NOT_FOUND (no such challenge), NOT_COMPLETED, ACCOUNT_DEACTIVATED, and what services/core/idempotency.py
    raises.
    """
    call = await idempotency.run_once(
        account_id, key, "claimChallenge", {"challenge": code}, lambda: _claim(account_id, code)
    )
    return Claimed(await ChallengeClaim.get(id=call.answer["claim"]), already=bool(call.answer["already"]))


async def _claim(account_id: int, code: str) -> idempotency.Answer:
    challenge = CHALLENGES.get(code)
    if challenge is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such challenge.", path=("challenge",))
    profile_id: int | None = (await spender(account_id)).profile_id
    if profile_id is not None:
        await lock_scores([profile_id])  # all claims of the profile, and what may complete the challenge, queue up here
    if earlier := await ChallengeClaim.get_or_none(profile_id=profile_id, challenge=code):
        return {"claim": earlier.id, "already": True}
    if profile_id is None or not await _completed_now(profile_id, challenge):
        raise refused(
            ErrorCode.NOT_COMPLETED, "Not all steps of that challenge were done in time.", path=("challenge",)
        )
    made = await ChallengeClaim.create(
        profile_id=profile_id, challenge=code, account_id=account_id, credits=challenge.credits, claimed_at=clock.now()
    )
    await move(account_id, CreditKind.CLAIM, challenge.credits, reference=code)
    return {"claim": made.id, "already": False}


async def _completed_now(profile_id: int, challenge: Challenge) -> bool:
    if await ChallengeCompletion.exists(profile_id=profile_id, challenge=challenge.code):
        return True
    [standing] = (await standings([profile_id], [challenge]))[profile_id]
    if standing.done:
        await _complete({(profile_id, challenge.code): _moment(challenge)}, told=False)
    return standing.done


async def _write_late(people: Collection[int]) -> int:
    """
    Write what these profiles, locked by this transaction, have completed and nobody has written; answers how many.
    Requires a transaction.
    """
    require_transaction()
    found = await standings(people)
    done = {
        (profile_id, standing.challenge.code): _moment(standing.challenge)
        for profile_id, own in found.items()
        for standing in own
        if standing.done and standing.completed_at is None
    }
    return await _complete(done, told=False)


def _moment(challenge: Challenge) -> datetime:
    """When a challenge counts as completed whose last step was not seen happen: now, or its last moment."""
    return min(clock.now(), challenge.last_moment)


async def _complete(done: Mapping[tuple[int, str], datetime], *, told: bool) -> int:
    """
    Write completions that are not written yet, under the locks of their profiles' score rows; answers how many.
    Requires a transaction.
    """
    require_transaction()
    if not done:
        return 0
    rows = ChallengeCompletion.filter(profile_id__in={number for number, _ in done}).values_list(
        "profile_id", "challenge"
    )
    held = set(await rows)
    new = {each: at for each, at in done.items() if each not in held}
    await insert(
        [
            ChallengeCompletion(profile_id=profile_id, challenge=code, completed_at=at)
            for (profile_id, code), at in new.items()
        ]
    )
    if told:
        await change_feed.publish_all(
            [change_feed.person_entry(profile_id, PersonKind.CHALLENGE, challenge=code) for profile_id, code in new]
        )
    return len(new)


def _steps(challenge: Challenge, facts: Facts, *, completed: bool) -> tuple[int, ...]:
    return tuple(DONE if completed else criteria.progress(step.criterion, facts) for step in challenge.steps)
