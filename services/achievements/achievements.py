"""
What people achieve by what they do: called at the end of every act that moves a counter or a sum, in its transaction.

Badges are given and challenges completed here, by the rule and at once. Most acts cross no end of any criterion: they
are recognised by what moved alone, and cost no statement.
"""

from collections.abc import Sequence

from models.transactions import require_transaction
from services.achievements import award_dates, badges, challenges
from services.progress import criteria
from services.progress.counters import Movement

SUBJECTS = (badges, challenges)
"""
Modules with `WATCH: criteria.Watch` and `async def reached(movements, facts, *, told)`: told which movements may have
fulfilled one of its criteria, and the figures of those profiles as they are now.
"""


async def moved(movements: Sequence[Movement], *, told: bool = True) -> None:
    """
    Give whatever these movements earned. Inside the transaction that made them, after the counters and sums were
    written, with the score rows of those profiles locked.

    `told`: whether the people hear of it; not of what an import brings. Statements do not grow with the batch.
    Requires a transaction.
    """
    require_transaction()
    if not movements:
        return
    near = {
        subject: touched
        for subject in SUBJECTS
        if (touched := [movement for movement in movements if subject.WATCH.touched(movement)])
    }
    numbers = {movement.profile_id for touched in near.values() for movement in touched}
    facts = await criteria.facts_of(numbers) if near else {}
    for subject, touched in near.items():
        await subject.reached(touched, facts, told=told)
    await award_dates.follow(movements)
