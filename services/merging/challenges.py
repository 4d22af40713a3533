"""
Completed challenges and claims of their credits: of two of one challenge the earlier one stays.

Credits that both accounts got stay on them. The claim that stays answers every further claim, by any account of the merged
profile. Rule: docs/rules/challenges.md#claiming.
"""

from datetime import datetime

from models.statements import Statement, execute
from models.transactions import require_transaction
from services.merging.plan import Pair, StepPlan, TablePlan

_TIME_OF = {"challenge_completion": "completed_at", "challenge_claim": "claimed_at"}
"""Tables with one row for each profile and challenge, and the column that says which of two is the earlier one."""


async def plan(pair: Pair) -> StepPlan:
    """Count the rows. One statement per table."""
    tables = []
    for table in _TIME_OF:
        [row] = await execute(
            Statement.of(f"""
                SELECT COUNT(CASE WHEN t.profile_id = $2 THEN 1 END) AS kept,
                    COUNT(CASE WHEN t.profile_id = $1 AND s.id IS NULL THEN 1 END) AS moved,
                    COUNT(CASE WHEN t.profile_id = $1 AND s.id IS NOT NULL THEN 1 END) AS combined
                FROM {table} t LEFT JOIN {table} s ON s.profile_id = $2 AND s.challenge = t.challenge AND t.profile_id = $1
                WHERE t.profile_id IN ($1, $2)
            """),
            *pair,
        )
        tables.append(TablePlan(table, **row))
    return StepPlan(tables)


async def apply(pair: Pair, _now: datetime) -> None:
    """Drop the later one of two, and move the others. Requires a transaction, with both profiles locked."""
    require_transaction()
    for table, at in _TIME_OF.items():
        same = f"SELECT 1 FROM {table} o WHERE o.challenge = t.challenge AND o.profile_id"
        for statement in (
            f"DELETE FROM {table} AS t WHERE t.profile_id = $1 AND EXISTS ({same} = $2 AND o.{at} <= t.{at})",
            f"DELETE FROM {table} AS t WHERE t.profile_id = $2 AND EXISTS ({same} = $1)",
            f"UPDATE {table} SET profile_id = $2 WHERE profile_id = $1",
        ):
            await execute(Statement.of(statement), *pair)
