"""The profiles of a board in order, in sorted blocks: a rank or a change costs microseconds among a million profiles."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from heapq import merge
from itertools import accumulate
from typing import NamedTuple, Protocol
from weakref import WeakSet

from services.leaderboards.tables import ScoreTable

MAX_BLOCK = 1_024
"""Rows in a block at most. A larger block is split in half."""
ROWS_PER_SORT = 16_384
"""Rows sorted by one call: a longer call would block other threads."""

Standing = tuple[int, int, int]
"""Points, when they were reached (microseconds since 1970), profile id: these decide a profile's place."""
SortKey = tuple[int, int, int]
"""A standing in a form that sorts: most points first, then reached earlier, then the smaller id."""


class Place(NamedTuple):
    """A profile on a board. `position` counts from 0."""

    position: int
    profile_id: int
    points: int
    reached: int

    @property
    def standing(self) -> Standing:
        return self.points, self.reached, self.profile_id


class Listing(Protocol):
    """A board that can be read from any standing on it."""

    @property
    def total(self) -> int:
        """Return the number of profiles on it."""

    def after(self, standing: Standing | None, size: int) -> list[Place]:
        """Return the next places after this standing; with None the first ones."""

    def before(self, standing: Standing | None, size: int) -> list[Place]:
        """Return the places directly before this standing, in the board's order; with None the last ones."""

    def above(self, points: int) -> int:
        """Return how many profiles have more points."""


def sort_key(standing: Standing) -> SortKey:
    """Return the key that a standing sorts by."""
    return -standing[0], standing[1], standing[2]


class SortedRows:
    """
    The rows of a table, sorted by one of its columns. Before a sum changes in the table, the row must be removed; after
    the change it must be inserted again.

    `freeze` returns the present order and costs no more than a list of the blocks. A block that a frozen order shares is
    copied before it is changed: `_unshared` has the identities of the blocks that are not shared. It is None before the
    first freeze, when no block is shared.
    """

    def __init__(self, table: ScoreTable, column: int, rows: Iterable[int] = ()) -> None:
        """`rows` must be sorted already: see `sort`."""
        self._ids, self._points, self._reached = table.ids, table.points[column], table.reached[column]
        self._blocks: list[array[int]] = []
        self._starts: list[int] | None = None
        self._unshared: set[int] | None = None
        self._frozen: WeakSet[FrozenRows] = WeakSet()
        self.total = 0
        self._fill(rows)

    def _key(self, row: int) -> SortKey:
        return -self._points[row], self._reached[row], self._ids[row]

    def _last_key(self, block: "array[int]") -> SortKey:
        return self._key(block[-1])

    def _fill(self, rows: Iterable[int]) -> None:
        whole, half = array("I", rows), MAX_BLOCK // 2
        self._blocks = [whole[start : start + half] for start in range(0, len(whole), half)]
        self.total = len(whole)

    def insert(self, row: int) -> None:
        """Insert a row that is not in the order."""
        key, blocks = self._key(row), self._blocks
        number = min(bisect_left(blocks, key, key=self._last_key), len(blocks) - 1)
        if number < 0:
            self._replace(0, 0, array("I", (row,)))
        else:
            block = self._writable(number)
            block.insert(bisect_left(block, key, key=self._key), row)
            if len(block) > MAX_BLOCK:
                half = len(block) // 2
                self._replace(number, 1, block[:half], block[half:])
        self.total += 1
        self._starts = None

    def remove(self, row: int) -> None:
        """Remove a row that is in the order. Its sum must not have changed since it was inserted."""
        key = self._key(row)
        number = bisect_left(self._blocks, key, key=self._last_key)
        block = self._writable(number)
        at = bisect_left(block, key, key=self._key)
        if block[at] != row:
            raise AssertionError("A sum was changed while its row was in an order.")
        for frozen in self._frozen:
            frozen.remember(row)
        del block[at]
        if not block:
            self._replace(number, 1)
        self.total -= 1
        self._starts = None

    def _writable(self, number: int) -> "array[int]":
        block = self._blocks[number]
        if self._unshared is not None and id(block) not in self._unshared:
            block = self._blocks[number] = block[:]
            self._unshared.add(id(block))
        return block

    def _replace(self, number: int, count: int, *blocks: "array[int]") -> None:
        if self._unshared is not None:
            self._unshared.difference_update(map(id, self._blocks[number : number + count]))
            self._unshared.update(map(id, blocks))
        self._blocks[number : number + count] = blocks

    def freeze(self) -> "FrozenRows":
        """Return the present order. Later changes here do not affect it."""
        self._unshared = set()
        frozen = FrozenRows(self)
        self._frozen.add(frozen)
        return frozen

    def position(self, key: SortKey, *, behind: bool = False) -> int:
        """Return how many rows sort before the key; with `behind`, a row with an equal key is counted too."""
        blocks = self._blocks
        bisect = bisect_right if behind else bisect_left
        number = bisect(blocks, key, key=self._last_key)
        if number == len(blocks):
            return self.total
        return self._start_of(number) + bisect(blocks[number], key, key=self._key)

    def _start_of(self, number: int) -> int:
        if self._starts is None:
            self._starts = list(accumulate(map(len, self._blocks), initial=0))
        return self._starts[number]

    def between(self, start: int, end: int) -> list[Place]:
        """Return the places from the position `start` to before `end`."""
        start, end = max(0, start), min(end, self.total)
        if start >= end:
            return []
        self._start_of(0)
        starts: Sequence[int] = self._starts or ()
        number = bisect_right(starts, start) - 1
        offset = start - starts[number]
        rows: array[int] = array("I")
        while len(rows) < end - start:
            rows += self._blocks[number][offset : offset + end - start - len(rows)]
            number, offset = number + 1, 0
        return self._places(rows, start)

    def _places(self, rows: Sequence[int], start: int) -> list[Place]:
        ids, points, reached = self._ids, self._points, self._reached
        return [Place(at, ids[row], points[row], reached[row]) for at, row in enumerate(rows, start)]

    def after(self, standing: Standing | None, size: int) -> list[Place]:
        """See Listing."""
        start = 0 if standing is None else self.position(sort_key(standing), behind=True)
        return self.between(start, start + size)

    def before(self, standing: Standing | None, size: int) -> list[Place]:
        """See Listing."""
        end = self.total if standing is None else self.position(sort_key(standing))
        return self.between(end - size, end)

    def above(self, points: int) -> int:
        """See Listing."""
        return self.position((-points, -1, 0))


class FrozenRows(SortedRows):
    """
    An order as it was when it was frozen. `_overrides` has the old sums of rows that changed in the table since. `restore`
    sets sums of an earlier moment.
    """

    def __init__(self, order: SortedRows) -> None:
        self._ids, self._points, self._reached = order._ids, order._points, order._reached  # noqa: SLF001 - of its own class
        self._blocks, self._starts = list(order._blocks), None  # noqa: SLF001
        self._unshared, self._frozen = set(), WeakSet()
        self.total = order.total
        self._overrides: dict[int, tuple[int, int]] = {}

    @property
    def size(self) -> int:
        """Bytes of memory that it occupies at most, approximately: blocks are counted as if none was shared."""
        return 4 * self.total + 200 * len(self._overrides)

    def remember(self, row: int) -> None:
        """Store a row's sum before it changes in the table."""
        self._overrides.setdefault(row, (self._points[row], self._reached[row]))

    def restore(self, row: int, points: int, reached: int) -> None:
        """Give a row the sum of an earlier moment. Without points it is removed from the order."""
        key = self._key(row)
        if key[0] < 0 and self.position_of(key) is not None:
            self.remove(row)
        self._overrides[row] = points, reached
        if points > 0:
            self.insert(row)

    def position_of(self, key: SortKey) -> int | None:
        """Return the position of exactly this key; None if it is not in the order."""
        position = self.position(key)
        there = self.between(position, position + 1)
        return position if there and sort_key(there[0].standing) == key else None

    def standing(self, row: int) -> Standing:
        """Return the row's standing, in the order or not."""
        points, reached = self._overrides.get(row) or (self._points[row], self._reached[row])
        return points, reached, self._ids[row]

    def _key(self, row: int) -> SortKey:
        override = self._overrides.get(row)
        if override is None:
            return -self._points[row], self._reached[row], self._ids[row]
        return -override[0], override[1], self._ids[row]

    def _places(self, rows: Sequence[int], start: int) -> list[Place]:
        standings = map(self.standing, rows)
        return [Place(at, number, points, reached) for at, (points, reached, number) in enumerate(standings, start)]


def sort(table: ScoreTable, column: int, rows: Iterable[int]) -> "array[int]":
    """
    Return these rows sorted by one column. It takes long for many rows, so call it in a thread; it lets other threads run.

    Each row is sorted as one number that contains its key and the row. A million tuples would keep the garbage collector
    busy, and with it the event loop blocked, for seconds.
    """
    ids, points, reached = table.ids, table.points[column], table.reached[column]
    numbers = [
        (((_MAX_POINTS - points[row]) << 52 | reached[row]) << 48 | ids[row]) << 32
        | row  # each part is as wide as its largest value
        for row in rows
    ]
    sorted_parts = [sorted(numbers[start : start + ROWS_PER_SORT]) for start in range(0, len(numbers), ROWS_PER_SORT)]
    del numbers
    return array("I", (number & _ROW_MASK for number in merge(*sorted_parts)))


_MAX_POINTS = 1 << 40
_ROW_MASK = (1 << 32) - 1
