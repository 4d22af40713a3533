"""
Award badges and complete challenges after every change of a counter or a sum, in its transaction.

Most changes cannot fulfil any criterion. They are recognised from the movement alone, without a statement.
"""

from collections.abc import Sequence

from models.transactions import require_transaction
from services.achievements import award_dates, badges, challenges
from services.progress import criteria
from services.progress.counters import Movement

SUBJECTS = (badges, challenges)
"""
Modules with `WATCH: criteria.CriteriaIndex` and `async def reached(movements, facts, *, notify)`. `movements` are those that may have
fulfilled a criterion of the module, `facts` the current figures of their profiles.
"""


async def evaluate(movements: Sequence[Movement], *, notify: bool = True) -> None:
    """
    Award what these movements have earned. Call it after counters and sums are written, with the score rows of the
    profiles locked.

    `notify`: notify the people; False for imports. The number of statements does not grow with the batch.
    Requires a transaction.
    """
    require_transaction()
    if not movements:
        return
    await _award(movements, notify=notify)
    await award_dates.update_dates(movements)


async def evaluate_merged(movement: Movement) -> None:
    """
    Like `evaluate`, for a profile that has got the ledger of another one: all its rule awards are dated again by the whole ledger.
    Awards for connections and projects keep their date, unless the movement earned them. Requires a transaction.
    """
    require_transaction()
    await _award([movement], notify=True)
    await award_dates.recompute_dates([movement.profile_id], awarded_at=movement.at)


async def _award(movements: Sequence[Movement], *, notify: bool) -> None:
    near = {
        subject: touched
        for subject in SUBJECTS
        if (touched := [movement for movement in movements if subject.WATCH.touched(movement)])
    }
    numbers = {movement.profile_id for touched in near.values() for movement in touched}
    facts = await criteria.facts_of(numbers) if near else {}
    for subject, touched in near.items():
        await subject.reached(touched, facts, notify=notify)
