"""
Errors that mean the database is unreachable, full or busy, as opposed to a wrong statement.

They become `Unavailable`, with a reason for the log: it names the kind of failure and contains no value of a row.
"""

import sqlite3

import asyncpg

from services.errors import Unavailable

AWAY = (
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,  # too many connections, out of memory; a full disk has a reason of its own
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.OperatorInterventionError,  # shut down, or the session was ended
    asyncpg.PostgresConnectionError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby took over and was not promoted yet
)
CLOSED = ("closed", "released back", "cannot switch to state")
"""Texts of asyncpg's errors for a lost connection: these errors have no code."""
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
"""Mask of the primary code in SQLite's extended error codes."""


def postgres_unavailable(error: BaseException | None) -> Unavailable | None:
    """Return Unavailable for an error of asyncpg or the network; None if the error does not mean that."""
    if isinstance(error, asyncpg.QueryCanceledError):
        return None  # handled by whatever cancelled it
    if isinstance(error, asyncpg.DiskFullError):
        return Unavailable(f"PostgreSQL: {DISK_FULL}")
    if isinstance(error, (*AWAY, OSError)) or (
        isinstance(error, (asyncpg.InterfaceError, asyncpg.InternalClientError))
        and any(word in str(error) for word in CLOSED)
    ):
        return Unavailable(f"PostgreSQL: {type(error).__name__}")
    return None


def sqlite_unavailable(error: BaseException | None) -> Unavailable | None:
    """Return Unavailable for an error of SQLite; None if the error does not mean that."""
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(error, sqlite3.Error) or code is None:
        return None
    reason = SQLITE_REASONS.get(code & PRIMARY_CODE)
    return None if reason is None else Unavailable(f"SQLite: {reason}")
