"""The ledger: reversals go before what they reverse, which the database demands. Entries of others keep their points."""

from collections.abc import Sequence
from datetime import datetime

from models.points import PointEntry
from models.transactions import require_transaction
from services.deletion.plan import Going, TablePlan


async def plan(_going: Going) -> Sequence[TablePlan]:
    """The general rules count the entries."""
    return ()


async def apply(going: Going, _now: datetime) -> None:
    """Delete the reversals. Requires a transaction, with the score row locked."""
    require_transaction()
    if going.profile_id:
        await PointEntry.filter(profile_id=going.profile_id, reverses_id__not_isnull=True).delete()
