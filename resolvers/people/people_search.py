"""Finding people: a page in an order, and how many there are, for any mix of filters. How: resolvers/people/search_plan.py."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from sys import getsizeof

from models.database import Database
from resolvers.base.rows import Row
from resolvers.people import search_plan, search_sql
from resolvers.people.search_filters import ANY_TIER, Filter
from resolvers.people.search_sql import POINTS, Candidates, Part, Position, Query, SearchSql, SortOrder
from services.core.bounded_cache import BoundedByBytes
from services.core.runtime import runtime_of

COUNT_CACHE_SECONDS = 60.0
"""Age up to which counts of matches are used: they only decide how a page is found, never what is in it."""
COUNT_CACHE_BYTES = 2_000_000
BYTES_PER_COUNT = 600
"""Size of a cached count with its filter, without the filter's own value."""


class _MatchCounts(BoundedByBytes[tuple[Filter | None, int, str], tuple[int, float]]):
    """How many rows each filter matches in a tier, of all rows of a table without one, and when that was counted (`time.monotonic`)."""

    def __init__(self) -> None:
        super().__init__(COUNT_CACHE_BYTES)


@dataclass(eq=False)
class Search:
    """One request's search. `by_match`: people whose words match better come first, before the order."""

    database: Database
    filters: Sequence[Filter]
    order: SortOrder
    by_match: bool = False
    counted: SortOrder = POINTS
    """The order whose table is counted: the smallest one with `listed`."""
    _candidates: dict[int, Candidates | None] = field(default_factory=dict)
    """By tier; None: too many people match."""

    def __post_init__(self) -> None:
        self._sql = SearchSql(self.order, self.filters, self.by_match)
        self._total_sql = SearchSql(self.counted, self.filters)
        self._drivers = search_plan.drivers(self.filters)

    async def page(self, size: int, beyond: Position | None, *, backward: bool) -> list[Row]:
        """
        Up to `size` rows beyond a position, in the list's order: `tier` and the order's keys.

        Milliseconds for 20 of 70,000 listed people (SQLite / PostgreSQL, medians, two busy cores): no filter 0.4 / 0.7;
        a country of 40 % 1.3 / 1.7; a name that no one has 0.1 / 0.4; a first name of 4 % 11 / 27; first and last name
        8 / 17; one letter by relevance 16 / 40, by points 1.6 / 2; a skill, a country and a letter 25 / 50; ten letters
        15 / 50. A page deep in costs as much; the last page of a letter, the worst, 50 / 90.
        """
        if not self.by_match:
            rows = await self._page_of_tier(Part(ANY_TIER, size, beyond, backward))
        elif candidates := await self._few_people(ANY_TIER):
            query = self._sql.by_tier(candidates, Part(ANY_TIER, size, beyond, backward))
            rows = await self._fetch(query, slow=search_plan.is_slow(len(candidates.people)))
        else:
            rows = []
            for tier in search_plan.tiers(beyond.tier if beyond else None, backward=backward):
                position = beyond if beyond and beyond.tier == tier else None
                rows += await self._page_of_tier(Part(tier, size - len(rows), position, backward))
                if len(rows) == size:
                    break
        return rows[::-1] if backward else rows

    async def total(self) -> int:
        """
        How many people there are, exactly.

        Milliseconds (SQLite / PostgreSQL): no filter 2.5 / 7; one letter 7 / 7; a country 2.5 / 5; a skill of 16 % 17 / 17;
        two common words 20 / 70; `lookingFor`, which has no index, 27 / 30.
        """
        slow = True
        if not self.filters:
            query = Query(self.counted.count_all)
        elif candidates := await self._few_people(ANY_TIER):
            query = self._total_sql.total_of_candidates(candidates)
            slow = search_plan.is_slow(len(candidates.people))
        else:
            driver = await self._rarest(ANY_TIER)
            only_listed = len(self.filters) == 1 and not driver.lists_hidden
            query = self._total_sql.total_of_filter(driver) if only_listed else self._total_sql.total_of_driver(driver)
        [row] = await self._fetch(query, slow=slow)
        return int(row["total"])

    async def _page_of_tier(self, part: Part) -> list[Row]:
        if candidates := await self._few_people(part.tier):
            slow = search_plan.is_slow(len(candidates.people))
            return await self._fetch(self._sql.of_candidates(candidates, part), slow=slow)
        for window in search_plan.walk_windows(self.filters, part.size):
            rows = await self._fetch(self._sql.walk(window, part), slow=search_plan.is_slow_walk(window))
            if search_plan.walk_is_enough(len(rows), part.size, self.filters):
                return rows
        return await self._fetch(self._sql.of_driver(await self._rarest(part.tier), part), slow=True)

    async def _few_people(self, tier: int) -> Candidates | None:
        """Candidates that include all matches; None if too many people match."""
        if tier not in self._candidates:
            self._candidates[tier] = await self._people_of_one(tier) or await self._people_of_all(tier)
        return self._candidates[tier]

    async def _people_of_one(self, tier: int) -> Candidates | None:
        """The people of the first filter that matches few."""
        limit = search_plan.RARE_FILTER_MATCHES
        for each in self._drivers:
            rows = await self._fetch(search_sql.people_of(each, tier, limit + 1), slow=not each.indexed)
            if len(rows) <= limit:
                return Candidates((each,), _people(rows))
        return None

    async def _people_of_all(self, tier: int) -> Candidates | None:
        """The people who match all filters, if they are expected to be few and are."""
        if not search_plan.may_intersect(self.filters, by_match=self.by_match):
            return None
        driver = await self._rarest(tier)
        everyone = await self._matches(None, ANY_TIER)
        matches = [await self._matches(each, tier) for each in self._drivers]
        if not search_plan.is_worth_intersecting(search_plan.expected_matches(everyone, matches)):
            return None
        limit = search_plan.MAX_SORTED_MATCHES
        rows = await self._fetch(self._sql.intersection(driver, tier, limit + 1), slow=True)
        return Candidates(self.filters, _people(rows)) if len(rows) <= limit else None

    async def _rarest(self, tier: int) -> Filter:
        """The driver that matches the fewest people, by counts that may be a minute old."""
        if len(self._drivers) == 1:
            return self._drivers[0]
        return search_plan.rarest({each: await self._matches(each, tier) for each in self._drivers})

    async def _matches(self, each: Filter | None, tier: int) -> int:
        """How many people match a filter, of all listed people without one; at most COUNT_CACHE_SECONDS old."""
        cache = runtime_of(self.database).part(_MatchCounts, _MatchCounts)
        key = each, tier, self.counted.table
        cached = cache.get(key)
        if cached is None or time.monotonic() - cached[1] > COUNT_CACHE_SECONDS:
            query = search_sql.matches_of(each, tier, self.counted)
            [row] = await self._fetch(query, slow=True)
            cached = row["total"], time.monotonic()
            cache.put(key, cached, BYTES_PER_COUNT + sum(map(getsizeof, query.parameters)))
        return cached[0]

    async def _fetch(self, query: Query, *, slow: bool) -> list[Row]:
        fetch = self.database.fetch_long if slow else self.database.fetch
        return list(await fetch(query.statement, *query.parameters))


def _people(rows: Sequence[Row]) -> list[int]:
    return list({row["item"] for row in rows})
