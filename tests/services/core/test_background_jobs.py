"""Jobs go on, whatever happens to one of them."""

import asyncio

from structlog.testing import capture_logs

from server import MAINTENANCE, MAINTENANCE_JOBS
from services.core.background_jobs import Job, background


async def test_a_job_that_fails_is_done_again_and_does_not_hinder_others() -> None:
    # given
    done = {"good": 0, "bad": 0}
    enough = asyncio.Event()

    async def good() -> None:
        done["good"] += 1
        if done["good"] >= 3 and done["bad"] >= 3:
            enough.set()

    async def bad() -> None:
        done["bad"] += 1
        raise ValueError("of no use today")

    # when
    with capture_logs() as logged:
        async with background([Job("bad", 0.001, bad), Job("good", 0.001, good)]):
            await asyncio.wait_for(enough.wait(), 5)
    # then
    assert {entry["event"] for entry in logged} == {"job.failed"}
    assert {entry["job"] for entry in logged} == {"bad"}


async def test_a_job_may_begin_later_than_the_server() -> None:
    done = asyncio.Event()

    async def work() -> None:
        done.set()

    async with background([Job("later", 60, work, first_after=0.1)]):
        await asyncio.sleep(0)
        assert not done.is_set()
        await asyncio.wait_for(done.wait(), 5)


def test_each_daily_chore_is_a_job_of_its_own() -> None:
    names = [job.name for job in MAINTENANCE_JOBS]
    assert len(names) == len(set(names))
    assert {*names} - MAINTENANCE.keys() == {"make_downloads", "sweep_downloads", "sweep_pictures"}
    # what lists every file does not begin with the process
    assert [job.name for job in MAINTENANCE_JOBS if job.first_after] == ["sweep_pictures", "sweep_downloads"]


async def test_leaving_waits_for_what_is_under_way_to_end() -> None:
    # given
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    # when
    async with background([Job("slow", 60, slow)]):
        await begun.wait()
    # then
    assert ended.is_set()
