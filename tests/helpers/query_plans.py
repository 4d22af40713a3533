"""How a database would run a statement."""

from typing import Any

from tortoise.transactions import in_transaction

from models.database import Database
from models.statements import Statement


async def plan_of(database: Database, statement: Statement, *parameters: Any) -> list[str]:
    """The lines of the plan; on PostgreSQL as if whole tables were expensive to read."""
    text = statement.text(database.dialect)
    if database.dialect == "sqlite":
        return [row["detail"] for row in await database.fetch(f"EXPLAIN QUERY PLAN {text}", *parameters)]
    async with in_transaction() as transaction:
        await transaction.execute_query("SET LOCAL enable_seqscan = off")  # the tables of a test are empty
        return [row[0] for row in await database.fetch(f"EXPLAIN {text}", *parameters)]
