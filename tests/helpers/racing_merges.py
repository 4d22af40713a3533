"""Merges for tests that are about what comes after one, or what runs at the same time."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextvars import copy_context
from typing import Any, TypeVar

from tortoise.transactions import in_transaction

from models.statements import Statement, execute
from services.merging import engine
from services.merging.plan import Pair

PATIENCE = 15.0
"""Seconds within which calls get as far as to wait."""
Result = TypeVar("Result")


async def merge_now(source: int, survivor: int) -> None:
    """Merge one profile into another, as the operation does once everything is proved."""
    async with in_transaction():
        assert await engine.lock(Pair(source, survivor))
        await engine.merge(Pair(source, survivor))


async def merge_during(
    source: int, survivor: int, *calls: Coroutine[Any, Any, Result]
) -> Sequence[Result | BaseException]:
    """
    Start a merge, then the calls, and commit the merge once every call waits for one of its locks. PostgreSQL only. Returns what the
    calls return or raise.
    """
    outside = copy_context()
    async with in_transaction():
        assert await engine.lock(Pair(source, survivor))
        await engine.merge(Pair(source, survivor))
        running = [asyncio.create_task(call, context=outside.copy()) for call in calls]
        async with asyncio.timeout(PATIENCE):
            while await waiting() < sum(not each.done() for each in running):  # noqa: ASYNC110 - no event tells it
                await asyncio.sleep(0.01)
    return await asyncio.gather(*running, return_exceptions=True)


async def waiting() -> int:
    """Number of connections that wait for a lock."""
    await execute(
        Statement.of("SELECT 1 AS done FROM pg_stat_clear_snapshot()")
    )  # a transaction reads its statistics once
    [row] = await execute(_WAITING)
    return int(row["number"])


_WAITING = Statement.of(
    "SELECT count(*) AS number FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
