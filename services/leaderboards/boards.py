"""
The boards of a process: built from the tables when first asked for, then moved with every change that is told.

Changes are told by services/core/change_feed.py; each one says whose sums, listing or company changed, and these are read again. So
the boards follow whatever is written, by whom and in what order, and equal what the tables say.
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
from services.leaderboards.cache import LIVE, Membership, Ranking, State, WindowTotals
from services.leaderboards.history import COVERED, NEVER, Change, History
from services.leaderboards.keys import CATEGORY_PLACES, PLACES, Board, LedgerView, Period
from services.leaderboards.orders import SortedRows, sort
from services.leaderboards.tables import BOARDS, ZERO_SUMS, Sums, Table

PEOPLE_PER_READ = 200
"""Changed people whose rows are read again at once; the event loop has a turn after each of these."""
ROWS_WORTH_A_THREAD = 2_000
"""Rows beyond which work in memory goes to another thread. Builds read 5,000 at once, which take 9 ms to take in."""
SLID_DAYS = 3
"""Days that the rolling window may be behind and still be moved on, instead of being summed up anew."""


class Boards:
    """All boards of a database. `of(database)` gives the one that the process holds."""

    def __init__(self, database: Database) -> None:
        # Weakly: the follower that holds this is kept for as long as the database.
        self._database = ref(database)
        self._follower = follower(database)
        self._follower.on(Topic.SCORES, self._heard)
        self.state = State()
        self.history = History()
        self.turn = asyncio.Lock()
        """Held by a task that changes what is kept, or reads it in more than one step."""
        self._changed: dict[int, Change] = {}
        self._making: dict[Hashable, asyncio.Task[None]] = {}
        self._past_ones = asyncio.Semaphore(1)

    @property
    def database(self) -> Database:
        """Where the boards are read from."""
        database = self._database()
        if database is None:
            raise RuntimeError("The database of these boards is closed.")
        return database

    async def live(self, board: Board, cut: LedgerView = LIVE, company_id: int | None = None) -> Ranking:
        """
        One order, as the tables have it now. It is true until the caller next waits for anything.

        The first time it is built, which takes seconds among a million people; afterwards this is a look at the notices.
        """
        place = PLACES[board]
        while True:
            held = await self.held(cut)
            state = self.state
            if company_id is not None and company_id not in state.companies:
                await self.once(("company", company_id), partial(self._make_company, state, company_id))
            elif company_id not in held.orders[place]:
                await self.once((cut, place, company_id), partial(self._make_order, state, cut, place, company_id))
            else:
                state.used(cut, company_id)
                return held.orders[place][company_id]

    async def held(self, cut: LedgerView) -> WindowTotals:
        """The sums of one cut, true as in `live`."""
        while True:
            await self.follow()
            state = self.state
            if LIVE not in state.tables:
                await self.once("everybody", partial(self._make_everybody, state))
            elif cut not in state.tables:
                await self.once(cut, partial(self._make_table, state, cut))
            else:
                return state.tables[cut]

    async def look(self) -> None:
        """Take in what anybody has committed, as `follow` does for what this process has."""
        await self._follower.look()
        await self.follow()

    @property
    def behind(self) -> set[int]:
        """Who has changed and was not read again since."""
        return set(self._changed)

    async def hear(self) -> None:
        """Learn who has changed by what anybody has committed, without reading these people again."""
        await self._follower.look()

    async def keep_up(self) -> None:
        """Do what `follow` does before anybody asks, as a job: a request after a large import need not do it then."""
        if LIVE in self.state.tables:
            with suppress(Exception):  # a request that reads a board meets the same trouble, and tells of it
                await self.follow()

    async def follow(self) -> None:
        """Take in what has been told."""
        await self._follower.catch_up()
        if self._changed or self.turn.locked():
            async with self.turn:
                await self.take_in()

    async def take_in(self) -> None:
        """Read again whoever changed, having the turn."""
        changed, self._changed = self._changed, {}
        try:
            ids = list(changed)
            for start in range(0, len(ids), PEOPLE_PER_READ):
                if start:
                    await asyncio.sleep(0)
                some = {number: changed[number] for number in ids[start : start + PEOPLE_PER_READ]}
                await self._read_again(self.state, some)
        except BaseException:
            self._changed = {**changed, **self._changed}
            raise

    def _heard(self, news: FeedBatch) -> None:
        if news.everything:
            self.state, self._changed, self.history = State(), {}, History()
        for told in news.notices:
            change = self.history.hear(told)
            for number in told.facts["profiles"]:
                self._changed[number] = self._changed.get(number, NEVER).later(change)

    async def _read_again(self, state: State, changed: dict[int, Change]) -> None:
        state.touch(changed)
        if LIVE not in state.tables:
            return  # nothing is held yet, and what is being built asks `touched`
        ids, tables = list(changed), dict(state.tables)
        cuts = [cut for cut in tables if cut != LIVE]
        people = await sql.people(self.database, ids)
        inside = await sql.memberships(self.database, ids) if state.companies else {}
        sums = await sql.sums_of(self.database, ids, cuts)
        # Nothing waits from here on: nobody sees a person twice, or not at all. A build that began while this was read
        # has read the old sums.
        state.touch(changed)
        for number, change in changed.items():
            listed, all_time = people.get(number, (False, ZERO_SUMS))
            was = state.who(number)
            now = Membership(listed, frozenset(inside.get(number, ())) & state.companies.keys())
            state.become(number, now)
            figures: Sequence[Sums] = sums.get(number) or [ZERO_SUMS for _ in cuts]
            tables[LIVE].change(number, all_time, was, now, change)
            for cut, each in zip(cuts, figures, strict=True):
                tables[cut].change(number, each, was, now, change)

    # Building

    async def once(self, what: Hashable, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """
        Let one task make a thing, however many wait for it. Always suspends: callers ask again in a loop until they have it.

        A task that is done stays registered until the loop has run its callbacks. To wait for it would not suspend, so
        the callbacks would never run: a new one is made instead.
        """
        task = self._making.get(what)
        if task is None or task.done():
            task = self._making[what] = runtime_of(self.database).start(make())
            task.add_done_callback(lambda done: self._made(what, done))
        await asyncio.shield(task)

    def _made(self, what: Hashable, task: "asyncio.Task[None]") -> None:
        if self._making.get(what) is task:
            del self._making[what]
        if not task.cancelled():
            task.exception()  # whoever waited has got it

    @contextmanager
    def touched(self, state: State) -> Iterator[set[int]]:
        """Whoever changes inside the block."""
        ids: set[int] = set()
        state.touched.append(ids)
        try:
            yield ids
        finally:
            state.forget_touched(ids)

    async def _make_everybody(self, state: State) -> None:
        table, listed = Table(), bytearray()
        with self.touched(state) as touched:
            async for some in entries_since(self.database, Topic.SCORES, clock.now() - COVERED):
                for told in some:
                    self.history.hear(told)
            async for rows in sql.everybody(self.database):
                await in_thread(len(rows), _add_everybody, table, listed, rows)
            async with self.turn:
                await self.take_in()
                if state is not self.state:
                    return
                state.begin(table, listed)
                await self._read_all_again(state, touched)

    async def _read_all_again(self, state: State, ids: Iterable[int]) -> None:
        numbers, change = list(ids), self.history.last
        for start in range(0, len(numbers), PEOPLE_PER_READ):
            await self._read_again(state, dict.fromkeys(numbers[start : start + PEOPLE_PER_READ], change))
            await asyncio.sleep(0)

    async def _make_company(self, state: State, company_id: int) -> None:
        async with self.turn:
            # Nobody's membership is taken in meanwhile; what changes while this is read is told afterwards.
            state.companies[company_id] = await sql.members(self.database, company_id)
            state.make_room()

    async def _make_table(self, state: State, cut: LedgerView) -> None:
        if await self._slide(state, cut):
            return
        if not cut.whole:
            await self.held(LedgerView(cut.window))
        # One after the other: whoever asks for many past periods keeps nobody else waiting.
        past = cut.whole and cut.window.last is not None and cut.window.last < clock.today()
        async with self._past_ones if past else nullcontext():
            with self.touched(state) as touched:
                table = await (self._sum_up(cut) if cut.whole else self._less(state, cut))
                if table is None:
                    return
                async with self.turn:
                    await self.take_in()
                    again = list(touched.union(await sql.corrected(self.database, cut.window) if cut.whole else ()))
                    for start in range(0, len(again), PEOPLE_PER_READ):
                        some = again[start : start + PEOPLE_PER_READ]
                        sums = await sql.sums_of(self.database, some, [cut])
                        for number in some:
                            _put(table, number, sums[number][0] if number in sums else ZERO_SUMS)
                    state.tables[cut] = WindowTotals(table)
                    state.make_room()

    async def _sum_up(self, cut: LedgerView) -> Table:
        found: dict[int, list[int]] = {}
        async for rows in sql.window_sums(self.database, cut.window):
            await in_thread(len(rows), _count, found, rows)
        return await in_thread(len(found), _table_of, found)

    async def _less(self, state: State, cut: LedgerView) -> Table | None:
        """The window's table less what the cut leaves out."""
        async with self.turn:
            held = state.tables.get(LedgerView(cut.window))
            if held is None:
                return None
            table = held.table.copy()
        gains = await sql.gains(self.database, cut)
        await in_thread(len(gains), _take_off, table, gains)
        return table

    async def _slide(self, state: State, cut: LedgerView) -> bool:
        """Move the rolling window of some days ago on to today: only people of the days between are read again."""
        window = cut.window
        rolling = window.period is Period.LAST_30_DAYS and cut.whole and window.last == clock.today()
        if not rolling or window.first is None or window.last is None:
            return False
        async with self.turn:
            for days in range(1, SLID_DAYS + 1):
                old = LedgerView(
                    window._replace(first=window.first - timedelta(days), last=window.last - timedelta(days))
                )
                if old not in state.tables:
                    continue
                held = state.tables.pop(old)
                first, last = old.window.first or window.first, old.window.last or window.last
                crossed = [each + timedelta(n) for n in range(days) for each in (first, last + timedelta(1))]
                ids = await sql.people_of(self.database, crossed)
                midnight = Change(datetime.combine(window.last, time(), UTC))
                for start in range(0, len(ids), PEOPLE_PER_READ):
                    some = ids[start : start + PEOPLE_PER_READ]
                    sums = await sql.sums_of(self.database, some, [cut])
                    for number in some:
                        who = state.who(number)
                        held.change(number, sums[number][0] if number in sums else ZERO_SUMS, who, who, midnight)
                    await asyncio.sleep(0)
                state.tables[cut] = held
                return True
        return False

    async def _make_order(self, state: State, cut: LedgerView, place: int, company_id: int | None) -> None:
        held = state.tables.get(cut)
        if held is None:
            return
        with self.touched(state) as touched:
            rows = await in_thread(len(held.table), _sorted, state, held, place, company_id)
            async with self.turn:
                await self.take_in()
                if state.tables.get(cut) is not held or (company_id is not None and company_id not in state.companies):
                    return
                changed = Change(await sql.last_change(self.database)).later(self.history.last)
                again = [row for number in touched if (row := held.table.row(number)) is not None]
                if again:
                    moved = set(again)
                    rows = array("I", (row for row in rows if row not in moved))
                order = SortedRows(held.table, place, rows)
                for row in again:
                    if held.table.points[place][row] > 0 and state.who(held.table.ids[row]).among(company_id):
                        order.insert(row)
                held.orders[place][company_id] = Ranking(order, changed)


async def in_thread(size: int, work: Any, *arguments: Any) -> Any:
    """Do long work in another thread, short work here."""
    return await asyncio.to_thread(work, *arguments) if size > ROWS_WORTH_A_THREAD else work(*arguments)


def _add_everybody(table: Table, listed: bytearray, rows: Sequence[Row]) -> None:
    for row in rows:
        shown, sums = sql.listed_and_sums(row)
        table.add(row["profile_id"], sums)
        listed.append(shown)


def _count(found: dict[int, list[int]], rows: Sequence[Row]) -> None:
    for row in rows:
        sums = found.get(row["profile_id"])
        if sums is None:
            sums = found[row["profile_id"]] = [0] * (2 * BOARDS)
        sql.count(sums, row["category"], row["points"], row["reached"])


def _table_of(found: dict[int, list[int]]) -> Table:
    table = Table()
    for number in sorted(found):
        table.add(number, found[number])
    return table


def _take_off(table: Table, gains: Sequence[Row]) -> None:
    for row in gains:
        number = table.row(row["profile_id"])
        if number is not None:
            for place in (0, CATEGORY_PLACES[row["category"]]):
                table.points[place][number] -= row["points"]


def _put(table: Table, profile_id: int, sums: Sums) -> None:
    row = table.row(profile_id)
    if row is not None:
        table.put(row, sums)
    elif any(sums):
        table.add(profile_id, sums)


def _sorted(state: State, held: WindowTotals, place: int, company_id: int | None) -> "array[int]":
    return sort(held.table, place, state.ranked_rows(held, place, company_id))


def of(database: Database) -> Boards:
    """The boards of a database that this process holds; empty until somebody asks for one."""
    return runtime_of(database).part(Boards, lambda: Boards(database))
