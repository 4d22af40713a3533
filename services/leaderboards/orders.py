"""People in the order of a board: sorted blocks, so that a rank and a change cost microseconds among a million."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from heapq import merge
from itertools import accumulate, pairwise
from typing import NamedTuple, Protocol

from services.leaderboards.tables import Table

BLOCK = 1_024
"""People in a block at most; a full one is halved."""
PIECE = 16_384
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


class Order:
    """The rows of a table, by one of its sums. Whoever changes a sum takes the row out before and puts it in after."""

    def __init__(self, table: Table, place: int, rows: Iterable[int] = ()) -> None:
        """`rows` are in order already: see `sort`."""
        self._ids, self._points, self._reached = table.ids, table.points[place], table.reached[place]
        self._blocks: list[array[int]] = []
        self._starts: list[int] | None = None
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
            blocks.append(array("I", (row,)))
        else:
            block = blocks[number]
            block.insert(bisect_left(block, first, key=self._first), row)
            if len(block) > BLOCK:
                half = len(block) // 2
                blocks[number : number + 1] = [block[:half], block[half:]]
        self.total += 1
        self._starts = None

    def remove(self, row: int) -> None:
        """Take out a row that is there, its sum unchanged since it was put in."""
        first = self._first(row)
        number = bisect_left(self._blocks, first, key=self._last_of)
        block = self._blocks[number]
        at = bisect_left(block, first, key=self._first)
        if block[at] != row:
            raise AssertionError("A sum was changed under an order.")
        del block[at]
        if not block:
            del self._blocks[number]
        self.total -= 1
        self._starts = None

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

    def without(self, out: Iterable[int]) -> "array[int]":
        """Every row in order, except these, which may be there or not."""
        whole, rows = array("I"), array("I")
        for block in self._blocks:
            whole += block
        positions = sorted(
            at for row in out if (at := self.position(self._first(row))) < self.total and whole[at] == row
        )
        for start, end in pairwise([-1, *positions, len(whole)]):
            rows += whole[start + 1 : end]
        return rows

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
    pieces = [sorted(numbers[start : start + PIECE]) for start in range(0, len(numbers), PIECE)]
    del numbers
    return array("I", (number & _ROW for number in merge(*pieces)))


_MOST_POINTS = 1 << 40
_ROW = (1 << 32) - 1
