"""
Tables whose rows simply get the survivor: those that models/ownership declares as `Moved`.

A row is dropped instead if the survivor has one that is equal in the columns of `unless_same`.
"""

from collections.abc import Iterator
from datetime import datetime

from models.ownership import OWNERSHIP
from models.ownership.rules import Moved
from models.statements import Statement, execute
from models.transactions import require_transaction
from services.merging.plan import Pair, StepPlan, TablePlan


async def plan(pair: Pair) -> StepPlan:
    """Count the rows of each table. One statement per table."""
    tables = []
    for table, rule in _rules():
        equal = _has_equal(table, rule)
        [row] = await execute(
            Statement.of(f"""
                SELECT COUNT(CASE WHEN t.{rule.column} = $2 THEN 1 END) AS kept,
                    COUNT(CASE WHEN t.{rule.column} = $1 AND NOT {equal} THEN 1 END) AS moved,
                    COUNT(CASE WHEN t.{rule.column} = $1 AND {equal} THEN 1 END) AS combined
                FROM {table} t WHERE t.{rule.column} IN ($1, $2)
            """),
            *pair,
        )
        tables.append(TablePlan(table, kept=row["kept"], moved=row["moved"], combined=row["combined"]))
    return StepPlan(tables)


async def apply(pair: Pair, _now: datetime) -> None:
    """Move the rows. Two statements per table. Requires a transaction, with both profiles locked."""
    require_transaction()
    for table, rule in _rules():
        if rule.unless_same:
            dropped = f"DELETE FROM {table} AS t WHERE t.{rule.column} = $1 AND {_has_equal(table, rule)}"
            await execute(Statement.of(dropped), *pair)
        await execute(Statement.of(f"UPDATE {table} SET {rule.column} = $2 WHERE {rule.column} = $1"), *pair)


def _rules() -> Iterator[tuple[str, Moved]]:
    for each in OWNERSHIP:
        for rule in each.merge:
            if isinstance(rule, Moved):
                yield each.table, rule


def _has_equal(table: str, rule: Moved) -> str:
    """SQL condition: the survivor has a row like `t`."""
    if not rule.unless_same:
        return "false"
    same = " AND ".join(f"s.{name} = t.{name}" for name in rule.unless_same)
    return f"EXISTS (SELECT 1 FROM {table} s WHERE s.{rule.column} = $2 AND {same})"
