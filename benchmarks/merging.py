"""
Measures merging two profiles: `python -m benchmarks.merging [DATABASE_URL] [entries]`, by default 50,000 ledger entries each in SQLite in a
temporary folder. A PostgreSQL database must be empty.

Prints the time of the plan, of the merge and of each of its steps, and the longest time that the event loop was blocked. A tenth of the
entries are votes between the two; every twentieth is reversed. Other people have ten times as many entries. Results:
docs/decisions/0022-merging-profiles.md.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from types import SimpleNamespace

from tortoise.transactions import in_transaction

from benchmarks.boards import LoopMonitor
from catalogue.points import ACTIVITIES
from models.database import opened
from models.migrate import migrate
from models.profiles import Visibility
from models.statements import Statement, execute
from services.core import clock
from services.core.runtime import Runtime
from services.merging import engine
from services.merging.plan import Pair
from services.points.ledger_consistency import differences
from services.profiles.profiles import NewPerson, create_people
from settings import Settings

OTHERS = 10
"""Other people, each with as many entries as one of the two."""
CODES = [code for code, each in ACTIVITIES.items() if not each.once and each.points > 0]
START = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
SECONDS_BETWEEN = 1_800
_NUMBERS = Statement(
    sqlite="WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < ?4) SELECT n FROM g",
    postgres="SELECT n FROM generate_series(1, $4::int) AS g(n)",
)
_AT = Statement(
    sqlite=f"strftime('%Y-%m-%d %H:%M:%S+00:00', {START:.0f} + n * {SECONDS_BETWEEN}, 'unixepoch')",
    postgres=f"to_timestamp({START:.0f} + n::bigint * {SECONDS_BETWEEN})",
)
_DAY = Statement(
    sqlite=f"date({START:.0f} + n * {SECONDS_BETWEEN}, 'unixepoch')",
    postgres=f"(to_timestamp({START:.0f} + n::bigint * {SECONDS_BETWEEN}) AT TIME ZONE 'UTC')::date",
)
_ACTIVITY = " ".join(f"WHEN {place} THEN '{code}'" for place, code in enumerate(CODES))
_POINTS = " ".join(f"WHEN {place} THEN {ACTIVITIES[code].points}" for place, code in enumerate(CODES))
_CATEGORY = " ".join(f"WHEN {place} THEN '{ACTIVITIES[code].category.value}'" for place, code in enumerate(CODES))
_FILL = Statement.of(f"""
    INSERT INTO point_entry (profile_id, kind, category, activity, asked, awarded, capped, outcome, occurred_at, day, source, external_id,
        counterpart_id, shown, recorded_at)
    SELECT $1, 'ACTIVITY', CASE n % {len(CODES)} {_CATEGORY} END, CASE n % {len(CODES)} {_ACTIVITY} END,
        CASE n % {len(CODES)} {_POINTS} END, CASE n % {len(CODES)} {_POINTS} END, 0, 'AWARDED', {{at}}, {{day}},
        'benchmark', CAST($2 AS text) || ':' || n, CASE WHEN n % 10 = 0 THEN CAST($3 AS bigint) END, true, {{at}}
    FROM ({{numbers}}) numbers
""").put(numbers=_NUMBERS, at=_AT, day=_DAY)  # noqa: S608 - codes of the catalogue
_REVERSE = Statement.of("""
    INSERT INTO point_entry (profile_id, kind, category, activity, asked, awarded, capped, outcome, occurred_at, day, source, external_id,
        reverses_id, shown, recorded_at)
    SELECT profile_id, 'REVERSAL', category, activity, -asked, -awarded, 0, 'AWARDED', occurred_at, day, 'system:reversals',
        CAST(id AS text), id, true, recorded_at
    FROM point_entry WHERE id % 20 = 0 AND kind = 'ACTIVITY'
""")


async def fill(entries: int) -> Pair:
    """Make the people and their ledgers; returns the two."""
    people = [
        NewPerson(f"Person {n}", date(2019, 1, 1), key=str(n), visibility=Visibility.PUBLIC) for n in range(2 + OTHERS)
    ]
    async with in_transaction():
        ids = await create_people(people)
        for place, profile_id in enumerate(ids):
            other = ids[1 - place] if place < 2 else None  # noqa: PLR2004 - the two
            await execute(_FILL, profile_id, str(profile_id), other, entries)
        await execute(_REVERSE)
    _ = [each async for each in differences(repair=True)]
    return Pair(ids[0], ids[1])


async def measure(url: str, entries: int) -> None:
    """Fill a database, merge, and print what it took."""
    settings = Settings(database_url=url, secret_key="5e" * 32)
    await migrate(settings)
    async with opened(settings) as database:
        with Runtime(settings, database).active():
            pair = await fill(entries)
            await execute(Statement(sqlite="ANALYZE", postgres="ANALYZE"))
            monitor = LoopMonitor()
            watching = asyncio.create_task(monitor.watch())
            begun = time.perf_counter()
            plan = await engine.plan(pair)
            planned = time.perf_counter()
            print(
                f"plan                {planned - begun:8.3f} s  ({sum(each.entries for each in plan.compensations):,} entries taken back)"
            )
            steps = engine.STEPS
            engine.STEPS = [SimpleNamespace(apply=_timed(step), plan=step.plan) for step in steps]
            async with in_transaction():
                assert await engine.lock(pair)  # noqa: S101 - a benchmark
                await engine.merge(pair)
            print(f"merge               {time.perf_counter() - planned:8.3f} s")
            watching.cancel()
            print(f"event loop blocked  {monitor.longest:8.3f} s")
            print(f"differences         {len([each async for each in differences()]):8}   ({clock.now():%H:%M})")


def _timed(step: engine.Step) -> Callable[[Pair, datetime], Awaitable[None]]:
    async def apply(pair: Pair, now: datetime) -> None:
        begun = time.perf_counter()
        await step.apply(pair, now)
        name = getattr(step, "__name__", "").rpartition(".")[2]
        print(f"  {name:<17} {time.perf_counter() - begun:8.3f} s")

    return apply


if __name__ == "__main__":
    url = next((each for each in sys.argv[1:] if "://" in each or each.startswith("sqlite")), "")
    entries = int(next((each for each in sys.argv[1:] if each.isdigit()), "50000"))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(url or f"sqlite://{folder}/merging.db", entries))
