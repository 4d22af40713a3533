"""
Access to the database, opened once per process: for Tortoise, and for reads that bypass it.

Writers use Tortoise's models inside `tortoise.transactions.in_transaction()`. Readers use querysets, or SQL through
`Database.fetch` where a measurement justifies it.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

import asyncpg
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.context import TortoiseContext, set_global_context
from tortoise.exceptions import ConfigurationError

from models import id_key, versions
from models.engines import postgres
from models.engines import sqlite as embedded
from models.statements import Dialect, Statement, to_parameter
from services.errors import Unavailable
from settings import BadSetting, Settings

if TYPE_CHECKING:
    from services.core.runtime import Runtime

# Statements are logged with their values, which are personal data: even at DEBUG they are not printed.
# Tests count statements with this logger.
STATEMENTS = logging.getLogger("tortoise.db_client")
for _name in (STATEMENTS.name, "aiosqlite"):
    logging.getLogger(_name).setLevel(logging.WARNING)


COMMAND_SECONDS = 300.0
"""Timeout of one statement on PostgreSQL, so that a dead connection is detected. The server sets a shorter one, migrations
none."""


UNREADABLE = "DATABASE_URL cannot be read; write /, :, @, # in user or password as %2F, %3A, %40, %23."


class NoDatabase(Exception):
    """The database cannot be reached. The message contains the address, never the password."""


class Row(Protocol):
    """A row of either database: `row["name"]` or `row[0]`. On SQLite in stored form: times are text, booleans 0 or 1."""

    def __getitem__(self, key: str | int, /) -> Any: ...

    def keys(self) -> Iterable[str]: ...


class Database:
    """An open database; `dialect` is its kind."""

    def __init__(self, context: TortoiseContext, dialect: Dialect) -> None:
        self.dialect = dialect
        self._context = context
        self._connections = context.connections
        self._on_sqlite = dialect == "sqlite"
        self._reads: embedded.Reads | postgres.Reads | None = None
        self.id_key: bytes | None = None
        """The key of the graph's ids; None if the tables were not checked."""
        self.runtime: Runtime | None = None
        """In-memory state of the process for this database; services/core/runtime.py sets it."""

    @classmethod
    async def open(
        cls, settings: Settings, *, check: bool = True, command_seconds: float = COMMAND_SECONDS
    ) -> "Database":
        """
        Connect Tortoise and the readers; close it with `close()`, or use `opened(settings)`.

        Raises NoDatabase if it cannot be reached and, with `check`, models.versions.SchemaIsOld or SchemaIsNewer if its
        migrations are not those of this code.
        """
        url = settings.database
        if check and url.startswith("sqlite:") and not sqlite_path(url).exists():
            raise versions.SchemaIsOld(versions.known())
        database = await _connected(url, settings.database_pool, command_seconds=command_seconds)
        try:
            database._open_reads()  # noqa: SLF001 - its own class
            if check:
                await versions.verify(database)
                database.id_key = await id_key.read_or_create()
        except BaseException:
            await database.close()
            raise
        return database

    async def truncate_log(self) -> bool:
        """
        On SQLite, write the WAL into the file and empty it, so that deleted rows are in neither. Returns False if others read or write
        now: the next call, or the end of the last process, does it. On PostgreSQL it does nothing and returns True.
        """
        if not self._on_sqlite:
            return True
        client: Any = self._connections.get(self.dialect)
        return await asyncio.to_thread(embedded.truncate_log, client.filename)

    async def close(self) -> None:
        """Close every connection. The database must not be used afterwards."""
        if self._reads:
            await self._reads.close()
        await self._context.close_connections()
        with suppress(ValueError):  # closed by a task other than the one that opened it
            self._context.__exit__(None, None, None)

    async def fetch(self, statement: Statement | str, *params: Any) -> Sequence[Row]:
        """
        Return all rows of one SELECT, without Tortoise. For bounded reads through an index, up to about 2,000 rows: on
        SQLite it runs in the event loop's thread. Inside `in_transaction()` it reads in that transaction.
        """
        return await self._fetch(statement, params, long=False)

    async def fetch_long(self, statement: Statement | str, *params: Any) -> Sequence[Row]:
        """Like `fetch`, for scans and large results: on SQLite in a separate thread, unless in a transaction."""
        return await self._fetch(statement, params, long=True)

    async def poll(self, text: str, *params: Any) -> Sequence[Row]:
        """Like `fetch`, outside of transactions, for background polling: it is neither logged nor counted."""
        return await self._reads.fetch(text, params)  # type: ignore[union-attr]

    async def _fetch(self, statement: Statement | str, params: Sequence[Any], *, long: bool) -> Sequence[Row]:
        text = statement if isinstance(statement, str) else statement.text(self.dialect)
        values = [to_parameter(value, self.dialect) for value in params]
        if STATEMENTS.isEnabledFor(logging.DEBUG):
            STATEMENTS.debug("%s: %s", text, values)
        client = self._connections.get(self.dialect)
        if isinstance(client, TransactionalDBClient):  # it has one connection, and what it wrote is seen there alone
            return await self._fetch_inside(client, text, values)
        read = self._reads.fetch_long if long else self._reads.fetch  # type: ignore[union-attr]
        return await read(text, values)

    async def _fetch_inside(self, client: TransactionalDBClient, text: str, params: Sequence[Any]) -> Sequence[Row]:
        async with client.acquire_connection() as connection:
            if self._on_sqlite:
                return await connection.execute_fetchall(text, params)
            return await connection.fetch(text, *params)

    @property
    def in_transaction(self) -> bool:
        """True if the task is inside `in_transaction()`: what it reads may still be rolled back."""
        return isinstance(self._connections.get(self.dialect), TransactionalDBClient)

    def commits(self) -> int | None:
        """A number that changes with every commit of any process; takes 6 µs. None on PostgreSQL, which has no such number."""
        return self._reads.commits() if isinstance(self._reads, embedded.Reads) else None

    async def ping(self) -> None:
        """Run one statement; raises if it fails. The caller must set a timeout."""
        await self.fetch("SELECT 1")

    def _open_reads(self) -> None:
        client: Any = self._connections.get(self.dialect)
        self._reads = embedded.Reads(client.filename) if self._on_sqlite else postgres.Reads(client)


@asynccontextmanager
async def connected(settings: Settings, *, foreign_keys: bool = True) -> AsyncIterator[Database]:
    """Connect Tortoise only, without readers or a check of the tables: for migrations."""
    database = await _connected(settings.database, settings.database_pool, foreign_keys=foreign_keys)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def opened(
    settings: Settings, *, check: bool = True, command_seconds: float = COMMAND_SECONDS
) -> AsyncIterator[Database]:
    """`Database.open` as a context manager."""
    database = await Database.open(settings, check=check, command_seconds=command_seconds)
    try:
        yield database
    finally:
        await database.close()


def sqlite_path(url: str) -> Path:
    """
    Return the file of a URL, as Tortoise reads it: `sqlite:///absolute/path` (more slashes make no difference) or
    `sqlite://relative/path`, relative to the working directory.
    """
    prefix = "sqlite://"
    path = unquote(url.removeprefix(prefix))
    if not url.startswith(prefix) or path.endswith("/") or not path or ":memory:" in path:
        raise BadSetting("DATABASE_URL must name a file: sqlite:///absolute/path or sqlite://relative/path.")
    return Path(f"/{path.lstrip('/')}" if path.startswith("/") else path).absolute()


async def _connected(
    url: str, pool_size: int, *, foreign_keys: bool = True, command_seconds: float | None = None
) -> Database:
    place = _place(url)
    dialect: Dialect = "sqlite" if url.startswith("sqlite:") else "postgres"
    credentials: dict[str, Any] = (
        {"file_path": str(sqlite_path(url)), "foreign_keys": foreign_keys}
        if dialect == "sqlite"
        else {"dsn": url, "pool_size": pool_size, "command_seconds": command_seconds}
    )
    context = TortoiseContext()
    context.__enter__()
    database = Database(context, dialect)
    try:
        # Tortoise caches SQL by connection name and table, process-wide: the name must differ by dialect.
        await context.init(
            config={
                "connections": {dialect: {"engine": f"models.engines.{dialect}", "credentials": credentials}},
                "apps": {"models": {"models": ["models.tables"], "default_connection": dialect}},
            },
            use_tz=True,
            timezone="UTC",
        )
        await context.connections.get(dialect).create_connection(with_db=True)
    except (OSError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable) as failed:
        await database.close()
        # asyncpg's errors about the address repeat it, with the password.
        why = "its address cannot be read" if isinstance(failed, asyncpg.ClientConfigurationError) else str(failed)
        raise NoDatabase(f"Cannot open the database at {place}: {why}") from failed
    except ValueError:  # asyncpg cannot parse a part of the address
        await database.close()
        raise BadSetting(UNREADABLE) from None
    except BaseException:
        await database.close()
        raise
    # For tasks that were not started by the task that opened the database.
    with suppress(ConfigurationError):
        set_global_context(context)
    return database


def _place(url: str) -> str:
    if url.startswith("sqlite:"):
        return str(sqlite_path(url))
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
    except ValueError:
        # Without the cause: the text taken for the port may be part of the password.
        raise BadSetting(UNREADABLE) from None
    return f"{parts.hostname or 'the local socket'}:{port}{parts.path}"
