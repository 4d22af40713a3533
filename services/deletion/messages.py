"""Messages that wait: those to an address that goes, from any sender. The general rules delete those that name the person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from models.statements import Statement, execute
from models.transactions import require_transaction
from services.deletion.plan import Going, TablePlan
from services.messages.outbox import recipient_digest

_NAMED: Final = "recipient = ANY($1) AND recipient <> ''"
_ELSE: Final = "NOT (COALESCE(account_id, 0) = ANY($2) OR COALESCE(about_profile_id, 0) = $3)"
_COUNT: Final = Statement.of(f"SELECT COUNT(*) AS messages FROM outbox_message WHERE {_NAMED} AND {_ELSE}")
_REMOVE: Final = Statement.of(
    f"DELETE FROM outbox_message WHERE ({_NAMED}) OR account_id = ANY($2) OR about_profile_id = $3"
)


async def plan(going: Going) -> Sequence[TablePlan]:
    """Count the messages that only their recipient's address finds. The outbox is short: it needs no index."""
    [row] = await execute(_COUNT, _recipients(going), list(going.account_ids), going.profile_id or -1)
    return [TablePlan("outbox_message", deleted=row["messages"])]


async def apply(going: Going, _now: datetime) -> None:
    """Delete all messages of the person, before others are written. Requires a transaction."""
    require_transaction()
    await execute(_REMOVE, _recipients(going), list(going.account_ids), going.profile_id or -1)


def _recipients(going: Going) -> list[str]:
    return [recipient_digest(each) for each in going.addresses]
