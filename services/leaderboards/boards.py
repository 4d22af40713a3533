"""
The leaderboards of a process: built from the tables when they are first read, then updated after every change.

The change feed (services/core/change_feed.py) names the profiles whose sums, visibility or company changed. Only these
profiles are read again. So the boards equal the tables, whichever process writes and in whatever order.
"""

import asyncio
from array import array
from collections.abc import Callable, Coroutine, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from weakref import ref

from models.database import Database, Row
from services.core import clock
from services.core.change_feed import FeedBatch, Topic, entries_since, follower
from services.core.runtime import runtime_of
from services.leaderboards import sql
from services.leaderboards.cache import ALL_TIME_VIEW, CachedBoards, Membership, Ranking, WindowTotals
from services.leaderboards.history import HISTORY_LENGTH, NEVER, Change, History
from services.leaderboards.keys import BOARD_COLUMNS, CATEGORY_COLUMNS, Board, CompanyPeople, LedgerView, Period
from services.leaderboards.sorted_rows import SortedRows, sort
from services.leaderboards.tables import BOARDS, ZERO_SUMS, ScoreTable, Sums

PROFILES_PER_READ = 200
"""Changed profiles that are read again by one statement. The event loop has a turn after each."""
ROWS_FOR_A_THREAD = 2_000
"""Work in memory on more rows runs in another thread. A build reads 5,000 rows at once, which take 9 ms to add."""
MAX_DAYS_BEHIND = 3
"""Days that the rolling window can be behind and still be advanced. After more days it is summed up again."""


class Boards:
    """All boards of a database. `for_database(database)` returns those of the process."""

    def __init__(self, database: Database) -> None:
        # A weak reference: the follower refers to this object, and lives as long as the database.
        self._database = ref(database)
        self._follower = follower(database)
        self._follower.on(Topic.SCORES, self._receive)
        self.cached = CachedBoards()
        self.history = History()
        self.lock = asyncio.Lock()
        """Locked by a task that changes `cached`, or that reads it across several awaits."""
        self._pending: dict[int, Change] = {}
        self._running: dict[Hashable, asyncio.Task[None]] = {}
        self._one_past_window = asyncio.Semaphore(1)

    @property
    def database(self) -> Database:
        """The database of these boards. Raises RuntimeError if it is closed."""
        database = self._database()
        if database is None:
            raise RuntimeError("The database of these boards is closed.")
        return database

    async def ranking(
        self, board: Board, view: LedgerView = ALL_TIME_VIEW, people: CompanyPeople | None = None
    ) -> Ranking:
        """
        Return an up-to-date ranking. It is valid only until the caller's next await.

        The first call builds it, which takes seconds for a million profiles. Later calls only read the change feed.
        """
        column = BOARD_COLUMNS[board]
        while True:
            totals = await self.totals(view)
            cached = self.cached
            if people is not None and people not in cached.companies:
                await self.run_once(("company", people), partial(self._load_company, cached, people))
            elif people not in totals.rankings[column]:
                await self.run_once((view, column, people), partial(self._build_ranking, cached, view, column, people))
            else:
                cached.mark_used(view, people)
                return totals.rankings[column][people]

    async def totals(self, view: LedgerView) -> WindowTotals:
        """Return the up-to-date sums of a window, valid as in `ranking`."""
        while True:
            await self.catch_up()
            cached = self.cached
            if ALL_TIME_VIEW not in cached.windows:
                await self.run_once("all time", partial(self._build_all_time, cached))
            elif view not in cached.windows:
                await self.run_once(view, partial(self._build_totals, cached, view))
            else:
                return cached.windows[view]

    async def refresh(self) -> None:
        """Apply the changes that any process has committed. `catch_up` does so for this process's own."""
        await self._follower.poll()
        await self.catch_up()

    @property
    def pending(self) -> set[int]:
        """The profiles that have changed and were not read again since."""
        return set(self._pending)

    async def poll(self) -> None:
        """Learn which profiles any process has changed, without reading them again."""
        await self._follower.poll()

    async def catch_up_early(self) -> None:
        """Apply changes as a background job, so that the first request after a large import does not have to."""
        if ALL_TIME_VIEW in self.cached.windows:
            with suppress(Exception):  # a request that reads a board meets the same error and reports it
                await self.catch_up()

    async def catch_up(self) -> None:
        """Apply the changes that the change feed has announced."""
        await self._follower.catch_up()
        if self._pending or self.lock.locked():
            async with self.lock:
                await self.ingest_changes()

    async def ingest_changes(self) -> None:
        """Read all changed profiles again. The caller must hold the lock."""
        changed, self._pending = self._pending, {}
        try:
            ids = list(changed)
            for start in range(0, len(ids), PROFILES_PER_READ):
                if start:
                    await asyncio.sleep(0)
                some = {profile_id: changed[profile_id] for profile_id in ids[start : start + PROFILES_PER_READ]}
                await self._reload(self.cached, some)
        except BaseException:
            self._pending = {**changed, **self._pending}
            raise

    def _receive(self, batch: FeedBatch) -> None:
        if batch.everything:
            self.cached, self._pending, self.history = CachedBoards(), {}, History()
        for entry in batch.entries:
            change = self.history.record(entry)
            for profile_id in entry.facts["profiles"]:
                self._pending[profile_id] = self._pending.get(profile_id, NEVER).later(change)

    async def _reload(self, cached: CachedBoards, changed: dict[int, Change]) -> None:
        cached.track(changed)
        if ALL_TIME_VIEW not in cached.windows:
            return  # nothing is cached yet, and the build under way reads its tracked changes again
        windows = dict(cached.windows)
        views = [view for view in windows if view != ALL_TIME_VIEW]
        while True:
            ids, merges = list(changed), self.history.merges
            scores = await sql.scores_of(self.database, ids)
            companies = await sql.memberships(self.database, ids) if cached.companies else {}
            sums = await sql.sums_of(self.database, ids, views)
            # A merge that was committed during the reads: both profiles change together, so that no board has both or neither.
            await self._follower.poll()
            together = self.history.merged_with(ids) if self.history.merges != merges else set(ids)
            if together <= changed.keys():
                break
            changed = dict.fromkeys(together, self.history.last) | changed
        # No await from here on: no reader may see a profile twice, or not at all. A build that began during the reads
        # above has read the old sums, so it must track these profiles too.
        cached.track(changed)
        for profile_id, change in changed.items():
            listed, all_time = scores.get(profile_id, (False, ZERO_SUMS))
            before = cached.membership(profile_id)
            after = Membership(listed, frozenset(companies.get(profile_id, ())) & cached.companies.keys())
            cached.set_membership(profile_id, after)
            new: Sequence[Sums] = sums.get(profile_id) or [ZERO_SUMS for _ in views]
            windows[ALL_TIME_VIEW].update(profile_id, all_time, before, after, change)
            for view, each in zip(views, new, strict=True):
                windows[view].update(profile_id, each, before, after, change)

    # Building

    async def run_once(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """
        Run `work` in one task, however many callers wait for it. Always suspends: callers loop until their thing exists.

        A finished task stays registered until the event loop has run its callbacks. Awaiting it would not suspend, so
        the callbacks would never run. Therefore a new task is started instead.
        """
        task = self._running.get(key)
        if task is None or task.done():
            task = self._running[key] = runtime_of(self.database).start(work())
            task.add_done_callback(lambda done: self._finish(key, done))
        await asyncio.shield(task)

    def _finish(self, key: Hashable, task: "asyncio.Task[None]") -> None:
        if self._running.get(key) is task:
            del self._running[key]
        if not task.cancelled():
            task.exception()  # marked as retrieved: the callers that waited have got it

    @contextmanager
    def changes_during(self, cached: CachedBoards) -> Iterator[set[int]]:
        """Collect the profiles that change inside the block."""
        changed: set[int] = set()
        cached.trackers.append(changed)
        try:
            yield changed
        finally:
            cached.stop_tracking(changed)

    async def _build_all_time(self, cached: CachedBoards) -> None:
        table, listed = ScoreTable(), bytearray()
        with self.changes_during(cached) as changed:
            async for entries in entries_since(self.database, Topic.SCORES, clock.now() - HISTORY_LENGTH):
                for entry in entries:
                    self.history.record(entry)
            async for rows in sql.all_scores(self.database):
                await in_thread(len(rows), _add_scores, table, listed, rows)
            await self._follower.poll()  # what the build has read of a merge is applied as a whole
            async with self.lock:
                await self.ingest_changes()
                if cached is not self.cached:
                    return
                cached.start(table, listed)
                await self._reload_all(cached, changed)

    async def _reload_all(self, cached: CachedBoards, profile_ids: Iterable[int]) -> None:
        ids, change = list(profile_ids), self.history.last
        for start in range(0, len(ids), PROFILES_PER_READ):
            await self._reload(cached, dict.fromkeys(ids[start : start + PROFILES_PER_READ], change))
            await asyncio.sleep(0)

    async def _load_company(self, cached: CachedBoards, people: CompanyPeople) -> None:
        async with self.lock:
            # Under the lock no membership is applied meanwhile. A change during the read is applied afterwards.
            cached.companies[people] = await sql.people_of(self.database, people)
            cached.evict()

    async def _build_totals(self, cached: CachedBoards, view: LedgerView) -> None:
        if await self._advance(cached, view):
            return
        if not view.is_complete:
            await self.totals(LedgerView(view.window))
        # One at a time: a caller that reads many past periods must not delay the others.
        past = view.is_complete and view.window.last is not None and view.window.last < clock.today()
        async with self._one_past_window if past else nullcontext():
            with self.changes_during(cached) as changed:
                table = await (self._sum_window(view) if view.is_complete else self._subtract_later(cached, view))
                if table is None:
                    return
                await self._follower.poll()
                async with self.lock:
                    await self.ingest_changes()
                    corrected = (
                        await sql.profiles_with_corrections(self.database, view.window) if view.is_complete else ()
                    )
                    ids = list(changed.union(corrected))
                    for start in range(0, len(ids), PROFILES_PER_READ):
                        some = ids[start : start + PROFILES_PER_READ]
                        sums = await sql.sums_of(self.database, some, [view])
                        for profile_id in some:
                            _set_sums(table, profile_id, sums[profile_id][0] if profile_id in sums else ZERO_SUMS)
                    cached.windows[view] = WindowTotals(table)
                    cached.evict()

    async def _sum_window(self, view: LedgerView) -> ScoreTable:
        sums: dict[int, list[int]] = {}
        async for rows in sql.window_sums(self.database, view.window):
            await in_thread(len(rows), _add_to_sums, sums, rows)
        return await in_thread(len(sums), _table_of, sums)

    async def _subtract_later(self, cached: CachedBoards, view: LedgerView) -> ScoreTable | None:
        """Return the window's table without the points of the days after the view; None if it is no longer cached."""
        async with self.lock:
            totals = cached.windows.get(LedgerView(view.window))
            if totals is None:
                return None
            table = totals.table.copy()
        later = await sql.sums_after(self.database, view)
        await in_thread(len(later), _subtract, table, later)
        return table

    async def _advance(self, cached: CachedBoards, view: LedgerView) -> bool:
        """
        Advance the rolling window of at most MAX_DAYS_BEHIND days ago to today: only profiles with entries on the days
        between are read again. Return False if there is none.
        """
        window = view.window
        rolling = window.period is Period.LAST_30_DAYS and view.is_complete and window.last == clock.today()
        if not rolling or window.first is None or window.last is None:
            return False
        async with self.lock:
            for days in range(1, MAX_DAYS_BEHIND + 1):
                old = LedgerView(
                    window._replace(first=window.first - timedelta(days), last=window.last - timedelta(days))
                )
                if old not in cached.windows:
                    continue
                totals = cached.windows.pop(old)
                first, last = old.window.first or window.first, old.window.last or window.last
                crossed = [each + timedelta(n) for n in range(days) for each in (first, last + timedelta(1))]
                ids = await sql.profiles_active_on(self.database, crossed)
                midnight = Change(datetime.combine(window.last, time(), UTC))
                for start in range(0, len(ids), PROFILES_PER_READ):
                    some = ids[start : start + PROFILES_PER_READ]
                    sums = await sql.sums_of(self.database, some, [view])
                    for profile_id in some:
                        new = sums[profile_id][0] if profile_id in sums else ZERO_SUMS
                        membership = cached.membership(profile_id)
                        totals.update(profile_id, new, membership, membership, midnight)
                    await asyncio.sleep(0)
                cached.windows[view] = totals
                return True
        return False

    async def _build_ranking(
        self, cached: CachedBoards, view: LedgerView, column: int, people: CompanyPeople | None
    ) -> None:
        totals = cached.windows.get(view)
        if totals is None:
            return
        table = totals.table
        with self.changes_during(cached) as changed:
            rows = await in_thread(len(table), _sorted_rows, cached, totals, column, people)
            async with self.lock:
                await self.ingest_changes()
                company_known = people is None or people in cached.companies
                if cached.windows.get(view) is not totals or not company_known:
                    return
                last_change = Change(await sql.last_change(self.database)).later(self.history.last)
                again = [row for profile_id in changed if (row := table.row(profile_id)) is not None]
                if again:
                    moved = set(again)
                    rows = array("I", (row for row in rows if row not in moved))
                ranked = SortedRows(table, column, rows)
                for row in again:
                    if table.points[column][row] > 0 and cached.membership(table.ids[row]).ranks_in(people):
                        ranked.insert(row)
                totals.rankings[column][people] = Ranking(ranked, last_change)


async def in_thread(size: int, work: Any, *arguments: Any) -> Any:
    """Call `work` in another thread if it has many rows, else here."""
    return await asyncio.to_thread(work, *arguments) if size > ROWS_FOR_A_THREAD else work(*arguments)


def _add_scores(table: ScoreTable, listed: bytearray, rows: Sequence[Row]) -> None:
    for row in rows:
        is_listed, sums = sql.listed_and_sums(row)
        table.add(row["profile_id"], sums)
        listed.append(is_listed)


def _add_to_sums(sums: dict[int, list[int]], rows: Sequence[Row]) -> None:
    for row in rows:
        own = sums.get(row["profile_id"])
        if own is None:
            own = sums[row["profile_id"]] = [0] * (2 * BOARDS)
        sql.add_to_sums(own, row["category"], row["points"], row["reached"])


def _table_of(sums: dict[int, list[int]]) -> ScoreTable:
    table = ScoreTable()
    for profile_id in sorted(sums):
        table.add(profile_id, sums[profile_id])
    return table


def _subtract(table: ScoreTable, later: Sequence[Row]) -> None:
    for each in later:
        row = table.row(each["profile_id"])
        if row is not None:
            for column in (0, CATEGORY_COLUMNS[each["category"]]):
                table.points[column][row] -= each["points"]


def _set_sums(table: ScoreTable, profile_id: int, sums: Sums) -> None:
    row = table.row(profile_id)
    if row is not None:
        table.put(row, sums)
    elif any(sums):
        table.add(profile_id, sums)


def _sorted_rows(cached: CachedBoards, totals: WindowTotals, column: int, people: CompanyPeople | None) -> "array[int]":
    return sort(totals.table, column, cached.ranked_rows(totals, column, people))


def for_database(database: Database) -> Boards:
    """Return the boards of a database in this process. Nothing is built before the first read."""
    return runtime_of(database).part(Boards, lambda: Boards(database))
