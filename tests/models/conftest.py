"""Fixtures for tests of tables and migrations."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from models import migrate as migrating
from models import versions
from models.database import Database, connected
from settings import Settings
from tests.helpers import databases


@pytest.fixture
def server(dialect: str, request: pytest.FixtureRequest) -> None:
    """Skips where there is no PostgreSQL and the test needs it. Not in an async fixture: looking takes a loop of its own."""
    if dialect == "postgres":
        request.getfixturevalue("postgres_server")


class EarlierDatabases:
    """Databases as they were before some migration: made once in a process, and copied for each test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: set[str] = set()

    @asynccontextmanager
    async def before(self, migration: str, dialect: str, folder: Path) -> AsyncIterator[Database]:
        """A database that lacks this migration and all after it. Foreign keys are off, as in `migrate`."""
        if dialect == "sqlite":
            template, copy = self._folder / f"{migration}.sqlite3", folder / "old.sqlite3"
            if not template.exists():
                await _migrate(f"sqlite:///{template}", migration)
            shutil.copyfile(template, copy)
            async with connected(Settings(database_url=f"sqlite:///{copy}"), foreign_keys=False) as database:
                yield database
            return
        name = databases.own_name(f"before_{migration[:4]}")
        if name not in self._made:
            await databases.make_empty(name)
            self._made.add(name)
            await _migrate(databases.named(name), migration)
        async with (
            databases.scratch("earlier", template=name) as url,
            connected(Settings(database_url=url), foreign_keys=False) as database,
        ):
            yield database

    def drop(self) -> None:
        for name in self._made:
            databases.run(databases.drop, name)


@pytest.fixture(scope="session")
def earlier_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EarlierDatabases]:
    made = EarlierDatabases(tmp_path_factory.mktemp("earlier"))
    yield made
    made.drop()


async def _migrate(url: str, end: str) -> None:
    async with connected(Settings(database_url=url), foreign_keys=False) as database:
        await migrating.apply(database, {name: migrating.load(name) for name in versions.known() if name < end})
