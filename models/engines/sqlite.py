"""
SQLite, the embedded default: one writer at a time, and readers that never wait for it.

Differs from Tortoise's own client: transactions start with BEGIN IMMEDIATE (a deferred one that writes later fails at once
if another process wrote meanwhile, whatever the busy timeout), plain reads use a separate connection, and a transaction
that is cancelled or fails leaves neither lock nor transaction behind. Raises `Unavailable` if the file stays locked, the
disk is full or the file is gone.
"""

# ruff: noqa: SLF001 - what these classes correct is private in Tortoise

import asyncio
import os
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import aiosqlite
from tortoise.backends.base.client import (
    ConnectionWrapper,
    NestedTransactionContext,
    TransactionalDBClient,
    TransactionContext,
)
from tortoise.backends.sqlite import client as base
from tortoise.connection import get_connections
from tortoise.exceptions import OperationalError

from models.engines.failures import sqlite_unavailable
from services.errors import Unavailable

BUSY_SECONDS = 15.0
"""Timeout of a writer for another process's transaction, such as a batch of an import, and for its turn in this process."""

_PAGES = "PRAGMA cache_size = -32768"  # KiB
_WRITER = (
    # What is deleted or overwritten does not stay in the file: about 50 µs a transaction, and no more than FAST, which leaves free pages.
    "PRAGMA secure_delete = ON",
    "PRAGMA synchronous = NORMAL",  # WAL keeps the file whole; FULL costs 1.4 ms a transaction
    "PRAGMA journal_size_limit = 67108864",
    _PAGES,
)
_READER = ("PRAGMA query_only = ON", "PRAGMA mmap_size = 1073741824", _PAGES)


def _stored(moment: datetime) -> str:
    # Texts sort like times only within one time zone.
    return (moment.astimezone(UTC) if moment.tzinfo else moment).isoformat(" ")


sqlite3.register_adapter(datetime, _stored)  # after Tortoise's own, which keeps the zone


def make_file(path: Path) -> None:
    """Create the database's file, readable by its owner only, and its folder, unless they exist."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite gives its -wal and -shm the same mode


class SqliteClient(base.SqliteClient):
    """Tortoise's connection: `_connection` for writes and transactions, `_reader` for other SELECTs."""

    def __init__(self, file_path: str, *, foreign_keys: bool = True, **kwargs: Any) -> None:
        super().__init__(file_path, **kwargs)
        self._foreign_keys = foreign_keys
        self._reader: aiosqlite.Connection | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    async def create_connection(self, with_db: bool) -> None:
        if self._connection:
            return
        make_file(Path(self.filename))
        try:
            self._connection = await self._connect(*_WRITER, f"PRAGMA foreign_keys = {int(self._foreign_keys)}")
            self._reader = await self._connect(*_READER)
        except BaseException:
            await self.close()
            raise
        await self._post_connect()

    async def _connect(self, *pragmas: str) -> aiosqlite.Connection:
        connection = await aiosqlite.connect(self.filename, isolation_level=None, timeout=BUSY_SECONDS)
        try:
            connection.row_factory = sqlite3.Row
            await _write_ahead(connection)
            for pragma in pragmas:
                await connection.execute_fetchall(pragma)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def close(self) -> None:
        if self._leaving:
            await asyncio.wait(self._leaving)
        reader, self._reader = self._reader, None
        writer, self._connection = self._connection, None
        if reader:
            await reader.close()
        if writer:  # last: only a writer can checkpoint the WAL into the file
            await writer.close()

    def _in_transaction(self) -> TransactionContext:
        return _Immediate(_Transaction(self), self._lock)

    def leave(self, transaction: "_Transaction") -> None:
        """Roll back what an interrupted BEGIN or COMMIT may have left, after it in the thread's queue; then unlock."""

        async def undone() -> None:
            try:
                if connection := transaction._connection:
                    await connection.rollback()  # no effect if no transaction is open
            finally:
                self._lock.release()

        task = asyncio.create_task(undone())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[Any]]:
        if self._reader and _reads(query):
            rows = await self._read(query, values)
            return len(rows), rows
        return await super().execute_query(query, values)

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        if self._reader and _reads(query):
            return [dict(row) for row in await self._read(query, values)]
        return await super().execute_query_dict(query, values)

    async def _read(self, query: str, values: list[Any] | None) -> list[sqlite3.Row]:
        self.log.debug("%s: %s", query, values)
        try:
            return list(await self._reader.execute_fetchall(query, values))  # type: ignore[union-attr]
        except sqlite3.OperationalError as failed:
            raise sqlite_unavailable(failed) or OperationalError(failed) from failed

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        return _Acquired(self._lock, self)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        async with self._in_transaction() as transaction:
            await transaction.execute_many(query, values)


def _reads(query: str) -> bool:
    return query.startswith("SELECT ")


async def _write_ahead(connection: aiosqlite.Connection) -> None:
    # If two processes switch a new file at the same time, SQLite refuses one of them without waiting.
    for attempt in range(100):
        try:
            await connection.execute_fetchall("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if attempt == 99:  # noqa: PLR2004 - the last one
                raise
            await asyncio.sleep(0.05)
        else:
            return


class _Acquired(ConnectionWrapper[Any]):
    """The writing connection, for one statement."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        if unavailable := sqlite_unavailable(error):
            raise unavailable from error


class _Transaction(base.SqliteTransactionWrapper):
    def acquire_connection(self) -> ConnectionWrapper[Any]:
        return _Acquired(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_Transaction(self))

    async def begin(self) -> None:
        try:
            await self._connection.execute_fetchall("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as failed:
            raise sqlite_unavailable(failed) or OperationalError(failed) from failed


class _Immediate(TransactionContext):
    """The outermost transaction of a task: takes the process's write lock, then the file's."""

    def __init__(self, transaction: _Transaction, lock: asyncio.Lock) -> None:
        self.client = transaction
        self._transaction = transaction
        self._lock = lock

    async def __aenter__(self) -> TransactionalDBClient:
        transaction = self._transaction
        parent: SqliteClient = transaction._parent  # type: ignore[assignment]
        await self._take_turn()
        try:
            if not transaction._connection:
                await parent.create_connection(with_db=True)
                transaction._connection = parent._connection  # type: ignore[assignment]
            await transaction.begin()
        except BaseException:
            parent.leave(transaction)
            raise
        self._token = get_connections().set(transaction.connection_name, transaction)
        return transaction

    async def _take_turn(self) -> None:
        """Take the process's write lock. With a timeout, so that queued writers of a locked file do not add up their waits."""
        if not self._lock.locked():
            await self._lock.acquire()
            return
        try:
            async with asyncio.timeout(BUSY_SECONDS):
                await self._lock.acquire()
        except TimeoutError as failed:
            raise Unavailable("SQLite: writers wait for each other") from failed

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        transaction = self._transaction
        get_connections().reset(self._token)
        try:
            if not transaction._finalized:  # committed or rolled back by hand
                await (transaction.rollback() if kind else transaction.commit())
        except BaseException as failed:  # noqa: BLE001 - it is raised again, or as what it means
            transaction._parent.leave(transaction)  # type: ignore[attr-defined]
            raise sqlite_unavailable(failed) or failed from error
        self._lock.release()


def truncate_log(path: str) -> bool:
    """
    Write the WAL into the file and empty it: until then it has rows that were deleted. Returns False if another process is reading or
    writing. Blocks for up to a quarter of a second.
    """
    connection = sqlite3.connect(path, isolation_level=None, timeout=0.25)
    try:
        connection.execute("PRAGMA secure_delete = ON").fetchall()
        return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()


class Reads:
    """
    Reads without Tortoise, on read-only connections. They see every commit at once and nothing uncommitted.

    All rows are fetched before anything else runs: an open cursor would pin the snapshot.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._here = _read_only(path)
        self._long: sqlite3.Connection | None = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="long-reads")

    async def fetch(self, text: str, params: Sequence[Any]) -> Sequence[Any]:
        # In the event loop's thread: switching threads costs 25 times a point read.
        try:
            return self._here.execute(text, params).fetchall()
        except sqlite3.OperationalError as failed:
            raise sqlite_unavailable(failed) or failed from failed.__cause__

    async def fetch_long(self, text: str, params: Sequence[Any]) -> Sequence[Any]:
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._fetch_long, text, params)

    def _fetch_long(self, text: str, params: Sequence[Any]) -> Sequence[Any]:
        if self._long is None:
            self._long = _read_only(self._path)
        try:
            return self._long.execute(text, params).fetchall()
        except sqlite3.OperationalError as failed:
            raise sqlite_unavailable(failed) or failed from failed.__cause__

    def commits(self) -> int:
        """SQLite's counter of commits by other connections of any process."""
        number: int = self._here.execute("PRAGMA data_version").fetchone()[0]
        return number

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._worker.shutdown)
        for connection in (self._here, self._long):
            if connection:
                connection.close()


def _read_only(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{Path(path).absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
        timeout=1.0,  # WAL readers do not wait, except during a recovery
    )
    connection.row_factory = sqlite3.Row
    for pragma in _READER:
        connection.execute(pragma).fetchall()
    return connection


client_class = SqliteClient
