"""
The running task's connection, and checks of what a function demands of its caller's transaction.

A docstring that says "Requires a transaction" or "Must not run in a transaction" is checked: the function calls
`require_transaction` or `forbid_transaction` first.
"""

from typing import Any

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.connection import get_connections
from tortoise.context import get_current_context


def current_connection() -> Any:
    """The task's connection: inside `in_transaction()` the transaction's, else the one that commits each statement."""
    connections = get_connections()
    [name] = connections.db_config  # models/database.py opens one
    return connections.get(name)


def is_in_transaction() -> bool:
    """True inside `in_transaction()`: what the task reads and writes may still be rolled back."""
    return get_current_context() is not None and isinstance(current_connection(), TransactionalDBClient)


def require_transaction() -> None:
    """Raise RuntimeError outside of `in_transaction()`: the caller's writes belong together, or its locks must last."""
    if not is_in_transaction():
        raise RuntimeError("This must run inside in_transaction().")


def forbid_transaction() -> None:
    """Raise RuntimeError inside `in_transaction()`: a write must outlive a refusal, or the call is slow."""
    if is_in_transaction():
        raise RuntimeError("This must not run inside in_transaction().")
