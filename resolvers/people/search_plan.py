"""
How a people search finds its page: decisions over counts, without a database.

Three ways, chosen from what was counted and not from a planner's estimates:

- one filter matches few people (RARE_FILTER_MATCHES), or all filters together seem to (MAX_SORTED_MATCHES): those
  candidates are checked one by one and sorted;
- the filters match many: the index of the sort order is walked from the page's position, and the page is full soon;
- if it is not, the walk is given up after WALK_WINDOWS, and the people of the rarest filter are sorted.
"""

from collections.abc import Iterable, Mapping, Sequence

from resolvers.people.search_filters import ANY_TIER, TIERS, Filter

RARE_FILTER_MATCHES = 1_000
"""People of one filter that are checked one by one, rather than walking an index past the others."""
MAX_SORTED_MATCHES = 3_000
"""People who match all filters together that are."""
WALK_WINDOWS = (500, 5_000)
"""People that a walk reads for a page before it is given up."""
ROWS_PER_STEP = 300
"""People that SQLite reads in the event loop's thread, within 2 ms."""


def drivers(filters: Sequence[Filter]) -> Sequence[Filter]:
    """The filters that can list their people by an index; all of them if none can."""
    return [each for each in filters if each.indexed] or filters


def may_intersect(filters: Sequence[Filter], *, by_match: bool) -> bool:
    """
    True if all filters together may match few people although each of them matches many. A single filter cannot; if
    people are sorted by match, it still saves the walk through each tier.
    """
    return len(filters) > 1 or (len(filters) == 1 and by_match)


def expected_matches(everyone: int, matches: Iterable[int]) -> float:
    """How many of `everyone` match all filters, if the filters are independent; `matches` are the counts of each."""
    expected = float(everyone)
    for count in matches:
        expected *= count / max(1, everyone)
    return expected


def is_worth_intersecting(expected: float) -> bool:
    """True if so few people are expected that they are read and sorted."""
    return expected <= MAX_SORTED_MATCHES


def rarest(matches: Mapping[Filter, int]) -> Filter:
    """The filter that matches the fewest people; the first of equals."""
    return min(matches, key=lambda each: matches[each])


def walk_windows(filters: Sequence[Filter], size: int) -> Sequence[int]:
    """How many people each walk reads for a page of `size`. Without filters every person counts."""
    return WALK_WINDOWS if filters else (size,)


def walk_is_enough(found: int, size: int, filters: Sequence[Filter]) -> bool:
    """True if the page is full, or there is nothing behind the walk: without filters the end of the index is the end."""
    return found == size or not filters


def tiers(first: int | None, *, backward: bool) -> range:
    """The tiers to read in order, from the one of the page's position; None: from the list's first tier."""
    if backward:
        return range(ANY_TIER if first is None else first, -1, -1)
    return range(first or 0, TIERS)


def is_slow(people: int) -> bool:
    """True if checking so many people takes too long for the event loop's thread on SQLite."""
    return people > ROWS_PER_STEP


def is_slow_walk(window: int) -> bool:
    """True if a walk through so many people does."""
    return window > WALK_WINDOWS[0]
