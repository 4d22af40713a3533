"""One runtime for each open database: what a server keeps in memory is its own."""

import asyncio
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from models.database import Database, opened
from services.core import clock, runtime
from services.core.runtime import Runtime, runtime_of
from settings import Settings

MOMENT = datetime(2026, 3, 10, 12, tzinfo=UTC)
WORD: ContextVar[str] = ContextVar("word", default="")


class Cache:
    pass


def test_a_part_is_created_once_and_belongs_to_one_runtime() -> None:
    one, two = Runtime(Settings()), Runtime(Settings())
    assert one.existing(Cache) is None
    assert one.part(Cache, Cache) is one.part(Cache, Cache) is one.existing(Cache)
    assert two.part(Cache, Cache) is not one.existing(Cache)


def test_the_current_runtime_is_the_innermost_active_one() -> None:
    outer, inner = Runtime(Settings()), Runtime(Settings())
    with outer.active():
        with inner.active():
            assert runtime.current() is inner
        assert runtime.current() is outer


def test_without_a_database_there_is_none() -> None:
    with pytest.raises(RuntimeError):
        _ = Runtime(Settings()).database


async def test_an_open_database_has_one_runtime(database: Database, settings: Settings) -> None:
    assert runtime_of(database) is runtime.current()
    async with opened(settings) as other:
        assert runtime_of(other) is runtime_of(other) is not runtime_of(database)
        assert runtime_of(other).settings is settings
        own = Runtime(replace(settings, public_url="http://own.example"), other)
        assert runtime_of(other) is own


async def test_a_started_task_has_the_runtimes_context_and_the_callers_clock(database: Database) -> None:
    async def seen() -> tuple[str, Runtime, datetime]:
        return WORD.get(), runtime.current(), clock.now()

    WORD.set("of the caller")
    with Runtime(Settings()).active(), clock.frozen(MOMENT):
        task = runtime_of(database).start(seen())
    assert await task == ("", runtime_of(database), MOMENT)
    assert (await asyncio.create_task(seen()))[0] == "of the caller"
