"""Six sums of many people, in columns: what boards are made of. 120 bytes a person."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import chain

Sums = Sequence[int]
"""Twelve numbers: points and when they were reached, overall first, then each category."""
BOARDS = 6
PERSON_BYTES = 8 + 16 * BOARDS
ZERO_SUMS: Sums = (0,) * (2 * BOARDS)


class Table:
    """
    A row for each person who ever had a sum here, listed or not. Rows keep their number for as long as the table lives.

    People are found by bisecting the rows that came in order of id, which nearly all do, and by a dict behind them.
    """

    __slots__ = ("_in_order", "_later", "ids", "points", "reached")

    def __init__(self) -> None:
        self.ids = array("q")
        self.points = [array("q") for _ in range(BOARDS)]
        self.reached = [array("q") for _ in range(BOARDS)]
        self._in_order = 0
        self._later: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def row(self, profile_id: int) -> int | None:
        """The person's row."""
        at = bisect_left(self.ids, profile_id, 0, self._in_order)
        if at < self._in_order and self.ids[at] == profile_id:
            return at
        return self._later.get(profile_id)

    def add(self, profile_id: int, sums: Sums = ZERO_SUMS) -> int:
        """A row for somebody who has none yet."""
        row = len(self.ids)
        if self._in_order == row and (not row or self.ids[-1] < profile_id):
            self._in_order += 1
        else:
            self._later[profile_id] = row
        self.ids.append(profile_id)
        for place in range(BOARDS):
            self.points[place].append(sums[2 * place])
            self.reached[place].append(sums[2 * place + 1])
        return row

    def sums(self, row: int) -> Sums:
        """The person's sums."""
        pairs = zip(self.points, self.reached, strict=True)
        return tuple(chain.from_iterable((points[row], reached[row]) for points, reached in pairs))

    def standing(self, row: int, place: int) -> tuple[int, int, int]:
        """What the person's place follows from: points, when they were reached, profile."""
        return self.points[place][row], self.reached[place][row], self.ids[row]

    def column(self, place: int) -> tuple["array[int]", "array[int]", "array[int]"]:
        """Copies of the ids, of one sum's points, and of when they were reached."""
        return self.ids[:], self.points[place][:], self.reached[place][:]

    def put(self, row: int, sums: Sums) -> None:
        """Set all of a person's sums."""
        for place in range(BOARDS):
            self.points[place][row] = sums[2 * place]
            self.reached[place][row] = sums[2 * place + 1]

    def above_zero(self, place: int) -> Iterator[int]:
        """Rows with points."""
        return (row for row, points in enumerate(self.points[place]) if points > 0)

    def copy(self) -> "Table":
        """Make another table with the same rows."""
        other = Table()
        other.ids, other._in_order, other._later = self.ids[:], self._in_order, dict(self._later)
        other.points, other.reached = [each[:] for each in self.points], [each[:] for each in self.reached]
        return other
