"""
Invites by others to an address that goes: the sender keeps the invite, without the address and the note.

It can no longer be accepted. If the address signs up again, nothing of before leads to its former inviters.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from models.invites import InviteState
from models.statements import Statement, execute
from models.transactions import require_transaction
from services.deletion.plan import Going, TablePlan

REMOVED: Final = "removed:"
"""Begins the key and the digest of an invite without an address: no address and no code has it."""
# Indexes: (email_key), (accepted_by_id).
_NAMED: Final = (
    "(email_key = ANY($2) OR accepted_by_id = ANY($1)) AND sender_id <> $3 AND email_key NOT LIKE 'removed:%'"
)
_COUNT: Final = Statement.of(f"SELECT COUNT(*) AS invites FROM invite WHERE {_NAMED}")
_REMOVE: Final = Statement.of(f"""
    UPDATE invite SET email = '', email_key = '{REMOVED}' || id, digest = '{REMOVED}' || id, note = '',
        state = CASE WHEN state = '{InviteState.PENDING.value}' THEN '{InviteState.WITHDRAWN.value}' ELSE state END
    WHERE {_NAMED}
""")


async def plan(going: Going) -> Sequence[TablePlan]:
    """Count the invites. One statement."""
    [row] = await execute(_COUNT, *_parameters(going))
    return [TablePlan("invite", anonymised=row["invites"])]


async def apply(going: Going, _now: datetime) -> None:
    """Remove the address. Requires a transaction, with the senders' score rows locked."""
    require_transaction()
    await execute(_REMOVE, *_parameters(going))


def _parameters(going: Going) -> tuple[list[int], list[str], int]:
    return list(going.account_ids), list(going.addresses), going.profile_id
