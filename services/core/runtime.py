"""
What one server, command or test keeps in memory: its settings, its database and its parts (boards, limits, caches).

There is one `Runtime` for each open database; nothing that belongs to a server is stored in a module.
docs/decisions/0020-runtime.md says why.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import cached_property
from typing import Any, TypeVar, cast

from models.database import Database
from services.core import clock
from services.core.id_codec import IdCodec
from settings import Settings

Part = TypeVar("Part")
Result = TypeVar("Result")

_current: ContextVar["Runtime"] = ContextVar("runtime")


class Runtime:
    """
    Settings, database and parts of one server, command or test.

    Create it where the database was opened: tasks that parts start run in the context of that place. A runtime without a
    database serves what needs settings alone.
    """

    def __init__(self, settings: Settings, database: Database | None = None) -> None:
        self.settings = settings
        self._database = database
        self._parts: dict[type, object] = {}
        self._context = copy_context()
        self._context.run(_current.set, self)
        if database is not None:
            database.runtime = self

    @property
    def database(self) -> Database:
        """The open database. Raises RuntimeError if there is none."""
        if self._database is None:
            raise RuntimeError("This runtime has no database.")
        return self._database

    @cached_property
    def ids(self) -> IdCodec:
        """The codec of the database's ids. Raises RuntimeError if there is no database, or its tables were not checked."""
        if self.database.id_key is None:
            raise RuntimeError("The database was opened without its tables: it has no key for ids.")
        return IdCodec(self.database.id_key)

    def part(self, kind: type[Part], create: Callable[[], Part]) -> Part:
        """Return the one instance of `kind` in this runtime; the first call makes it with `create`."""
        found = self.existing(kind)
        if found is None:
            found = self._parts[kind] = create()
        return found

    def existing(self, kind: type[Part]) -> Part | None:
        """Return the instance of `kind`; None if nothing has needed it yet."""
        return cast("Part | None", self._parts.get(kind))

    def start(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        """
        Run `work` as a task whose result several callers may share.

        It does not inherit the caller's context: it must not run in the first caller's transaction or language. Only a
        clock that a test has frozen is carried over.
        """
        context = self._context.copy()
        clock.carry_over(context)
        return asyncio.create_task(work, context=context)

    @contextmanager
    def active(self) -> Iterator["Runtime"]:
        """Make this the runtime that `current()` returns inside the block, and in tasks that start there."""
        token = _current.set(self)
        try:
            yield self
        finally:
            _current.reset(token)


def current() -> Runtime:
    """Return the runtime of the request, job or command that calls. Raises RuntimeError if none is active."""
    found = _current.get(None)
    if found is None:
        raise RuntimeError("No runtime is active: create a Runtime and enter its `active()`.")
    return found


def runtime_of(database: Database) -> Runtime:
    """Return the runtime of an open database. If it has none, create one with the current settings."""
    return database.runtime or Runtime(current().settings, database)
