"""People in the order of a board: sorted blocks, so that a rank and a change cost microseconds among a million."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from heapq import merge
from itertools import accumulate
from typing import NamedTuple, Protocol
from weakref import WeakSet

from services.leaderboards.tables import Table

BLOCK = 1_024
"""People in a block at most; a full one is halved."""
ROWS_PER_PIECE = 16_384
"""People sorted in one go: a longer sort would keep other threads waiting."""

Standing = tuple[int, int, int]
"""What a person's place follows from: points, when they were reached (microseconds since 1970), profile."""
First = tuple[int, int, int]
"""A standing as it sorts: most points first, then reached earlier, then the smaller id."""


class Place(NamedTuple):
    """Somebody on a board. `position` counts from 0."""

    position: int
    profile_id: int
    points: int
    reached: int

    @property
    def standing(self) -> Standing:
        return self.points, self.reached, self.profile_id


class Listing(Protocol):
    """A board that can be read from any place."""

    @property
    def total(self) -> int:
        """How many people stand on it."""

    def after(self, standing: Standing | None, size: int) -> list[Place]:
        """The next places behind this one; None: the first ones."""

    def before(self, standing: Standing | None, size: int) -> list[Place]:
        """The places just before this one, in the board's order; None: the last ones."""

    def above(self, points: int) -> int:
        """How many people have more points."""


def sorting(standing: Standing) -> First:
    """How a standing sorts."""
    return -standing[0], standing[1], standing[2]


class SortedRows:
    """
    The rows of a table, by one of its sums. Whoever changes a sum takes the row out before and puts it in after.

    `freeze` gives the order as it is, for the price of a list of its blocks. Blocks that a frozen order shares are copied
    before they are changed: `_own` holds the identities of those that are not shared (None: none is).
    """

    def __init__(self, table: Table, place: int, rows: Iterable[int] = ()) -> None:
        """`rows` are in order already: see `sort`."""
        self._ids, self._points, self._reached = table.ids, table.points[place], table.reached[place]
        self._blocks: list[array[int]] = []
        self._starts: list[int] | None = None
        self._own: set[int] | None = None
        self._frozen: WeakSet[FrozenRows] = WeakSet()
        self.total = 0
        self._fill(rows)

    def _first(self, row: int) -> First:
        return -self._points[row], self._reached[row], self._ids[row]

    def _last_of(self, block: "array[int]") -> First:
        return self._first(block[-1])

    def _fill(self, rows: Iterable[int]) -> None:
        whole, half = array("I", rows), BLOCK // 2
        self._blocks = [whole[start : start + half] for start in range(0, len(whole), half)]
        self.total = len(whole)

    def insert(self, row: int) -> None:
        """Put in a row that is not there."""
        first, blocks = self._first(row), self._blocks
        number = min(bisect_left(blocks, first, key=self._last_of), len(blocks) - 1)
        if number < 0:
            self._replace(0, 0, array("I", (row,)))
        else:
            block = self._writable(number)
            block.insert(bisect_left(block, first, key=self._first), row)
            if len(block) > BLOCK:
                half = len(block) // 2
                self._replace(number, 1, block[:half], block[half:])
        self.total += 1
        self._starts = None

    def remove(self, row: int) -> None:
        """Take out a row that is there, its sum unchanged since it was put in."""
        first = self._first(row)
        number = bisect_left(self._blocks, first, key=self._last_of)
        block = self._writable(number)
        at = bisect_left(block, first, key=self._first)
        if block[at] != row:
            raise AssertionError("A sum was changed under an order.")
        for frozen in self._frozen:
            frozen.keep(row)
        del block[at]
        if not block:
            self._replace(number, 1)
        self.total -= 1
        self._starts = None

    def _writable(self, number: int) -> "array[int]":
        block = self._blocks[number]
        if self._own is not None and id(block) not in self._own:
            block = self._blocks[number] = block[:]
            self._own.add(id(block))
        return block

    def _replace(self, number: int, count: int, *blocks: "array[int]") -> None:
        if self._own is not None:
            self._own.difference_update(map(id, self._blocks[number : number + count]))
            self._own.update(map(id, blocks))
        self._blocks[number : number + count] = blocks

    def freeze(self) -> "FrozenRows":
        """The order as it is now. It stays so, whatever is changed here afterwards."""
        self._own = set()
        frozen = FrozenRows(self)
        self._frozen.add(frozen)
        return frozen

    def position(self, first: First, *, behind: bool = False) -> int:
        """How many rows sort before; with `behind`, the equal one is counted too."""
        blocks = self._blocks
        bisect = bisect_right if behind else bisect_left
        number = bisect(blocks, first, key=self._last_of)
        if number == len(blocks):
            return self.total
        return self._start_of(number) + bisect(blocks[number], first, key=self._first)

    def _start_of(self, number: int) -> int:
        if self._starts is None:
            self._starts = list(accumulate(map(len, self._blocks), initial=0))
        return self._starts[number]

    def between(self, start: int, end: int) -> list[Place]:
        """The places from one position to before another."""
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
        start = 0 if standing is None else self.position(sorting(standing), behind=True)
        return self.between(start, start + size)

    def before(self, standing: Standing | None, size: int) -> list[Place]:
        """See Listing."""
        end = self.total if standing is None else self.position(sorting(standing))
        return self.between(end - size, end)

    def above(self, points: int) -> int:
        """See Listing."""
        return self.position((-points, -1, 0))


class FrozenRows(SortedRows):
    """
    An order as it was when it was frozen. Sums that have been changed in the table since are kept here as they were; a
    moment that lies before the freezing is reached by `put_back`.
    """

    def __init__(self, order: SortedRows) -> None:
        self._ids, self._points, self._reached = order._ids, order._points, order._reached  # noqa: SLF001 - its own kind
        self._blocks, self._starts = list(order._blocks), None  # noqa: SLF001
        self._own, self._frozen = set(), WeakSet()
        self.total = order.total
        self._then: dict[int, tuple[int, int]] = {}

    @property
    def size(self) -> int:
        """Bytes that it may take at most, roughly: blocks are counted as if none was shared."""
        return 4 * self.total + 200 * len(self._then)

    def keep(self, row: int) -> None:
        """Remember a row's sum, which is about to be changed in the table."""
        self._then.setdefault(row, (self._points[row], self._reached[row]))

    def put_back(self, row: int, points: int, reached: int) -> None:
        """Give a row the sum that it had at the moment; without points it is not in the order."""
        first = self._first(row)
        if first[0] < 0 and self.at(first) is not None:
            self.remove(row)
        self._then[row] = points, reached
        if points > 0:
            self.insert(row)

    def at(self, first: First) -> int | None:
        """The position of exactly this standing; None: it is not in the order."""
        position = self.position(first)
        there = self.between(position, position + 1)
        return position if there and sorting(there[0].standing) == first else None

    def standing(self, row: int) -> Standing:
        """The row's standing, wherever it is in the order or not."""
        points, reached = self._then.get(row) or (self._points[row], self._reached[row])
        return points, reached, self._ids[row]

    def _first(self, row: int) -> First:
        then = self._then.get(row)
        if then is None:
            return -self._points[row], self._reached[row], self._ids[row]
        return -then[0], then[1], self._ids[row]

    def _places(self, rows: Sequence[int], start: int) -> list[Place]:
        standings = map(self.standing, rows)
        return [Place(at, number, points, reached) for at, (points, reached, number) in enumerate(standings, start)]


def sort(table: Table, place: int, rows: Iterable[int]) -> "array[int]":
    """
    These rows in the order of one of the table's sums. Long: for a thread, which it lets others interrupt.

    Each row is sorted as one number that holds what it sorts by and the row: a million tuples would keep the garbage collector,
    and with it the event loop, for seconds.
    """
    ids, points, reached = table.ids, table.points[place], table.reached[place]
    numbers = [
        (((_MOST_POINTS - points[row]) << 52 | reached[row]) << 48 | ids[row]) << 32 | row  # as wide as each can get
        for row in rows
    ]
    pieces = [sorted(numbers[start : start + ROWS_PER_PIECE]) for start in range(0, len(numbers), ROWS_PER_PIECE)]
    del numbers
    return array("I", (number & _ROW for number in merge(*pieces)))


_MOST_POINTS = 1 << 40
_ROW = (1 << 32) - 1
