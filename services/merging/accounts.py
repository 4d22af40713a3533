"""
Accounts: each stays as it is, with its credentials. moved_rows.py gives those of the source to the survivor.

Sessions of the source's accounts go on, and see the merged profile from their next request on. They lose their elevation: it was
proved for another profile. Rule: docs/rules/accounts.md#merging-accounts.
"""

from datetime import datetime

from models.statements import Statement, execute
from models.transactions import require_transaction
from services.merging.plan import Pair, StepPlan, TablePlan


async def plan(pair: Pair) -> StepPlan:
    """Count the sessions. Indexes: account (profile_id), session (account_id)."""
    [row] = await execute(_COUNT, *pair)
    return StepPlan([TablePlan("session", kept=row["kept"], moved=row["moved"])])


async def apply(pair: Pair, _now: datetime) -> None:
    """End the elevation of the source's sessions, before moved_rows.py moves its accounts. Requires a transaction."""
    require_transaction()
    await execute(_LOWER, pair.source)


_COUNT = Statement.of("""
    SELECT COUNT(CASE WHEN a.profile_id = $2 THEN 1 END) AS kept, COUNT(CASE WHEN a.profile_id = $1 THEN 1 END) AS moved
    FROM session s JOIN account a ON a.id = s.account_id WHERE a.profile_id IN ($1, $2)
""")
_LOWER = Statement.of("""
    UPDATE session SET elevated_until = NULL
    WHERE elevated_until IS NOT NULL AND account_id IN (SELECT id FROM account WHERE profile_id = $1)
""")
