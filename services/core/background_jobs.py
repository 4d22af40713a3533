"""Background jobs: repeated while the server runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from services.core.unavailable_log import log_unavailable
from services.errors import Unavailable

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """
    Work that runs every so many seconds, first `first_after` seconds after the server started.

    Several processes may run it at the same time: the work must coordinate that in the database.
    """

    name: str
    every: float
    work: Callable[[], Awaitable[object]]
    first_after: float = 0.0


@asynccontextmanager
async def background(jobs: Sequence[Job]) -> AsyncIterator[None]:
    """Run the jobs inside the block. Leaving it cancels running work, and waits for it."""
    tasks = [asyncio.create_task(_repeat(job), name=job.name) for job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _repeat(job: Job) -> None:
    await asyncio.sleep(job.first_after)
    while True:
        try:
            await job.work()
        except Unavailable as error:
            log_unavailable(error)
        except Exception:
            # The job goes on: the next run may succeed.
            log.exception("job.failed", job=job.name)
        await asyncio.sleep(job.every)
