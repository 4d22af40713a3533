"""The history of a person's data: what a deleted account changed stays, as far as the profile stays, without its IP addresses."""

from collections.abc import Sequence
from datetime import datetime

from models.profile_changes import ProfileChange
from models.transactions import require_transaction
from services.deletion.plan import Going, TablePlan


async def plan(_going: Going) -> Sequence[TablePlan]:
    """Nothing: the general rule counts these rows, whose `actor_id` is cleared."""
    return []


async def apply(going: Going, _now: datetime) -> None:
    """
    Remove the IP addresses. Without an actor they would be shown to the person's other accounts. Index: profile_change (actor_id).
    Requires a transaction.
    """
    require_transaction()
    await ProfileChange.filter(actor_id__in=going.account_ids).update(address="")
