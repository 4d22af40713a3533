"""Connections: those of the other people are counted anew. Their badges stay."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from catalogue.criteria import CONNECTIONS
from models.connections import Connection
from models.transactions import require_transaction
from services.achievements import achievements
from services.deletion.plan import Going, TablePlan
from services.progress import counters
from services.progress.counters import Tally


async def plan(_going: Going) -> Sequence[TablePlan]:
    """The general rules count both rows of each connection."""
    return ()


async def apply(going: Going, now: datetime) -> None:
    """Count one connection less for each connected person. Requires a transaction, with their score rows locked."""
    require_transaction()
    others: Any = Connection.filter(profile_id=going.profile_id).order_by("other_id").values_list("other_id", flat=True)
    tally = Tally()
    for other_id in await others:
        tally.add(other_id, CONNECTIONS, -1, 0, now)
    if tally.counts:
        await achievements.evaluate(await counters.write_tally(tally, {}))
