"""
People somebody may know: what speaks for whom, how much, and whom they never want to be told of again.

Every suggestion has a reason that the viewer can look up for themselves, and its weight is made of those reasons alone:
nothing that is hidden moves anybody. Rule: docs/rules/connections.md#people-you-may-know; decision 14.
"""

from typing import NamedTuple

from tortoise.transactions import in_transaction

from models.connections import DismissedSuggestion
from models.profiles import Profile
from models.transactions import require_transaction
from services.core import clock
from services.errors import ErrorCode, refused
from services.progress.scores import lock_scores

MUTUAL, COMPANY, SKILL, INDUSTRY = 8, 10, 3, 2
"""What each mutual connection, the same company, each shared skill and each shared industry weighs."""
MOST_SKILLS, MOST_INDUSTRIES = 5, 3
"""Further ones weigh nothing: whoever names everything knows nobody better for it."""


class Facts(NamedTuple):
    """What two people have in common."""

    mutual: int
    """Connections of both."""
    company: bool
    skills: int
    industries: int


def weight(facts: Facts) -> int:
    """How much speaks for it that two people know each other; 0: nothing does."""
    return (
        MUTUAL * facts.mutual
        + COMPANY * facts.company
        + SKILL * min(facts.skills, MOST_SKILLS)
        + INDUSTRY * min(facts.industries, MOST_INDUSTRIES)
    )


async def dismiss(profile_id: int, other_id: int) -> None:
    """
    Never suggest `other_id` to `profile_id` again; again changes nothing, and nobody is told.

    Raises Refused: NOT_YOURSELF, NOT_FOUND (hidden, or never there).
    """
    if profile_id == other_id:
        raise refused(ErrorCode.NOT_YOURSELF, "You cannot dismiss yourself.", path=("profile",))
    async with in_transaction():
        await lock_scores([profile_id])  # the same one twice at once: the second finds the first
        if not await Profile.exists(id=other_id, listed=True):
            raise refused(ErrorCode.NOT_FOUND, "There is no such profile.", path=("profile",))
        await keep_away(profile_id, other_id)


async def keep_away(profile_id: int, other_id: int) -> None:
    """Write the dismissal, with the score row of `profile_id` locked. Requires a transaction."""
    require_transaction()
    if not await DismissedSuggestion.exists(profile_id=profile_id, other_id=other_id):
        await DismissedSuggestion.create(profile_id=profile_id, other_id=other_id, dismissed_at=clock.now())
