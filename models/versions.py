"""
Migrations of this code, and those applied to the database. Cheap to check.

Migrations are `models/migrations/0001_….py`, one after the other; models/migrate.py applies them.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from models.statements import Statement, execute

if TYPE_CHECKING:
    from models.database import Database

TABLE = "schema_migration"
FOLDER = Path(__file__).parent / "migrations"

_HAS_TABLE = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migration'",
    "postgres": "SELECT 1 FROM pg_catalog.pg_class WHERE oid = to_regclass('schema_migration')",
}

_APPLIED_AT = Statement.of(f"SELECT applied_at FROM {TABLE} WHERE name = $1")


class WrongSchema(Exception):
    """The database's migrations are not those of this code."""


class SchemaIsOld(WrongSchema):
    """Migrations are missing. The message names the command that applies them."""

    def __init__(self, missing: Iterable[str]) -> None:
        self.missing = list(missing)
        super().__init__(
            f"The database lacks {len(self.missing)} migration(s), first {self.missing[0]}. Run: python -m cli migrate"
        )


class SchemaIsNewer(WrongSchema):
    """The database has migrations that this code does not know: an older release was started on it."""

    def __init__(self, unknown: Iterable[str]) -> None:
        self.unknown = list(unknown)
        super().__init__(
            f"The database is newer than this code: it has {', '.join(self.unknown)}. Run the release that made it, "
            "or restore a backup from before."
        )


@cache
def known() -> tuple[str, ...]:
    """Names of this code's migrations, in order."""
    return tuple(sorted(file.stem for file in FOLDER.glob("[0-9][0-9][0-9][0-9]_*.py")))


async def pending(database: "Database") -> list[str]:
    """Migrations that are not applied to the database, in order; empty if it is up to date or newer."""
    seen = await _seen(database)
    return [name for name in known() if name not in seen]


async def verify(database: "Database") -> None:
    """Check that the database has exactly this code's migrations; raises SchemaIsOld or SchemaIsNewer."""
    seen = await _seen(database)
    if unknown := sorted(seen.difference(known())):
        raise SchemaIsNewer(unknown)
    if missing := [name for name in known() if name not in seen]:
        raise SchemaIsOld(missing)


async def applied_at(name: str) -> datetime:
    """When the migration of this name, without its number, was applied to the database of the current task (UTC)."""
    [full_name] = [each for each in known() if each.partition("_")[2] == name]
    [row] = await execute(_APPLIED_AT, full_name)
    return datetime.fromisoformat(row["applied_at"])


async def _seen(database: "Database") -> set[str]:
    if not await database.fetch(_HAS_TABLE[database.dialect]):
        return set()
    return {row["name"] for row in await database.fetch(f"SELECT name FROM {TABLE}")}
