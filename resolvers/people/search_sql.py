"""The statements of a search for people or projects. search_plan.py decides which of them are run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from models.statements import Statement
from resolvers.people.search_filters import ANY_TIER, Filter, WordFilter

NO_LIMIT = 1_000_000_000
"""A LIMIT that does not limit: it only keeps a subquery apart."""


@dataclass(frozen=True)
class SortOrder:
    """The keys that people are sorted by, greatest first, as they stand in an index of the table behind `listed`."""

    name: str
    table: str
    keys: tuple[str, ...]

    @property
    def item(self) -> str:
        """The column of the row's number, which is the last key."""
        return self.keys[-1]

    @property
    def count_all(self) -> str:
        """SQL of the `total` of all listed rows."""
        return f"SELECT count(*) AS total FROM {self.table} WHERE listed = true"

    def columns(self, alias: str) -> str:
        """The keys, for SELECT."""
        return ", ".join(f"{alias}.{key}" for key in self.keys)

    def by(self, alias: str, *, backward: bool) -> str:
        """The keys, for ORDER BY."""
        return ", ".join(f"{alias}.{key} {'ASC' if backward else 'DESC'}" for key in self.keys)


POINTS = SortOrder("points", "score", ("overall", "overall_reached", "profile_id"))
"""Most points first; among equals the last to reach them, then the newest profile. Index (listed, overall, overall_reached, profile_id)."""
NEWEST = SortOrder("newest", "profile", ("joined_on", "id"))
"""The last to join first. Index (listed, joined_on, id)."""


@dataclass(frozen=True)
class Position:
    """Where a row stands in a list: its tier, and its keys in the sort order."""

    tier: int
    keys: tuple[Any, ...]


@dataclass(frozen=True)
class Part:
    """Which rows of a list to read: up to `size` of one tier, beyond a position if there is one, from the end if `backward`."""

    tier: int
    size: int
    beyond: Position | None
    backward: bool


@dataclass(frozen=True)
class Candidates:
    """A few people who include all matches, and the filters that they are known to match."""

    filters: Sequence[Filter]
    people: list[int]


@dataclass
class Query:
    """A statement that is being written, and its parameters."""

    sql: str = ""
    parameters: list[object] = field(default_factory=list)

    def add(self, value: object) -> str:
        """Add a parameter; returns its mark."""
        self.parameters.append(value)
        return f"${len(self.parameters)}"

    @property
    def statement(self) -> Statement:
        """The statement for both databases."""
        return Statement.of(self.sql)


def people_of(each: Filter, tier: int, limit: int) -> Query:
    """The column `item` of up to `limit` rows of a filter."""
    query = Query()
    query.sql = f"{each.ids_sql(query.add, tier)} LIMIT {limit}"
    return query


def matches_of(each: Filter | None, tier: int, counted: SortOrder) -> Query:
    """The `total` of the rows of a filter; of all listed rows without one."""
    query = Query(counted.count_all)
    if each is not None:
        query.sql = f"SELECT count(*) AS total FROM ({each.ids_sql(query.add, tier)}) c"
    return query


@dataclass(frozen=True)
class SearchSql:
    """Writes the statements of one search. `by_match`: people whose words match better come first, before the order."""

    order: SortOrder
    filters: Sequence[Filter]
    by_match: bool = False

    def intersection(self, driver: Filter, tier: int, limit: int) -> Query:
        """The column `item` of the rows that match all filters; `driver` lists the candidates."""
        query = Query()
        ids = driver.ids_sql(query.add, tier)
        others = self._all_match(query, "d.item", tier, except_for=(driver,))
        query.sql = f"SELECT d.item FROM ({ids}) d WHERE true{others} LIMIT {limit}"
        return query

    def walk(self, window: int, part: Part) -> Query:
        """The matches among the next `window` people of the order's index."""
        order, query = self.order, Query()
        beyond = self._beyond(query, "b", part)
        query.sql = f"""
            SELECT {part.tier} AS tier, {order.columns("o")} FROM (
                SELECT {order.columns("b")} FROM {order.table} b WHERE b.listed = true{beyond}
                ORDER BY {order.by("b", backward=part.backward)} LIMIT {window}
            ) o WHERE true{self._all_match(query, f"o.{order.item}", part.tier)}{self._not_better(query, part.tier)}
            ORDER BY {order.by("o", backward=part.backward)} LIMIT {part.size}
        """
        return query

    def of_candidates(self, candidates: Candidates, part: Part) -> Query:
        """The matches of one tier among the candidates, sorted."""
        query = Query()
        where = self._among(query, candidates, part.tier) + self._not_better(query, part.tier)
        return self._sorted(query, self.order.table, where, part)

    def of_driver(self, driver: Filter, part: Part) -> Query:
        """The matches of one tier among the people of a filter, sorted."""
        query = Query()
        source, where = self._driven(query, driver, part.tier)
        return self._sorted(query, source, where + self._not_better(query, part.tier), part)

    def by_tier(self, candidates: Candidates, part: Part) -> Query:
        """The matches of all tiers among the candidates, sorted by tier and then in the order."""
        order, query = self.order, Query()
        person = f"o.{order.item}"
        cases = " ".join(f"WHEN {self._words_match(query, person, tier)} THEN {tier}" for tier in range(ANY_TIER))
        where = self._among(query, candidates, ANY_TIER)
        beyond = ""
        if part.beyond:
            tier, keys = query.add(part.beyond.tier), self._beyond(query, "m", part)
            beyond = f"WHERE m.tier {'<' if part.backward else '>'} {tier} OR (m.tier = {tier}{keys})"
        query.sql = f"""
            SELECT m.* FROM (
                SELECT CASE {cases} ELSE {ANY_TIER} END AS tier, {order.columns("o")} FROM {order.table} o WHERE {where}
            ) m {beyond}
            ORDER BY m.tier {"DESC" if part.backward else "ASC"}, {order.by("m", backward=part.backward)} LIMIT {part.size}
        """
        return query

    def total_of_candidates(self, candidates: Candidates) -> Query:
        """The `total` of the matches among the candidates."""
        query = Query()
        where = self._among(query, candidates, ANY_TIER)
        query.sql = f"SELECT count(*) AS total FROM {self.order.table} o WHERE {where}"
        return query

    def total_of_filter(self, each: Filter) -> Query:
        """The `total` of the rows of a filter, which is the only one and lists no hidden rows."""
        query = Query()
        ids = each.ids_sql(query.add, ANY_TIER)
        query.sql = f"SELECT count(*) AS total FROM (SELECT DISTINCT item FROM ({ids}) i) d"
        return query

    def total_of_driver(self, driver: Filter) -> Query:
        """The `total` of the matches among the people of a filter."""
        query = Query()
        source, where = self._driven(query, driver, ANY_TIER)
        query.sql = f"SELECT count(*) AS total FROM {source} o WHERE {where}"
        return query

    def _sorted(self, query: Query, source: str, where: str, part: Part) -> Query:
        order = self.order
        query.sql = f"""
            SELECT {part.tier} AS tier, {order.columns("o")} FROM {source} o
            WHERE {where}{self._beyond(query, "o", part)}
            ORDER BY {order.by("o", backward=part.backward)} LIMIT {part.size}
        """
        return query

    def _among(self, query: Query, candidates: Candidates, tier: int) -> str:
        """Condition: a person is listed, a candidate, and matches the other filters."""
        people = query.add(candidates.people)
        others = self._all_match(query, f"o.{self.order.item}", tier, except_for=candidates.filters)
        # Not "= true": SQLite would walk the order's index, past all other people.
        return f"o.{self.order.item} = ANY({people}) AND o.listed IS NOT false{others}"

    def _driven(self, query: Query, driver: Filter, tier: int) -> tuple[str, str]:
        """
        The listed people who match `driver`, and the condition that they match the other filters.

        The people stand behind a LIMIT, which both planners leave where it is: PostgreSQL would walk the order's index
        for the sake of a page's LIMIT, and test all filters on all people.
        """
        order = self.order
        ids = driver.ids_sql(query.add, tier)
        source = (
            f"(SELECT {order.columns('s')} FROM {order.table} s WHERE s.listed IS NOT false"
            f" AND s.{order.item} IN ({ids}) LIMIT {NO_LIMIT} OFFSET 0)"
        )
        return source, f"true{self._all_match(query, f'o.{order.item}', tier, except_for=(driver,))}"

    def _all_match(self, query: Query, person: str, tier: int, *, except_for: Sequence[Filter] = ()) -> str:
        others = (each for each in self.filters if each not in except_for)
        return "".join(f" AND {each.matches_sql(query.add, person, tier)}" for each in others)

    def _not_better(self, query: Query, tier: int) -> str:
        """Condition: a person is not in a better tier."""
        if not self.by_match or tier == 0:
            return ""
        return f" AND NOT ({self._words_match(query, f'o.{self.order.item}', tier - 1)})"

    def _words_match(self, query: Query, person: str, tier: int) -> str:
        words = (each for each in self.filters if isinstance(each, WordFilter))
        return " AND ".join(each.matches_sql(query.add, person, tier) for each in words)

    def _beyond(self, query: Query, alias: str, part: Part) -> str:
        if part.beyond is None:
            return ""
        marks = ", ".join(query.add(key) for key in part.beyond.keys)
        return f" AND ({self.order.columns(alias)}) {'>' if part.backward else '<'} ({marks})"
