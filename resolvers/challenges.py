"""Challenges: the catalogue, the viewer's progress, and claims."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from catalogue.challenges import CATALOGUE, CHALLENGES, Challenge
from catalogue.languages import translate
from models.challenges import ChallengeClaim
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from services.achievements import challenges
from services.achievements.challenges import ChallengeProgress
from services.core import clock

CHALLENGE = ("code", "title", "about", "credits", "steps", "starts_at", "ends_at", "state", "seconds_left")
STANDING = ("challenge", "steps", "progress", "completed_at", "claimed_at", "can_claim")


class ChallengeState(Enum):
    """Whether activity counts towards a challenge now."""

    UPCOMING = "UPCOMING"
    OPEN = "OPEN"
    ENDED = "ENDED"


async def catalogue(context: Context) -> list[Row]:
    """All challenges, in the catalogue's order."""
    now = clock.now()
    return [_challenge_row(each, now) for each in CHALLENGES.values()]


async def featured(context: Context) -> Row | None:
    """The featured challenge, the same for everyone; None if none is open."""
    now = clock.now()
    found = CATALOGUE.featured_at(now)
    return None if found is None else _challenge_row(found, now)


@columns(*STANDING)
async def of_profiles(profile_ids: Sequence[int], context: Context) -> list[list[Row] | None]:
    """
    The progress of each profile on all challenges, in the catalogue's order; None for any but the viewer's own.

    Five statements at most.
    """
    own = [number for number in profile_ids if number == context.viewer.profile_id]
    found, now = await challenges.progress_of(own), clock.now()
    return [[_progress_row(each, now) for each in found[number]] if number in found else None for number in profile_ids]


@columns(*STANDING)
async def of_viewer(codes: Sequence[str], context: Context) -> list[Row | None]:
    """The viewer's progress on each of these challenges; None without a profile, and for an unknown code."""
    [own] = await of_profiles([context.viewer.own_profile], context)
    by_code = {row["challenge"]["code"]: row for row in own or ()}
    return [by_code.get(code) for code in codes]


async def claim(context: Context, *, input: Any) -> Row:
    """Claim a completed challenge for the viewer's account."""
    account_id = context.viewer.account_id or 0
    made = await challenges.claim(account_id, input.challenge_code, input.idempotency_key or None)
    return {
        "claim": _claim_row(made.claim),
        "code": made.claim.challenge,
        "was_already_claimed": made.already,
        "account_id": account_id,
    }


def by_code(code: str) -> Row | None:
    """One challenge; None if it is no longer in the catalogue."""
    found = CHALLENGES.get(code)
    return None if found is None else _challenge_row(found, clock.now())


def _challenge_row(challenge: Challenge, now: datetime) -> Row:
    start, end = challenge.window
    state = ChallengeState.UPCOMING if now < start else ChallengeState.OPEN if now < end else ChallengeState.ENDED
    left = None
    if challenge.ends_at is not None and state is not ChallengeState.UPCOMING:
        # Rounded up: 0 means that it has ended.
        left = max(0, -int((now - end).total_seconds() // 1))
    return {
        "code": challenge.code,
        "title": translate(challenge.title),
        "about": translate(challenge.about),
        "credits": challenge.credits,
        "steps": [{"title": translate(each.title), "criterion": each.criterion.translated} for each in challenge.steps],
        "starts_at": challenge.starts_at,
        "ends_at": challenge.ends_at,
        "state": state,
        "seconds_left": left,
    }


def _progress_row(progress: ChallengeProgress, now: datetime) -> Row:
    return {
        "challenge": _challenge_row(progress.challenge, now),
        "steps": [
            {"title": translate(step.title), "progress_percent": percent, "is_done": percent == challenges.DONE}
            for step, percent in zip(progress.challenge.steps, progress.steps, strict=True)
        ],
        "progress": progress.progress,
        "completed_at": progress.completed_at,
        "claimed_at": progress.claim.claimed_at if progress.claim else None,
        "can_claim": progress.claimable,
    }


def _claim_row(made: ChallengeClaim) -> Row:
    return {"challenge": by_code(made.challenge), "credits": made.credits, "claimed_at": made.claimed_at}
