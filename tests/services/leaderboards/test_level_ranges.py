"""The part of a board between two sums: who stands at a level."""

import random

import pytest

from services.leaderboards.queries import count_between, places_between
from services.leaderboards.sorted_rows import SortedRows, Standing, sort, sort_key
from services.leaderboards.tables import BOARDS, ScoreTable

RANGES = [(100, 500), (500, 1_000), (1_000, None), (90, 91), (2_000, 3_000), (1, 100)]


def make_board(seed: int) -> tuple[SortedRows, list[Standing]]:
    """A board of people with few different sums and times, and their standings in order."""
    chance, table = random.Random(seed), ScoreTable()
    standings: list[Standing] = []
    for number in range(1, 200):
        points = chance.choice([99, 100, 101, 499, 500, 501, 999, 1_000, 1_001])
        standings.append((points, chance.randrange(3), number))
        table.add(number, [each for _ in range(BOARDS) for each in standings[-1][:2]])
    return SortedRows(table, 0, sort(table, 0, range(len(table)))), sorted(standings, key=sort_key)


@pytest.mark.parametrize(("low", "high"), RANGES)
@pytest.mark.parametrize("seed", range(3))
def test_walks_in_both_directions_give_each_once(low: int, high: int | None, seed: int) -> None:
    # given
    board, standings = make_board(seed)
    expected = [each for each in standings if low <= each[0] and (high is None or each[0] < high)]
    for size in (1, 7, 500):
        for backward in (False, True):
            # when
            found: list[Standing] = []
            at: Standing | None = None
            while page := [each.standing for each in places_between(board, low, high, at, size, backward=backward)]:
                found = [*page, *found] if backward else [*found, *page]
                at = page[0] if backward else page[-1]
            # then
            assert found == expected, (size, backward)
    assert count_between(board, low, high) == len(expected)


def test_someone_who_left_the_range_does_not_stop_a_walk() -> None:
    board, standings = make_board(0)
    there = [each for each in standings if 100 <= each[0] < 500]
    points, reached, _ = there[5]
    page = places_between(board, 100, 500, (points, reached, 10_000), 500, backward=False)
    assert [each.standing for each in page] == [each for each in there if sort_key(each) > (-points, reached, 10_000)]
