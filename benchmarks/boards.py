"""
Measures live boards on SQLite in a temporary folder: `python -m benchmarks.boards [people]`, by default 1,000,000 people.

Prints the build time of the six all-time boards, their memory, the longest time that the event loop was blocked meanwhile,
and the time of a rank, a page and a change.
"""

import asyncio
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from models.database import Database, opened
from models.migrate import migrate
from services.core import clock
from services.core.runtime import Runtime
from services.leaderboards import boards
from services.leaderboards.cache import ALL_TIME_VIEW, Membership
from services.leaderboards.history import Change
from services.leaderboards.keys import Board, BoardKey, Period
from services.leaderboards.queries import around, key_of, listing, movements, own, ranked
from settings import Settings

CALLS = 2_000
"""Measured calls of each kind."""
IDS_PER_INSERT = 10_000


def fill(path: Path, people: int) -> None:
    """Insert scores, without profiles and ledger: all-time boards are built from the scores alone."""
    chance = random.Random(7)  # noqa: S311 - a benchmark
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for start in range(1, people + 1, IDS_PER_INSERT):
            ids = range(start, min(start + IDS_PER_INSERT, people + 1))
            connection.executemany(
                "INSERT INTO score (profile_id, listed, overall, overall_reached, forum, forum_reached, app_store,"
                " app_store_reached, platform, platform_reached, community, community_reached, learning, learning_reached)"
                " VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_score(chance, number) for number in ids],
            )


def _score(chance: random.Random, number: int) -> tuple[int, ...]:
    sums = [(int(chance.paretovariate(0.9) * 5) % 60_000 + 1, chance.randrange(10**15, 2 * 10**15)) for _ in range(5)]
    overall = (sum(points for points, _ in sums), max(at for _, at in sums))
    return number, *overall, *(figure for each in sums for figure in each)


class LoopMonitor:
    """Measures the longest time that the event loop was blocked."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        """Wake up every millisecond and measure the delay."""
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.perf_counter() - begun - 0.001)


def memory() -> float:
    """Return the resident memory of the process in MiB."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize() / 2**20


def report(what: str, took: list[float]) -> None:
    """Print median and 99th percentile in microseconds."""
    print(f"{what:<34} {median(took) * 1e6:10.1f} µs  p99 {quantiles(took, n=100)[98] * 1e6:10.1f} µs")


async def seconds(work: Awaitable[Any]) -> float:
    """Return the seconds that it took."""
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


async def build(database: Database) -> None:
    """Build the six all-time boards, one after the other."""
    monitor, before, all_boards = LoopMonitor(), memory(), boards.for_database(database)
    watching = asyncio.create_task(monitor.watch())
    print(f"{'all scores read':<34} {await seconds(all_boards.totals(ALL_TIME_VIEW)):10.2f} s")
    for board in Board:
        print(f"{board.value:<34} {await seconds(all_boards.ranking(board)):10.2f} s")
    watching.cancel()
    print(f"{'memory of the six boards':<34} {memory() - before:10.1f} MiB")
    print(f"{'event loop blocked at most':<34} {monitor.longest * 1e3:10.1f} ms")


async def page(database: Database, key: BoardKey, points: int) -> None:
    """Read a page of 50 places."""
    board = await listing(database, key)
    ranked(board, board.after((points, 0, 0), 50))


async def change(database: Database, number: int) -> None:
    """Add ten points in one category, as after an entry of the change feed."""
    live = boards.for_database(database).cached.windows[ALL_TIME_VIEW]
    sums, who = list(live.table.sums(number - 1)), Membership(listed=True)
    live.update(number, [sums[0] + 10, sums[1], sums[2] + 10, *sums[3:]], who, who, Change(clock.now()))


async def measure(database: Database, people: int) -> None:
    """Build the boards, then measure reads and changes."""
    await build(database)
    chance, key = random.Random(1), BoardKey(Board.OVERALL)  # noqa: S311 - a benchmark
    someone = [chance.randrange(1, people + 1) for _ in range(CALLS)]
    report("own place", [await seconds(own(database, key, each)) for each in someone])
    report("around, radius 5", [await seconds(around(database, key, each, 5, own_profile=0)) for each in someone])
    report("page of 50", [await seconds(page(database, key, chance.randrange(1, 3_000))) for _ in someone])
    report("change on two boards", [await seconds(change(database, each)) for each in someone])
    places = []
    for each in someone[:200]:
        await change(database, each)
        places.append(await seconds(own(database, key, each)))
    report("first place after a change", places)
    pinned = key_of(Board.OVERALL, Period.ALL_TIME, on=None, at=clock.now(), people=None)
    print(f"{'a pinned board':<34} {await seconds(listing(database, pinned)):10.2f} s")
    print(f"{'movement, the first time':<34} {await seconds(movements(database, key, [(1, 1)])):10.2f} s")
    fifty = [(each, 1) for each in someone[:50]]
    report("movement of 50", [await seconds(movements(database, key, fifty)) for _ in range(200)])


async def main(people: int) -> None:
    """Create the database and measure."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "boards.sqlite3"
        settings = Settings(database_url=f"sqlite:///{path}")
        await migrate(settings)
        await asyncio.to_thread(fill, path, people)
        async with opened(settings) as database:
            with Runtime(settings, database).active():
                await measure(database, people)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
