"""
Fresh, migrated databases, cheaply: SQLite is a copied file (0.4 ms), PostgreSQL one clone per test process that
is emptied before each test (2 ms). Both come from templates that are migrated once per run.
"""

import asyncio
import fcntl
import os
import platform
import re
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from models import versions
from models.migrate import migrate
from settings import Settings

ADMIN = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
"""A database of the server whose user may create databases; it is only logged in to, never changed."""

_MODELS = Path(versions.__file__).parent


@cache
def checkout() -> str:
    """Tells this checkout on this machine from any other that uses the same server."""
    return sha256(f"{platform.node()}:{_MODELS}".encode()).hexdigest()[:10]


@cache
def content() -> str:
    """Changes whenever anything changes that the tables are made from."""
    digest = sha256()
    for file in sorted(_MODELS.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:10]


# SQLite


def sqlite_template(folder: Path) -> Path:
    """A migrated file in `folder`, made by the first process that asks."""
    template = folder / f"template-{content()}.sqlite3"
    with _alone(folder / "template.lock"):
        if not template.exists():
            unfinished = template.with_suffix(".unfinished")
            run(migrate, Settings(database_url=f"sqlite:///{unfinished}"))
            unfinished.rename(template)
    return template


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fresh_sqlite(template: Path, folder: Path) -> str:
    """The URL of a copy of the template."""
    copy = folder / "community.sqlite3"
    shutil.copyfile(template, copy)
    copy.chmod(0o600)
    return f"sqlite:///{copy}"


# PostgreSQL


def postgres_missing() -> str | None:
    """Why PostgreSQL's tests cannot run; None when they can."""

    async def look() -> str | None:
        try:
            connection = await asyncpg.connect(ADMIN, timeout=5)
        except (OSError, TimeoutError, asyncpg.PostgresError) as failed:
            return f"no PostgreSQL at TEST_POSTGRES_URL ({urlsplit(ADMIN).hostname}): {failed}"
        await connection.close()
        return None

    return run(look)


def named(database: str) -> str:
    """The URL of another database of the server."""
    return urlunsplit(urlsplit(ADMIN)._replace(path=f"/{database}"))


def template_name() -> str:
    return f"community_test_{checkout()}_{content()}"


async def clone(worker: str) -> str:
    """Make this process's own database from the template; returns its name."""
    name = f"community_test_{checkout()}_{os.getpid()}_{worker}"
    async with _administering() as admin:
        await _drop_left_behind(admin)
        if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", template_name()):
            unfinished = f"{template_name()}_unfinished"
            await _drop(admin, unfinished)
            await admin.execute(f'CREATE DATABASE "{unfinished}"')
            await migrate(Settings(database_url=named(unfinished)))
            await admin.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{template_name()}"')
        await _drop(admin, name)
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template_name()}"')
    return name


async def drop(name: str) -> None:
    async with _administering() as admin:
        await _drop(admin, name)


def own_name(purpose: str) -> str:
    """A database of this process alone; dropped by a later run if this one does not."""
    return f"community_test_{checkout()}_{os.getpid()}_{purpose}"


async def make_empty(name: str) -> None:
    async with _administering() as admin:
        await _drop(admin, name)
        await admin.execute(f'CREATE DATABASE "{name}"')


@asynccontextmanager
async def scratch(purpose: str, *, template: str = "template1") -> AsyncIterator[str]:
    """The URL of a database that is dropped afterwards: empty, or a copy of that one."""
    name = own_name(purpose)
    async with _administering() as admin:
        await _drop(admin, name)
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield named(name)
    finally:
        await drop(name)


@asynccontextmanager
async def _administering() -> AsyncIterator[Any]:
    """Logged in to the server, alone among the test processes of this checkout."""
    connection = await asyncpg.connect(ADMIN, timeout=5)
    try:
        await connection.execute(f"SELECT pg_advisory_lock({int(checkout(), 16)})")
        yield connection
    finally:
        await connection.close()  # gives the lock back


async def _drop(admin: Any, name: str) -> None:
    await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def _drop_left_behind(admin: Any) -> None:
    """Drop what runs that were killed have left: names end with the maker's process id and purpose."""
    prefix = f"community_test_{checkout()}_"
    for row in await admin.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", prefix):
        left = re.fullmatch(rf"{prefix}(\d+)_\w+", row["datname"])
        if left and not _lives(int(left[1])):
            await _drop(admin, row["datname"])


class Clone:
    """This process's own PostgreSQL database."""

    def __init__(self, worker: str) -> None:
        # A factory keeps the runner from touching the loop that pytest-asyncio set.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._name = self._runner.run(clone(worker))
        self._connection = self._runner.run(asyncpg.connect(named(self._name), server_settings={"lock_timeout": "10s"}))
        self._emptying = self._runner.run(_emptying(self._connection))

    def fresh(self) -> str:
        """The URL of the database, without a row; ids begin at 1 again, as in a fresh SQLite file."""
        self._runner.run(self._connection.execute(self._emptying))
        return named(self._name)

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.run(drop(self._name))
        self._runner.close()


async def _emptying(connection: Any) -> str:
    tables = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> $1", versions.TABLE
    )
    sequences = await connection.fetch("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
    return ";".join(
        [
            "SET session_replication_role = replica",  # neither order nor cascades matter
            *(f'DELETE FROM "{row["tablename"]}"' for row in tables),
            *(f"SELECT setval('\"{row['sequencename']}\"', 1, false)" for row in sequences),
        ]
    )


def drop_template() -> None:
    """At the end of a run. Another run of this checkout that still needs it makes it again."""
    with suppress(OSError, TimeoutError, asyncpg.PostgresError):
        run(drop, template_name())


def run(work: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> Any:
    """A coroutine's result, in a loop of its own that leaves the current one alone."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work(*arguments))
