"""Work that no request waits for: run again and again while the server serves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from services.errors import Unavailable
from web.unavailable import note

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """
    Something to be done every so many seconds, first `first_after` seconds after the server started.

    Several processes may do it at the same time: it must settle that in the database.
    """

    name: str
    every: float
    work: Callable[[], Awaitable[object]]
    first_after: float = 0.0


@asynccontextmanager
async def background(jobs: Sequence[Job]) -> AsyncIterator[None]:
    """Do the jobs inside the block. Leaving it cancels what is under way, and waits for it."""
    tasks = [asyncio.create_task(_again_and_again(job), name=job.name) for job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _again_and_again(job: Job) -> None:
    await asyncio.sleep(job.first_after)
    while True:
        try:
            await job.work()
        except Unavailable as error:
            note(error)
        except Exception:
            # The next time may go well; a job that ended for good would be missed by nobody.
            log.exception("job_failed", job=job.name)
        await asyncio.sleep(job.every)
