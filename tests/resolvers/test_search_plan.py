"""The decisions of a people search, over counts alone."""

import pytest

from resolvers.people import search_plan
from resolvers.people.search_filters import ColumnFilter, Filter, TermFilter, WordFilter

WORD = WordFilter(b"ada")
SKILL = TermFilter("profile_skill", "skill", "java")
COUNTRY = ColumnFilter("country", "NL")
LOOKING = ColumnFilter("looking_for_job", True)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], []),
        ([LOOKING], [LOOKING]),
        ([LOOKING, WORD], [WORD]),
        ([COUNTRY, SKILL, LOOKING], [COUNTRY, SKILL]),
    ],
)
def test_people_are_listed_by_an_index_where_there_is_one(filters: list[Filter], expected: list[Filter]) -> None:
    assert list(search_plan.drivers(filters)) == expected


@pytest.mark.parametrize(
    ("filters", "by_match", "expected"),
    [([], True, False), ([WORD], False, False), ([WORD], True, True), ([WORD, SKILL], False, True)],
)
def test_one_filter_is_not_intersected_unless_sorted_by_match(
    filters: list[Filter], by_match: bool, expected: bool
) -> None:
    assert search_plan.may_intersect(filters, by_match=by_match) is expected


@pytest.mark.parametrize(
    ("everyone", "matches", "expected"),
    [(70_000, [], 70_000), (70_000, [7_000], 7_000), (70_000, [7_000, 7_000], 700), (0, [0], 0), (0, [5], 0)],
)
def test_filters_are_taken_for_independent(everyone: int, matches: list[int], expected: float) -> None:
    assert search_plan.expected_matches(everyone, matches) == pytest.approx(expected)


def test_no_more_people_are_sorted_than_the_limit() -> None:
    assert search_plan.is_worth_intersecting(search_plan.MAX_SORTED_MATCHES)
    assert not search_plan.is_worth_intersecting(search_plan.MAX_SORTED_MATCHES + 0.1)


def test_the_rarest_filter_is_the_first_of_equals() -> None:
    assert search_plan.rarest({WORD: 9, SKILL: 3, COUNTRY: 3}) is SKILL


def test_a_walk_grows_once_and_is_then_given_up() -> None:
    assert search_plan.walk_windows([WORD], 20) == search_plan.WALK_WINDOWS
    assert search_plan.walk_windows([], 20) == (20,)
    assert search_plan.walk_is_enough(20, 20, [WORD])
    assert not search_plan.walk_is_enough(19, 20, [WORD])
    assert search_plan.walk_is_enough(3, 20, [])  # the end of everyone


@pytest.mark.parametrize(
    ("first", "backward", "expected"),
    [
        (None, False, [0, 1, 2, 3]),
        (0, False, [0, 1, 2, 3]),
        (2, False, [2, 3]),
        (None, True, [3, 2, 1, 0]),
        (1, True, [1, 0]),
    ],
)
def test_tiers_are_read_from_the_position_on(first: int | None, backward: bool, expected: list[int]) -> None:
    assert list(search_plan.tiers(first, backward=backward)) == expected


def test_only_short_reads_run_in_the_loop() -> None:
    assert not search_plan.is_slow(search_plan.ROWS_PER_STEP)
    assert search_plan.is_slow(search_plan.ROWS_PER_STEP + 1)
    assert [search_plan.is_slow_walk(window) for window in search_plan.WALK_WINDOWS] == [False, True]
