"""
The audit trail: entries about an account that goes, and those of what it did, stay without details and IP addresses.

What an operator did to a profile names the profile in its facts, and no account: of these entries the profile's id stays.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from models.statements import Statement, execute
from models.transactions import require_transaction
from services.deletion.plan import Going, TablePlan

# Indexes: (account_id, id), also for null; (actor_id).
_NAMED: Final = Statement(
    sqlite="""
        (account_id IN (SELECT value FROM json_each(?1)) OR actor_id IN (SELECT value FROM json_each(?1))
        OR (account_id IS NULL AND ?2 > 0 AND facts ->> 'profile' = ?2))
    """,
    postgres="""
        (account_id = ANY($1::bigint[]) OR actor_id = ANY($1::bigint[])
        OR (account_id IS NULL AND $2::bigint > 0 AND facts ->> 'profile' = $2::bigint::text))
    """,
)
_COUNT: Final = Statement.of("SELECT COUNT(*) AS entries FROM audit_entry WHERE {named}").put(named=_NAMED)
_REMOVE: Final = Statement(
    sqlite="""
        UPDATE audit_entry SET address = '',
            facts = CASE WHEN account_id IS NULL AND actor_id IS NULL AND ?2 > 0 THEN json_object('profile', ?2) ELSE '{}' END
        WHERE {named}
    """,
    postgres="""
        UPDATE audit_entry SET address = '',
            facts = CASE WHEN account_id IS NULL AND actor_id IS NULL AND $2::bigint > 0 THEN jsonb_build_object('profile', $2::bigint) ELSE '{}' END
        WHERE {named}
    """,
).put(named=_NAMED)


async def plan(going: Going) -> Sequence[TablePlan]:
    """Count the entries. One statement."""
    [row] = await execute(_COUNT, list(going.account_ids), going.profile_id)
    return [TablePlan("audit_entry", anonymised=row["entries"])]


async def apply(going: Going, _now: datetime) -> None:
    """Remove details and IP addresses. Requires a transaction."""
    require_transaction()
    await execute(_REMOVE, list(going.account_ids), going.profile_id)
