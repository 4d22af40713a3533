"""Six sums for each profile, stored in columns: 120 bytes a profile. Boards are made from these tables."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import chain

Sums = Sequence[int]
"""Twelve numbers: points and when they were reached (microseconds since 1970), overall first, then each category."""
BOARDS = 6
BYTES_PER_ROW = 8 + 16 * BOARDS
ZERO_SUMS: Sums = (0,) * (2 * BOARDS)


class ScoreTable:
    """
    One row for each profile that ever had a sum here, listed or not. A row keeps its number as long as the table exists.

    Nearly all rows are added in the order of their ids and found by bisection. A dict has those that were added later.
    """

    __slots__ = ("_rows_added_later", "_sorted_count", "ids", "points", "reached")

    def __init__(self) -> None:
        self.ids = array("q")
        self.points = [array("q") for _ in range(BOARDS)]
        self.reached = [array("q") for _ in range(BOARDS)]
        self._sorted_count = 0
        self._rows_added_later: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def row(self, profile_id: int) -> int | None:
        """Return the profile's row, or None."""
        at = bisect_left(self.ids, profile_id, 0, self._sorted_count)
        if at < self._sorted_count and self.ids[at] == profile_id:
            return at
        return self._rows_added_later.get(profile_id)

    def add(self, profile_id: int, sums: Sums = ZERO_SUMS) -> int:
        """Add a row for a profile that has none yet; return its number."""
        row = len(self.ids)
        if self._sorted_count == row and (not row or self.ids[-1] < profile_id):
            self._sorted_count += 1
        else:
            self._rows_added_later[profile_id] = row
        self.ids.append(profile_id)
        for column in range(BOARDS):
            self.points[column].append(sums[2 * column])
            self.reached[column].append(sums[2 * column + 1])
        return row

    def sums(self, row: int) -> Sums:
        """Return all sums of a row."""
        pairs = zip(self.points, self.reached, strict=True)
        return tuple(chain.from_iterable((points[row], reached[row]) for points, reached in pairs))

    def standing(self, row: int, column: int) -> tuple[int, int, int]:
        """Return a row's standing in one column: points, when they were reached, profile id."""
        return self.points[column][row], self.reached[column][row], self.ids[row]

    def put(self, row: int, sums: Sums) -> None:
        """Set all sums of a row."""
        for column in range(BOARDS):
            self.points[column][row] = sums[2 * column]
            self.reached[column][row] = sums[2 * column + 1]

    def rows_with_points(self, column: int) -> Iterator[int]:
        """Yield the rows with points above zero."""
        return (row for row, points in enumerate(self.points[column]) if points > 0)

    def copy(self) -> "ScoreTable":
        """Return an independent copy."""
        other = ScoreTable()
        other.ids, other._sorted_count, other._rows_added_later = (
            self.ids[:],
            self._sorted_count,
            dict(self._rows_added_later),
        )
        other.points, other.reached = [each[:] for each in self.points], [each[:] for each in self.reached]
        return other
