"""
Apply migrations to a database: `await migrate(settings)`, on the command line `python -m cli migrate`.

Each migration is one transaction: it is applied and recorded, or nothing changes. Several processes may run it at the same
time; they take turns. There is no downgrade: restore a backup instead.
"""

from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_generator.state import State
from tortoise.transactions import in_transaction

from models import versions
from models.database import Database, connected
from models.engines.schema import PostgresEditor, SqliteEditor
from models.engines.states import no_tables
from settings import Settings

_LOCK = 5_276_018_344_702_311  # of this application's migrations, among PostgreSQL's advisory locks

_NOTES = f'CREATE TABLE IF NOT EXISTS "{versions.TABLE}" (name VARCHAR(255) PRIMARY KEY, applied_at VARCHAR(32))'


async def migrate(settings: Settings) -> list[str]:
    """
    Apply every missing migration; returns their names, in order.

    Creates the SQLite file if it does not exist. Raises SchemaIsNewer if the database has migrations that this code does not
    know, NoDatabase if it cannot be reached. A failed migration changes nothing.
    """
    # Off, because recreating a table in SQLite drops it first; checked before each commit.
    async with connected(settings, foreign_keys=False) as database:
        return await apply(database, {name: load(name) for name in versions.known()})


def load(name: str) -> Migration:
    """Load one migration of models/migrations/."""
    migration: Migration = import_module(f"models.migrations.{name}").Migration(name, "models")
    return migration


async def apply(database: Database, migrations: dict[str, Migration]) -> list[str]:
    """Apply the missing ones of `migrations`, which must be all migrations in order."""
    applied = []
    state = no_tables(database.dialect)
    for name, migration in migrations.items():
        async with in_transaction() as transaction:
            if database.dialect == "postgres":  # on SQLite the transaction itself is the lock
                await transaction.execute_query(f"SELECT pg_advisory_xact_lock({_LOCK})")
            await transaction.execute_query(_NOTES)
            seen = {row["name"] for row in await _query(transaction, f'SELECT name FROM "{versions.TABLE}"')}
            if unknown := sorted(seen.difference(migrations)):
                raise versions.SchemaIsNewer(unknown)
            if name in seen:
                await migration.apply(state, dry_run=True)
                continue
            await _run(migration, state, transaction)
            await _note(transaction, name)
        applied.append(name)
    return applied


async def _run(migration: Migration, state: State, transaction: TransactionalDBClient) -> None:
    on_sqlite = transaction.capabilities.dialect == "sqlite"
    editor = (SqliteEditor if on_sqlite else PostgresEditor)(transaction)
    # Tortoise caches a table's SQL by name, and a migration may change the table.
    EXECUTOR_CACHE.clear()
    try:
        await migration.apply(state, schema_editor=editor)
    finally:
        EXECUTOR_CACHE.clear()
    if on_sqlite and (broken := await _query(transaction, "PRAGMA foreign_key_check")):
        tables = sorted({row["table"] for row in broken})
        raise ValueError(f"{migration.name} leaves dangling foreign keys in: {', '.join(tables)}")


async def _note(transaction: TransactionalDBClient, name: str) -> None:
    places = "?, ?" if transaction.capabilities.dialect == "sqlite" else "$1, $2"
    now = datetime.now(UTC).isoformat(" ", "seconds")
    await transaction.execute_query(f'INSERT INTO "{versions.TABLE}" VALUES ({places})', [name, now])


async def _query(transaction: TransactionalDBClient, text: str) -> Any:
    return (await transaction.execute_query(text))[1]
