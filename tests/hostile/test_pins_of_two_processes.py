"""A pinned board is the same in every process, whatever is committed late, and whatever is written meanwhile."""

import asyncio
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from models.database import Database
from models.profiles import Profile, Visibility
from services.core import clock
from services.core.runtime import runtime_of
from services.leaderboards import moments
from services.leaderboards.boards import Boards
from services.leaderboards.keys import Board, BoardKey, Period
from services.leaderboards.queries import key_of, ranked
from services.leaderboards.snapshots import Snapshots
from services.points.ledger import record_many
from services.profiles.profiles import refresh_visibility
from tests.helpers.factories import event, give, make_profile
from tests.helpers.watchdog import watched

STORM_SECONDS = 3.0
"""How long it blows at least; on a busy machine until WALKS and WRITES are reached."""
WALKS, WRITES = 6, 12
PEOPLE = 24


class Process:
    """What another process has: boards, pins and remembered moments of its own, on the same database."""

    def __init__(self, database: Database) -> None:
        self.database, self.boards = database, Boards(database)
        self.snapshots = Snapshots(self.boards)

    async def walk(self, key: BoardKey, size: int = 5) -> list[tuple[int, int, int]]:
        """Everybody on a pinned board, page by page: rank, points, profile."""
        found: list[tuple[int, int, int]] = []
        at = None
        while True:
            pin = await self._pin(key)
            if not (places := pin.after(at, size)):
                assert abs(len(found) - pin.total) <= 1  # one person hides and shows themselves between the pages
                return found
            found += [(each.rank, each.points, each.profile_id) for each in ranked(pin, places)]
            at = places[-1].standing
            await asyncio.sleep(0)

    async def _pin(self, key: BoardKey) -> Any:
        if self.database.dialect == "postgres":
            # Nothing is remembered from the other process.
            runtime_of(self.database).part(moments._CachedMoments, moments._CachedMoments).clear()
        return await self.snapshots.get(key)


def pinned(at: Any, period: Period = Period.ALL_TIME) -> BoardKey:
    return key_of(Board.FORUM, period, on=None, at=at, people=None)


@pytest.mark.postgres_only
@pytest.mark.parametrize("period", [Period.ALL_TIME, Period.LAST_30_DAYS])
async def test_a_transaction_that_began_earlier_and_commits_later_is_in_no_pin(
    database: Database, period: Period
) -> None:
    # given a writer that has recorded its event and does not commit yet
    ada, ben = await make_profile("Ada"), await make_profile("Ben")
    now = clock.now() - timedelta(seconds=1)
    await give(ada, times=2, occurred_at=now)
    first, second = Process(database), Process(database)
    recorded, go_on = asyncio.Event(), asyncio.Event()

    async def write_slowly() -> None:
        async with in_transaction():
            await record_many([event(ben, occurred_at=now), event(ben, occurred_at=now)])
            recorded.set()
            await go_on.wait()

    slow = asyncio.create_task(write_slowly())
    await recorded.wait()
    # when the board is pinned, the writer commits, and somebody else earns something
    key = pinned(clock.now(), period)
    before = await first.walk(key)
    go_on.set()
    await slow
    await give(ada, occurred_at=now)
    # then
    assert before == [(1, 30, ada)]
    assert await first.walk(key) == await second.walk(key) == before
    assert await Process(database).walk(key) == before  # one that has just been started
    later = pinned(clock.now(), period)
    assert {each[2] for each in await second.walk(later)} == {ada, ben}


async def test_walks_of_two_processes_agree_while_many_write_late(database: Database) -> None:  # noqa: C901 - a storm
    # given
    people = [await make_profile(f"P{n}") for n in range(PEOPLE)]
    for number, who in enumerate(people):
        await give(who, times=1 + number % 3, occurred_at=clock.now())
    processes = [Process(database), Process(database)]
    chance, loop = Random(5), asyncio.get_running_loop()
    end, walks, writes = loop.time() + STORM_SECONDS, 0, 0
    concurrent = database.dialect == "postgres"

    def blows() -> bool:
        return loop.time() < end or walks < WALKS or writes < WRITES

    async def write(mine: list[int]) -> None:
        nonlocal writes
        while blows():
            async with in_transaction():
                await record_many([event(who, occurred_at=clock.now()) for who in sorted(chance.sample(mine, 2))])
                if concurrent:
                    await asyncio.sleep(chance.choice([0, 0, 0.02, 0.2]))
            writes += 1
            await asyncio.sleep(0.002)

    async def hide_and_show(mine: list[int]) -> None:
        while blows():
            for visibility in (Visibility.PRIVATE, Visibility.PUBLIC):
                async with in_transaction():
                    await Profile.filter(id=mine[0]).update(visibility=visibility)
                    await refresh_visibility([mine[0]])
                await asyncio.sleep(0.05)

    async def compare() -> None:
        nonlocal walks
        while blows():
            at = clock.now() - timedelta(milliseconds=chance.choice([0, 1, 30, 500]))
            key = pinned(at, chance.choice([Period.ALL_TIME, Period.LAST_30_DAYS, Period.WEEK]))
            one, other = await asyncio.gather(*(each.walk(key) for each in processes))
            hidden = {people[-1]}  # comes and goes, between the two walks as well
            assert [each for each in one if each[2] not in hidden] == [each for each in other if each[2] not in hidden]
            assert len({each[2] for each in one}) == len(one)
            walks += 1

    # when
    with watched():
        async with asyncio.timeout(100):
            await asyncio.gather(
                *(write(people[start : start + 4]) for start in range(0, PEOPLE - 4, 4)),
                hide_and_show(people[-1:]),
                compare(),
                compare(),
            )
    # then
    assert walks >= WALKS and writes >= WRITES
