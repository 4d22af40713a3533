"""
Suggestions of people: the weight of a suggestion, and dismissals.

Every suggestion has reasons that the viewer can see for themselves, and its weight depends only on those: no hidden fact
changes the order. Rule: docs/rules/connections.md#people-you-may-know; decision 14.
"""

from typing import NamedTuple

from tortoise.transactions import in_transaction

from models.connections import DismissedSuggestion
from models.profiles import Profile
from models.transactions import require_transaction
from services.core import clock
from services.errors import ErrorCode, refused
from services.progress.scores import lock_scores

MUTUAL_WEIGHT, COMPANY_WEIGHT, SKILL_WEIGHT, INDUSTRY_WEIGHT = 8, 10, 3, 2
"""Weights of each mutual connection, the same company, each shared skill and each shared industry."""
MAX_SKILLS, MAX_INDUSTRIES = 5, 3
"""Further ones have no weight: a profile with every skill is not a better suggestion."""


class Facts(NamedTuple):
    """What two people have in common."""

    mutual: int
    """Connections of both."""
    company: bool
    skills: int
    industries: int


def weight(facts: Facts) -> int:
    """Weight of a suggestion; 0 if the two have nothing in common."""
    return (
        MUTUAL_WEIGHT * facts.mutual
        + COMPANY_WEIGHT * facts.company
        + SKILL_WEIGHT * min(facts.skills, MAX_SKILLS)
        + INDUSTRY_WEIGHT * min(facts.industries, MAX_INDUSTRIES)
    )


async def dismiss(profile_id: int, other_id: int) -> None:
    """
    Never suggest `other_id` to `profile_id` again. Repeating it changes nothing; no one is notified.

    Raises Refused: NOT_YOURSELF, NOT_FOUND (no such profile, or hidden).
    """
    if profile_id == other_id:
        raise refused(ErrorCode.NOT_YOURSELF, "You cannot dismiss yourself.", path=("profileId",))
    async with in_transaction():
        await lock_scores([profile_id])  # so that a concurrent call for the same two finds the row
        if not await Profile.exists(id=other_id, listed=True):
            raise refused(ErrorCode.NOT_FOUND, "There is no such profile.", path=("profileId",))
        await store_dismissal(profile_id, other_id)


async def store_dismissal(profile_id: int, other_id: int) -> None:
    """Store a dismissal; the score row of `profile_id` must be locked. Requires a transaction."""
    require_transaction()
    if not await DismissedSuggestion.exists(profile_id=profile_id, other_id=other_id):
        await DismissedSuggestion.create(profile_id=profile_id, other_id=other_id, dismissed_at=clock.now())
