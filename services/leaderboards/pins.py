"""
A board as it was at a moment: the same on every page and in every process, while scores move.

It is the live board frozen (orders.py), in which whoever changed since is put back to what the transactions of the moment
(moments.py) say of them. It is made once: nothing that is committed later belongs to the moment. Only who hides
meanwhile is left out, and a company's pin is made anew when its people change.
"""

import asyncio
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from services.core import clock
from services.leaderboards import moments, sql
from services.leaderboards.boards import PEOPLE_PER_READ, Boards
from services.leaderboards.cache import LIVE, Ranking, State, WindowTotals
from services.leaderboards.keys import PLACES, BoardKey, LedgerView
from services.leaderboards.moments import Moment
from services.leaderboards.orders import FrozenRows, Place, Standing, sorting
from services.leaderboards.tables import PERSON_BYTES, Table

PIN_LIFETIME = timedelta(hours=1)
"""How old a moment may be that is asked for."""
MAX_PINS = 128
MAX_PIN_BYTES = 64 * 2**20
"""What the pins of a process may take together; one that was forgotten is made again when it is asked for."""
PUT_BACK_AT_ONCE = 500
"""People put back, or looked at for whether they hide, before the event loop has a turn."""
MANY_CHANGED = 2_000
"""People to be put back beyond which pins are made one after the other."""
HALF_HOUR = timedelta(minutes=30)
TICK = timedelta(microseconds=1)


class Pin:
    """
    A board that does not move. `left`: positions of people who do not show any more, in order. `changed`: how many people had
    to be put back to make it.
    """

    def __init__(self, frozen: FrozenRows, table: Table, *, flips: int, moves: int, changed: int) -> None:
        self._frozen, self.table = frozen, table
        self.left: list[int] = []
        self.flips, self.moves, self.changed = flips, moves, changed

    @property
    def size(self) -> int:
        """Bytes that it may take at most, roughly."""
        return self._frozen.size + 8 * len(self.left)

    @property
    def total(self) -> int:
        """See Listing."""
        return self._frozen.total - len(self.left)

    def after(self, standing: Standing | None, size: int) -> list[Place]:
        """See Listing."""
        start = 0 if standing is None else self._frozen.position(sorting(standing), behind=True)
        found: list[Place] = []
        while len(found) < size and start < self._frozen.total:
            found += self._shown(start, start + size)
            start += size
        return found[:size]

    def before(self, standing: Standing | None, size: int) -> list[Place]:
        """See Listing."""
        end = self._frozen.total if standing is None else self._frozen.position(sorting(standing))
        found: list[Place] = []
        while len(found) < size and end > 0:
            found = self._shown(end - size, end) + found
            end -= size
        return found[-size:]

    def _shown(self, start: int, end: int) -> list[Place]:
        left = self.left
        return [place for place in self._frozen.between(start, end) if not (left and _holds(left, place.position))]

    def above(self, points: int) -> int:
        """See Listing. Those who hide now are counted: ranks stay as they were."""
        return self._frozen.above(points)

    def left_above(self, rank: int) -> int:
        """How many people with a better rank do not show any more."""
        return bisect_left(self.left, rank - 1)

    def standing(self, profile_id: int) -> Standing | None:
        """Where somebody stood, hidden now or not; None: not on this board."""
        row = self.table.row(profile_id)
        if row is None:
            return None
        standing = self._frozen.standing(row)
        return standing if standing[0] > 0 and self._frozen.at(sorting(standing)) is not None else None

    def mark(self, profile_id: int, *, left: bool) -> None:
        """Leave somebody out, or take them in again."""
        standing = self.standing(profile_id)
        at = None if standing is None else self._frozen.at(sorting(standing))
        if at is None:
            return
        if left and not _holds(self.left, at):
            insort(self.left, at)
        elif not left and _holds(self.left, at):
            self.left.remove(at)


def _holds(ordered: Sequence[int], number: int) -> bool:
    at = bisect_left(ordered, number)
    return at < len(ordered) and ordered[at] == number


class Pins:
    """The pins of a process."""

    def __init__(self, boards: Boards) -> None:
        self._boards = boards
        self._state = boards.state
        self._held: OrderedDict[BoardKey, Pin] = OrderedDict()
        self._many = asyncio.Semaphore(1)

    def made(self, key: BoardKey) -> bool:
        """Whether a pin is here."""
        return _same(key) in self._held

    async def now(self, key: BoardKey) -> datetime:
        """
        The moment to pin a live board with: its last change or the last full half hour, whichever is later. All that
        the board shows belongs to it. It stays for as long as the board does, and is never too old to be asked for.
        """
        boards = self._boards
        live = await boards.live(key.board, LedgerView(key.window), key.company_id)
        version, changed, now = live.version, live.changed, clock.now()
        minute = now.minute - now.minute % (HALF_HOUR.seconds // 60)
        at = max(changed.at, now.replace(minute=minute, second=0, microsecond=0))
        if live.pinned and live.pinned[0] == version and live.pinned[1] >= at:
            return live.pinned[1]
        fixed = await moments.fix(boards.database, at)
        if not fixed.new and changed.transaction >= fixed.moment.begin:
            # Another process fixed this moment before the last of what is shown here was committed.
            at = max(now, at + TICK)
            await moments.fix(boards.database, at)
        live.pinned = version, at
        return at

    async def pin(self, key: BoardKey) -> Pin:
        """The board at `key.at`, which is within the last hour. Valid until the caller's next await."""
        boards, key = self._boards, _same(key)
        while True:
            await boards.held(LIVE)
            state = boards.state
            if state is not self._state:
                self._state, self._held = state, OrderedDict()
            pin = self._held.get(key)
            if pin is None or pin.moves != state.moves.get(key.company_id or 0, 0):
                await boards.once(("pin", key), partial(self._make, state, key))
            elif pin.flips < len(state.flipped):
                some = state.flipped[pin.flips : pin.flips + PUT_BACK_AT_ONCE]
                pin.flips += len(some)
                for number in some:
                    pin.mark(number, left=not state.listed(number))
                if len(some) == PUT_BACK_AT_ONCE:
                    await asyncio.sleep(0)
            else:
                self._held.move_to_end(key)
                return pin

    async def standing(self, key: BoardKey, profile_id: int) -> Standing | None:
        """Where somebody stands on this board at its moment by their points, listed or not; None: without points."""
        pin = await self.pin(key)
        if (standing := pin.standing(profile_id)) is not None or key.at is None:
            return standing
        moment = (await moments.fix(self._boards.database, key.at)).moment
        [found] = (await self._then(key, moment, [profile_id])).values()
        return found

    async def _make(self, state: State, key: BoardKey) -> None:
        boards, cut, place = self._boards, LedgerView(key.window), PLACES[key.board]
        if key.at is None:
            return
        moment = (await moments.fix(boards.database, key.at)).moment
        if key.company_id is not None:
            await boards.look()  # who belongs to the company goes by today
        await boards.live(key.board, cut, key.company_id)
        with boards.touched(state) as behind:
            async with boards.turn:  # nobody is half taken in
                held, live = _found(state, cut, place, key.company_id)
                if held is None or live is None or boards.state is not state:
                    return
                frozen, flips = live.order.freeze(), len(state.flipped)
                moves = state.moves.get(key.company_id or 0, 0)
                behind.update(boards.behind)
            await (
                boards.hear()
            )  # from here on all is known that belongs to the moment, and all that does not and is here
            if boards.state is not state:
                return
            behind.update(boards.behind)
            changed = self._to_put_back(state, key, live, moment, behind)
        if len(changed) > MANY_CHANGED:
            async with self._many:
                await self._put_back(key, moment, held, frozen, changed)
        else:
            await self._put_back(key, moment, held, frozen, changed)
        if boards.state is not state:
            return
        pin = Pin(frozen, held.table, flips=flips, moves=moves, changed=len(changed))
        for count, number in enumerate(changed, 1):
            if not state.listed(number):
                pin.mark(number, left=True)
            if count % PUT_BACK_AT_ONCE == 0:
                await asyncio.sleep(0)
        self._hold(state, key, pin)

    def _to_put_back(
        self, state: State, key: BoardKey, live: Ranking, moment: Moment, behind: set[int]
    ) -> dict[int, bool]:
        """
        Who may have stood elsewhere at the moment, with whether they ranked then if they had points: `behind`, who had
        changed and was not read again when the order was frozen, and who changed outside the moment.
        """
        history = self._boards.history
        if live.changed.at <= moment.at and live.changed.transaction < moment.begin and not behind:
            return {}
        inside = None if key.company_id is None else state.companies.get(key.company_id, set())
        listed = history.listed_at(moment)
        return {
            number: listed.get(number, state.listed(number)) and (inside is None or number in inside)
            for number in behind.union(history.changed_since(moment))
        }

    async def _put_back(
        self, key: BoardKey, moment: Moment, held: WindowTotals, frozen: FrozenRows, changed: dict[int, bool]
    ) -> None:
        """Give these people in the frozen order the standings of the moment, which nothing changes any more."""
        ids = list(changed)
        for start in range(0, len(ids), PEOPLE_PER_READ):
            some = ids[start : start + PEOPLE_PER_READ]
            for number, standing in (await self._then(key, moment, some)).items():
                row = held.table.row(number)
                if standing and changed[number]:
                    frozen.put_back(self._new_row(held, number) if row is None else row, *standing[:2])
                elif row is not None:
                    frozen.put_back(row, 0, 0)
            await asyncio.sleep(0)

    def _new_row(self, held: WindowTotals, profile_id: int) -> int:
        """A row for somebody whose first points are not taken in yet."""
        state = self._boards.state
        if held is not state.tables.get(LIVE):
            return held.table.add(profile_id)
        state.become(profile_id, state.who(profile_id))
        return len(held.table) - 1

    async def _then(self, key: BoardKey, moment: Moment, ids: Sequence[int]) -> dict[int, Standing | None]:
        """The standings of these people at the moment, listed or not; None for those without points."""
        place = PLACES[key.board]
        sums = await sql.sums_of(self._boards.database, ids, [LedgerView(key.window)], moment)
        found: dict[int, Standing | None] = dict.fromkeys(ids)
        for number, [figures] in sums.items():
            if figures[2 * place] > 0:
                found[number] = figures[2 * place], figures[2 * place + 1], number
        return found

    def _hold(self, state: State, key: BoardKey, pin: Pin) -> None:
        if state is self._state:
            self._held[key] = pin
            while len(self._held) > MAX_PINS or (len(self._held) > 1 and self._size(state) > MAX_PIN_BYTES):
                self._held.popitem(last=False)

    def _size(self, state: State) -> int:
        """Bytes of all pins, with the tables that are held for them alone."""
        tables = {id(each.table): each.table for each in self._held.values()}
        for held in state.tables.values():
            tables.pop(id(held.table), None)
        return sum(each.size for each in self._held.values()) + sum(
            PERSON_BYTES * len(each) for each in tables.values()
        )


def _same(key: BoardKey) -> BoardKey:
    """One pin, whoever chose the moment."""
    return key._replace(chosen=False)


def _found(
    state: State, cut: LedgerView, place: int, company_id: int | None
) -> tuple[WindowTotals | None, Ranking | None]:
    held = state.tables.get(cut)
    return held, held.orders[place].get(company_id) if held else None
