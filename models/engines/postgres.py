"""
PostgreSQL through asyncpg's pool.

Differs from Tortoise's own client in that a connection goes back to the pool without a reset statement
(432 against 241 µs a read; so nothing here may leave session state behind: no SET, LISTEN or session lock on
pooled connections), the session is in UTC, and a transaction that fails to begin releases its connection.
Raises `Unavailable` if the database is unreachable or all sessions stay in use; the pool reconnects by itself.
"""

# ruff: noqa: SLF001 - what these classes correct is private in Tortoise

from collections.abc import Sequence
from types import TracebackType
from typing import Any

import asyncpg
from tortoise.backends.asyncpg import client as base
from tortoise.backends.base.client import (
    ConnectionWrapper,
    NestedTransactionContext,
    PoolConnectionWrapper,
    TransactionalDBClient,
    TransactionContext,
)
from tortoise.connection import get_connections

from models.engines.failures import postgres_unavailable
from services.errors import Unavailable

APPLICATION_NAME = "community-graph"
"""Name of this server's sessions in pg_stat_activity."""
CONNECT_SECONDS = 5.0
"""Timeout for opening one session."""
ACQUIRE_SECONDS = 10.0
"""Timeout for waiting for a session while all are in use."""


class PlainConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection without a reset query; an open transaction is still rolled back when it is released."""

    def get_reset_query(self) -> str:
        return ""


class PostgresClient(base.AsyncpgDBClient):
    """Tortoise's connection: a pool of at most `pool_size` sessions at `dsn`."""

    def __init__(self, dsn: str, *, pool_size: int, command_seconds: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._dsn = dsn
        self._pool_size = pool_size
        self._command_seconds = command_seconds

    async def create_connection(self, with_db: bool) -> None:
        self._pool = await asyncpg.create_pool(
            self._dsn,
            min_size=1,
            max_size=self._pool_size,
            connection_class=PlainConnection,
            timeout=CONNECT_SECONDS,
            command_timeout=self._command_seconds,
            # Reads take a few ms. Compiling one, which the planner does for tables that are not analysed yet, took 250 ms.
            server_settings={"timezone": "UTC", "application_name": APPLICATION_NAME, "jit": "off"},
        )
        await self._post_connect()

    def _in_transaction(self) -> TransactionContext:
        return _Pooled(self)

    def acquire_connection(self) -> PoolConnectionWrapper[Any]:
        return _Acquired(self, self._pool_init_lock)


class _Acquired(PoolConnectionWrapper[Any]):
    """A connection of the pool for one statement."""

    async def __aenter__(self) -> Any:
        self.connection = await acquire(await opened_pool(self.client))  # type: ignore[arg-type]  # it is a PostgresClient
        return self.connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await super().__aexit__(kind, error, trace)
        except Exception as failed:  # noqa: BLE001 - it is raised again, or as what it means
            raise postgres_unavailable(failed) or failed from error
        if unavailable := postgres_unavailable(error):
            raise unavailable from error


class _Kept(ConnectionWrapper[Any]):
    """A transaction's connection for one statement."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        if unavailable := postgres_unavailable(error):
            raise unavailable from error


class _Pooled(TransactionContext):
    """The outermost transaction of a task: holds one connection of the pool."""

    def __init__(self, parent: PostgresClient) -> None:
        self._parent = parent
        self._transaction = _Transaction(parent)
        self.client = self._transaction

    async def __aenter__(self) -> TransactionalDBClient:
        pool = await opened_pool(self._parent)
        transaction = self._transaction
        transaction._connection = await acquire(pool)
        try:
            await transaction.begin()
        except BaseException as failed:  # noqa: BLE001 - it is raised again, or as what it means
            await pool.release(transaction._connection)
            raise postgres_unavailable(failed) or failed from None
        self._token = get_connections().set(transaction.connection_name, transaction)
        return transaction

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        transaction = self._transaction
        get_connections().reset(self._token)
        try:
            try:
                if not transaction._finalized:  # committed or rolled back by hand
                    await (transaction.rollback() if kind else transaction.commit())
            finally:
                if self._parent._pool:  # else closed meanwhile, with its connections
                    await self._parent._pool.release(transaction._connection)
        except Exception as failed:  # noqa: BLE001 - it is raised again, or as what it means
            # An interrupted commit may have succeeded; calls that must be safe against this have an idempotency key.
            raise postgres_unavailable(failed) or failed from error


class _Transaction(base.TransactionWrapper):
    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_Transaction(self))

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        return _Kept(self._lock, self)


async def opened_pool(client: base.AsyncpgDBClient) -> "asyncpg.Pool[asyncpg.Record]":
    """Return the client's pool; opens it if necessary."""
    if not client._pool:
        async with client._pool_init_lock:
            if not client._pool:
                await client.create_connection(with_db=True)
    return client._pool


async def acquire(pool: "asyncpg.Pool[asyncpg.Record]") -> Any:
    """Return a connection of the pool; waits at most ACQUIRE_SECONDS. Raises Unavailable."""
    # A timeout costs a task: none if a connection is free. Connecting has a timeout of its own.
    wait = ACQUIRE_SECONDS if pool._queue is None or pool._queue.empty() else None
    try:
        return await pool.acquire(timeout=wait)
    except TimeoutError as failed:
        reason = "all sessions are in use" if wait else "it does not answer"
        raise Unavailable(f"PostgreSQL: {reason}") from failed
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as failed:
        raise postgres_unavailable(failed) or failed from None


class Reads:
    """Reads without Tortoise: its pool, no transaction, asyncpg's records."""

    def __init__(self, client: base.AsyncpgDBClient) -> None:
        self._client = client

    async def fetch(self, text: str, params: Sequence[Any]) -> Sequence[Any]:
        async with self._client.acquire_connection() as connection:
            rows: Sequence[Any] = await connection.fetch(text, *params)
        return rows

    fetch_long = fetch

    async def close(self) -> None:
        """Nothing to close: the pool is Tortoise's."""


client_class = PostgresClient
