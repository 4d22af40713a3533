"""
A board as it was at a moment: the same on every page and in every process, while scores move.

It is today's board, with whoever changed since put back to what the ledger and the notices say of the moment. It never
moves afterwards; only who hides meanwhile is left out.
"""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial

from services.leaderboards import reading
from services.leaderboards.boards import STEP, Boards, aside
from services.leaderboards.held import State
from services.leaderboards.kinds import PLACES, Cut, Key
from services.leaderboards.orders import First, Place, Standing, sorting
from services.leaderboards.tables import NOTHING

LIVES = timedelta(hours=1)
"""How old a moment may be that is asked for."""
MOST = 12
MOST_PLACES = 3_000_000
"""Pins that a process holds, and places in all of them together; it makes a forgotten one again when asked."""
_TICK = timedelta(microseconds=1)


class Pin:
    """A board that does not move. `left`: positions of who is hidden now."""

    def __init__(self, ids: "array[int]", points: "array[int]", reached: "array[int]") -> None:
        self.ids, self._points, self._reached = ids, points, reached
        self.left: list[int] = []
        self.to_check: set[int] = set()

    @property
    def total(self) -> int:
        """See Listing."""
        return len(self.ids) - len(self.left)

    def _first(self, at: int) -> First:
        return -self._points[at], self._reached[at], self.ids[at]

    def _position(self, first: First) -> int:
        return bisect_left(range(len(self.ids)), first, key=self._first)

    def _places(self, positions: Iterable[int], size: int) -> list[Place]:
        left = self.left
        found: list[Place] = []
        for at in positions:
            if len(found) == size:
                break
            if not (left and _holds(left, at)):
                found.append(Place(at, self.ids[at], self._points[at], self._reached[at]))
        return found

    def after(self, standing: Standing | None, size: int) -> list[Place]:
        """See Listing."""
        first = None if standing is None else sorting(standing)
        start = 0 if first is None else bisect_right(range(len(self.ids)), first, key=self._first)
        return self._places(range(start, len(self.ids)), size)

    def before(self, standing: Standing | None, size: int) -> list[Place]:
        """See Listing."""
        end = len(self.ids) if standing is None else self._position(sorting(standing))
        return self._places(range(end - 1, -1, -1), size)[::-1]

    def above(self, points: int) -> int:
        """See Listing. Those who hide now are counted: ranks stay as they were."""
        return self._position((-points, -1, 0))

    def find(self, standing: Standing) -> int | None:
        """The position of exactly this standing."""
        at = self._position(sorting(standing))
        return at if at < len(self.ids) and self._first(at) == sorting(standing) else None

    def place_of(self, standing: Standing) -> int:
        """How many stand before."""
        return self._position(sorting(standing))

    def mark(self, at: int, *, left: bool) -> None:
        """Leave somebody out, or take them in again."""
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
        self._held: OrderedDict[Key, Pin] = OrderedDict()

    async def pin(self, key: Key) -> Pin:
        """The board at `key.at`, which is within the last hour. True until the caller next waits for anything."""
        boards = self._boards
        while True:
            await boards.live(key.board, Cut(key.window), key.company_id)
            if boards.state is not self._state:
                self._state, self._held = boards.state, OrderedDict()
            pin = self._held.get(key)
            if pin is None:
                await boards.once(key, partial(self._make, boards.state, key))
            elif pin.to_check:
                await boards.once((key, "check"), partial(self._check, boards.state, key, pin))
            else:
                self._held.move_to_end(key)
                return pin

    async def standing(self, key: Key, profile_id: int) -> Standing | None:
        """Where the ledger puts somebody on this board at its moment, listed or not; None: without points."""
        sums = await reading.sums_of(self._boards.database, [profile_id], [_cut(key)])
        figures = sums[profile_id][0] if sums else NOTHING
        place = PLACES[key.board]
        points, reached = figures[2 * place], figures[2 * place + 1]
        return (points, reached, profile_id) if points > 0 else None

    async def _make(self, state: State, key: Key) -> None:
        boards, cut, place = self._boards, Cut(key.window), PLACES[key.board]
        await boards.look()  # what others have committed up to now belongs to the moment, or has to be undone
        with boards.touched(state) as touched:
            async with boards.turn:
                await boards.take_in()
                held = state.tables.get(cut)
                live = held.orders[place].get(key.company_id) if held else None
                if held is None or live is None or boards.state is not state or key.at is None:
                    return
                before = await reading.listed_before(boards.database, key.at)
                changed = {*await reading.recorded_since(boards.database, key.at), *before}
                then = await self._then(key, changed, lambda each: before.get(each, state.listed(each)))
                out = [row for number in changed if (row := held.table.row(number)) is not None]
                rows, columns = live.order.without(out), held.table.column(place)
                touched.clear()
            # The board may move again: what is put together is a copy, and whoever changes meanwhile is looked at first.
            pin = await aside(len(rows), _made, columns, rows, then)
            if boards.state is not state:
                return
            for standing in then:
                if not state.listed(standing[2]) and (at := pin.find(standing)) is not None:
                    pin.mark(at, left=True)
            pin.to_check = set(touched)
            self._hold(state, key, pin)

    async def _then(self, key: Key, ids: Iterable[int], listed: Callable[[int], bool]) -> list[Standing]:
        """Where those of these people stood who ranked at the moment, best first."""
        state, place = self._boards.state, PLACES[key.board]
        standings, numbers = [], list(ids)
        for start in range(0, len(numbers), STEP):
            some = numbers[start : start + STEP]
            for number, [sums] in (await reading.sums_of(self._boards.database, some, [_cut(key)])).items():
                inside = key.company_id is None or number in state.companies.get(key.company_id, ())
                if sums[2 * place] > 0 and inside and listed(number):
                    standings.append((sums[2 * place], sums[2 * place + 1], number))
        return sorted(standings, key=sorting)

    def _hold(self, state: State, key: Key, pin: Pin) -> None:
        state.touched.append(pin.to_check)
        self._held[key] = pin
        while len(self._held) > MOST or (
            len(self._held) > 1 and sum(len(each.ids) for each in self._held.values()) > MOST_PLACES
        ):
            self._drop(state, next(iter(self._held)))

    def _drop(self, state: State, key: Key) -> None:
        pin = self._held.pop(key)
        state.forget_touched(pin.to_check)

    async def _check(self, state: State, key: Key, pin: Pin) -> None:
        """
        Look again at whoever changed since: the moment itself is past, so mostly nothing follows but that somebody hides.
        Where the ledger says something else of the moment by now (a transaction that took long, a merge), or somebody
        came to the company or left it, the pin is made anew: so every process lists the same.
        """
        boards, moment = self._boards, key.at
        if moment is None or self._held.get(key) is not pin:
            return
        async with boards.turn:
            ids = set(pin.to_check)
            before = await reading.listed_before(boards.database, moment)
            stood = await self._then(key, ids, lambda each: before.get(each, state.listed(each)))
            pin.to_check -= ids
            found = {standing[2]: pin.find(standing) for standing in stood}
            absent = ids - found.keys()
            if None in found.values() or not await aside(len(pin.ids), absent.isdisjoint, pin.ids):
                self._drop(state, key)
                return
            for number, at in found.items():
                if at is not None:
                    pin.mark(at, left=not state.listed(number))


def _cut(key: Key) -> Cut:
    return Cut(key.window, key.at + _TICK if key.at else None)


def _made(columns: Sequence["array[int]"], rows: "array[int]", then: Sequence[Standing]) -> Pin:
    """The rows in their order, with some standings (in order, too) put in."""
    ids, points, reached = (array("q", (column[row] for row in rows)) for column in columns)
    places = [Pin(ids, points, reached).place_of(standing) for standing in then]
    return Pin(
        _put_in(ids, places, [standing[2] for standing in then]),
        _put_in(points, places, [standing[0] for standing in then]),
        _put_in(reached, places, [standing[1] for standing in then]),
    )


def _put_in(column: "array[int]", places: Sequence[int], values: Sequence[int]) -> "array[int]":
    made = array("q")
    start = 0
    for place, value in zip(places, values, strict=True):
        made += column[start:place]
        made.append(value)
        start = place
    return made + column[start:]
