"""
Which failures of a database say that it is away, full or busy, rather than that a statement is wrong.

They become `Unavailable`, whose reason is for the log: it names the kind of failure and no value of any row.
"""

import sqlite3

import asyncpg

from services.errors import Unavailable

AWAY = (
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,  # too many connections, out of memory; a full disk has its own words
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.OperatorInterventionError,  # shut down, or the session was ended
    asyncpg.PostgresConnectionError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby took over and was not promoted yet
)
CLOSED = ("closed", "released back", "cannot switch to state")
"""Words by which asyncpg says that a connection ended under it: these errors have no code."""
DISK_FULL = "the disk is full"
SQLITE_REASONS = {
    sqlite3.SQLITE_BUSY: "another process holds the write lock",
    sqlite3.SQLITE_LOCKED: "another process holds the write lock",
    sqlite3.SQLITE_FULL: DISK_FULL,
    sqlite3.SQLITE_IOERR: "the disk fails",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_PROTOCOL: "the file is locked",
}
PRIMARY_CODE = 0xFF
"""The part of SQLite's extended error codes that says the kind."""


def postgres_unavailable(error: BaseException | None) -> Unavailable | None:
    """What an error of asyncpg or of the network means; None: it says nothing about whether the database is there."""
    if isinstance(error, asyncpg.QueryCanceledError):
        return None  # what cancelled it knows why
    if isinstance(error, asyncpg.DiskFullError):
        return Unavailable(f"PostgreSQL: {DISK_FULL}")
    if isinstance(error, (*AWAY, OSError)) or (
        isinstance(error, (asyncpg.InterfaceError, asyncpg.InternalClientError))
        and any(word in str(error) for word in CLOSED)
    ):
        return Unavailable(f"PostgreSQL: {type(error).__name__}")
    return None


def sqlite_unavailable(error: BaseException | None) -> Unavailable | None:
    """What an error of SQLite means; None: it says nothing about whether the database is there."""
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(error, sqlite3.Error) or code is None:
        return None
    reason = SQLITE_REASONS.get(code & PRIMARY_CODE)
    return None if reason is None else Unavailable(f"SQLite: {reason}")
