"""Orders of the accounts that go: open ones are given back, so that the stock is right."""

from collections.abc import Sequence
from datetime import datetime

from models.transactions import require_transaction
from services.credits.shop import refund_open_orders
from services.deletion.plan import Going, TablePlan


async def plan(_going: Going) -> Sequence[TablePlan]:
    """The general rules count the orders."""
    return ()


async def apply(going: Going, _now: datetime) -> None:
    """Refund the open orders. Requires a transaction, with the orders locked."""
    require_transaction()
    for account_id in going.account_ids:
        await refund_open_orders(account_id)
