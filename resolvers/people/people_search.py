"""
Finding people: a page in an order, and how many there are, for any mix of conditions.

Three ways, chosen by what was found and not by a planner's guess:

- a condition that holds for few (RARE), or conditions that seem to hold for few together (SOME): those people are looked
  at one by one and sorted;
- conditions that hold for many: the order's index is walked from where the page begins, and the page is full soon;
- where it is not, the walk is given up after WINDOWS, and the people of the rarest condition are sorted.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from sys import getsizeof
from typing import Any

from models.database import Database
from models.statements import Statement
from resolvers.base.rows import Row
from resolvers.people.search_filters import ANY_TIER, TIERS, Condition, Fact, Term, Word
from services.core.bounded_cache import BoundedByBytes
from services.core.runtime import runtime_of

RARE_WORD_MATCHES = 1_000
"""People of one condition who are looked at one by one, rather than walking an index past the others."""
MAX_SORTED_MATCHES = 3_000
"""People of all conditions together who are."""
WINDOWS = (500, 5_000)
"""People that a walk looks at for a page before it is given up."""
COUNT_ALL = 1_000_000_000
"""A limit that is none."""
ROWS_PER_STEP = 300
"""People that SQLite looks at in the event loop's own thread, within 2 ms."""

COUNT_CACHE_SECONDS = 60.0
"""Seconds that sizes of conditions are kept: they only decide the way, never what is answered."""
MAX_KEPT_BYTES = 2_000_000
"""Of sizes that are kept."""
BYTES_PER_SIZE = 600
"""What one holds with its condition, beside the condition's own value."""
EVERYBODY = "SELECT count(*) AS total FROM score WHERE listed = true"


@dataclass(frozen=True)
class Order:
    """The keys that people are sorted by, greatest first, as they stand in an index of the table behind `listed`."""

    name: str
    table: str
    keys: tuple[str, ...]

    @property
    def person(self) -> str:
        """The column of the profile's number, which is the last key."""
        return self.keys[-1]


POINTS = Order("points", "score", ("overall", "overall_reached", "profile_id"))
"""Most points first; among equals whoever moved last, then the newest profile. Index (listed, overall, overall_reached, profile_id)."""
NEWEST = Order("newest", "profile", ("joined_on", "id"))
"""Whoever joined last first. Index (listed, joined_on, id)."""


@dataclass(frozen=True)
class Place:
    """Where a row stands: its tier, and its keys in the order."""

    tier: int
    keys: tuple[Any, ...]


class _Sizes(BoundedByBytes[tuple[Condition | None, int], tuple[int, float]]):
    """For how many people each condition of a tier held, and when that was counted (`time.monotonic`)."""

    def __init__(self) -> None:
        super().__init__(MAX_KEPT_BYTES)


@dataclass(eq=False)
class Search:
    """One request's search. `by_match`: people whose words match better come first, before the order."""

    database: Database
    conditions: Sequence[Condition]
    order: Order
    by_match: bool = False
    _few: dict[int, "_Few | None"] = field(default_factory=dict)

    @property
    def _drivers(self) -> Sequence[Condition]:
        """The conditions whose people an index lists; all of them where there is none."""
        indexed = [each for each in self.conditions if not self._unlisted(each)]
        return indexed or self.conditions

    async def page(self, size: int, at: Place | None, *, backward: bool) -> list[Row]:
        """
        Up to `size` rows beyond `at`, in the list's order: `tier` and the order's keys.

        Milliseconds for 20 of 70,000 listed people (SQLite / PostgreSQL, medians, two busy cores): no condition 0.4 / 0.7;
        a country of 40 % 1.3 / 1.7; a name nobody has 0.1 / 0.4; a first name of 4 % 11 / 27; first and last name 8 / 17;
        one letter by relevance 16 / 40, by points 1.6 / 2; a skill, a country and a letter 25 / 50; ten letters 15 / 50.
        A page deep in costs as much; the last page of a letter, the worst, 50 / 90.
        """
        if not self.by_match:
            rows = await self._tier(ANY_TIER, size, at, backward=backward)
        elif few := await self._few_people(ANY_TIER):
            rows = await self._sorted_by_match(few, size, at, backward=backward)
        else:
            rows = []
            first = at.tier if at else (ANY_TIER if backward else 0)
            for tier in range(first, -1, -1) if backward else range(first, TIERS):
                beyond = at if at and at.tier == tier else None
                rows += await self._tier(tier, size - len(rows), beyond, backward=backward)
                if len(rows) == size:
                    break
        return rows[::-1] if backward else rows

    async def total(self) -> int:
        """
        How many people there are, exactly.

        Milliseconds (SQLite / PostgreSQL): everybody 2.5 / 7; one letter 7 / 7; a country 2.5 / 5; a skill of 16 % 17 / 17;
        two common words 20 / 70; what somebody looks for, which no index knows, 27 / 30.
        """
        text = _Text()
        if not self.conditions:
            sql, few = EVERYBODY, None
        elif few := await self._few_people(ANY_TIER):
            sql = f"SELECT count(*) AS total FROM score o WHERE {self._among(text, POINTS, few, ANY_TIER)}"
        else:
            driver = await self._rarest(ANY_TIER)
            if len(self.conditions) == 1 and not isinstance(driver, Term):
                # Hidden people have no words, and a fact is asked of listed people: nothing else is to be looked at.
                ids = driver.ids(text.put, ANY_TIER)
                sql = f"SELECT count(*) AS total FROM (SELECT DISTINCT profile_id FROM ({ids}) i) d"
            else:
                source, where = self._driven(text, POINTS, driver, ANY_TIER)
                sql = f"SELECT count(*) AS total FROM {source} o WHERE {where}"
        rows = await self._ask(sql, text, long=few is None or len(few.people) > ROWS_PER_STEP)
        return int(rows[0]["total"])

    async def _tier(self, tier: int, size: int, at: Place | None, *, backward: bool) -> list[Row]:
        """Up to `size` people of one tier, in the order."""
        order = self.order
        if few := await self._few_people(tier):
            text = _Text()
            where = self._among(text, order, few, tier) + self._better(text, order.person, tier)
            return await self._one_by_one(
                text, order.table, where, tier, size, at, backward=backward, long=len(few.people) > ROWS_PER_STEP
            )
        for window in WINDOWS if self.conditions else (size,):
            rows = await self._walked(window, tier, size, at, backward=backward)
            if len(rows) == size or not self.conditions:  # the end of everybody is an end
                return rows
        text = _Text()
        source, where = self._driven(text, order, await self._rarest(tier), tier)
        where += self._better(text, order.person, tier)
        return await self._one_by_one(text, source, where, tier, size, at, backward=backward, long=True)

    async def _walked(self, window: int, tier: int, size: int, at: Place | None, *, backward: bool) -> list[Row]:
        """Those of the next `window` people of the order's index for whom everything holds."""
        order, text = self.order, _Text()
        beyond = _beyond(text, order, "b", at, backward=backward)
        sql = f"""
            SELECT {tier} AS tier, {_named(order, "o")} FROM (
                SELECT {_named(order, "b")} FROM {order.table} b WHERE b.listed = true{beyond}
                ORDER BY {_by(order, "b", backward=backward)} LIMIT {window}
            ) o WHERE true{self._hold(text, f"o.{order.person}", tier)}{self._better(text, order.person, tier)}
            ORDER BY {_by(order, "o", backward=backward)} LIMIT {size}
        """
        return await self._ask(sql, text, long=window > WINDOWS[0])

    async def _one_by_one(
        self,
        text: "_Text",
        source: str,
        where: str,
        tier: int,
        size: int,
        at: Place | None,
        *,
        backward: bool,
        long: bool,
    ) -> list[Row]:
        order = self.order
        sql = f"""
            SELECT {tier} AS tier, {_named(order, "o")} FROM {source} o
            WHERE {where}{_beyond(text, order, "o", at, backward=backward)}
            ORDER BY {_by(order, "o", backward=backward)} LIMIT {size}
        """
        return await self._ask(sql, text, long=long)

    async def _sorted_by_match(self, few: "_Few", size: int, at: Place | None, *, backward: bool) -> list[Row]:
        """People of all tiers, sorted by tier and then in the order."""
        order, text = self.order, _Text()
        person = f"o.{order.person}"
        cases = " ".join(f"WHEN {self._words_hold(text, person, tier)} THEN {tier}" for tier in range(ANY_TIER))
        where = self._among(text, order, few, ANY_TIER)
        beyond = ""
        if at:
            tier, keys = text.put(at.tier), _beyond(text, order, "m", at, backward=backward)
            beyond = f"WHERE m.tier {'<' if backward else '>'} {tier} OR (m.tier = {tier}{keys})"
        sql = f"""
            SELECT m.* FROM (
                SELECT CASE {cases} ELSE {ANY_TIER} END AS tier, {_named(order, "o")} FROM {order.table} o WHERE {where}
            ) m {beyond}
            ORDER BY m.tier {"DESC" if backward else "ASC"}, {_by(order, "m", backward=backward)} LIMIT {size}
        """
        return await self._ask(sql, text, long=len(few.people) > ROWS_PER_STEP)

    def _among(self, text: "_Text", order: Order, few: "_Few", tier: int) -> str:
        """That a person is listed, one of a few, and everything else holds."""
        people = text.put(self.database.keys(few.people))
        others = self._hold(text, f"o.{order.person}", tier, but=few.conditions)
        # Not "= true": SQLite would walk the order's index, past everybody else.
        return f"o.{order.person} = ANY({people}) AND o.listed IS NOT false{others}"

    def _driven(self, text: "_Text", order: Order, driver: Condition, tier: int) -> tuple[str, str]:
        """
        The listed people for whom `driver` holds, and that everything else holds.

        The people stand behind a LIMIT, which both planners leave where it is: PostgreSQL would walk the order's index
        for the sake of a page's LIMIT, and ask everything else of everybody.
        """
        ids = driver.ids(text.put, tier)
        source = (
            f"(SELECT {_named(order, 's')} FROM {order.table} s WHERE s.listed IS NOT false"
            f" AND s.{order.person} IN ({ids}) LIMIT {COUNT_ALL} OFFSET 0)"
        )
        return source, f"true{self._hold(text, f'o.{order.person}', tier, but=(driver,))}"

    def _hold(self, text: "_Text", person: str, tier: int, *, but: Sequence[Condition] = ()) -> str:
        return "".join(
            f" AND {condition.holds(text.put, person, tier)}" for condition in self.conditions if condition not in but
        )

    def _better(self, text: "_Text", person: str, tier: int) -> str:
        """That a person is not in a better tier."""
        if not self.by_match or tier == 0:
            return ""
        return f" AND NOT ({self._words_hold(text, f'o.{person}', tier - 1)})"

    def _words_hold(self, text: "_Text", person: str, tier: int) -> str:
        words = [condition for condition in self.conditions if isinstance(condition, Word)]
        return " AND ".join(word.holds(text.put, person, tier) for word in words)

    async def _few_people(self, tier: int) -> "_Few | None":
        """The people among whom all are that are looked for, where those are few; None where they are many."""
        if tier not in self._few:
            self._few[tier] = await self._of_one(tier) or await self._of_all(tier)
        return self._few[tier]

    @staticmethod
    def _unlisted(condition: Condition) -> bool:
        """Whether its people stand in no index, so that everybody has to be asked."""
        return isinstance(condition, Fact) and not condition.indexed

    async def _of_one(self, tier: int) -> "_Few | None":
        """The people of the first condition that holds for few."""
        for condition in self._drivers:
            text = _Text()
            rows = await self._ask(
                f"{condition.ids(text.put, tier)} LIMIT {RARE_WORD_MATCHES + 1}", text, long=self._unlisted(condition)
            )
            if len(rows) <= RARE_WORD_MATCHES:
                return _Few((condition,), list({row["profile_id"] for row in rows}))
        return None

    async def _of_all(self, tier: int) -> "_Few | None":
        """The people for whom everything holds, where they seem to be few by what holds for how many, and are."""
        if not self.conditions or (len(self.conditions) == 1 and not self.by_match):
            return None
        rarest = await self._rarest(tier)
        expected = float(everybody := await self._size(None, ANY_TIER))
        for condition in self._drivers:
            expected *= await self._size(condition, tier) / max(1, everybody)
        if expected > MAX_SORTED_MATCHES:
            return None
        text = _Text()
        ids = rarest.ids(text.put, tier)
        others = self._hold(text, "d.profile_id", tier, but=(rarest,))
        sql = f"SELECT d.profile_id FROM ({ids}) d WHERE true{others} LIMIT {MAX_SORTED_MATCHES + 1}"
        rows = await self._ask(sql, text, long=True)
        return (
            _Few(self.conditions, list({row["profile_id"] for row in rows}))
            if len(rows) <= MAX_SORTED_MATCHES
            else None
        )

    async def _rarest(self, tier: int) -> Condition:
        """The condition that holds for the fewest, or held for the fewest a moment ago."""
        if len(self._drivers) == 1:
            return self._drivers[0]
        sizes = {condition: await self._size(condition, tier) for condition in self._drivers}
        return min(self._drivers, key=lambda condition: sizes[condition])

    async def _size(self, condition: Condition | None, tier: int) -> int:
        """For how many a condition holds, of all listed people without one: for choosing a way, at most KEPT old."""
        kept = runtime_of(self.database).part(_Sizes, _Sizes)
        known = kept.get((condition, tier))
        if known is None or time.monotonic() - known[1] > COUNT_CACHE_SECONDS:
            text = _Text()
            sql = f"SELECT count(*) AS total FROM ({condition.ids(text.put, tier)}) c" if condition else EVERYBODY
            known = (await self._ask(sql, text, long=True))[0]["total"], time.monotonic()
            kept.put((condition, tier), known, BYTES_PER_SIZE + sum(map(getsizeof, text.params)))
        return known[0]

    async def _ask(self, sql: str, text: "_Text", *, long: bool) -> list[Row]:
        statement = Statement.of(sql)
        # PostgreSQL's reads are never in our way; inside a transaction there is one connection only.
        fetch = self.database.fetch_long if long and not self.database.in_transaction else self.database.fetch
        return list(await fetch(statement, *text.params))


@dataclass(frozen=True)
class _Few:
    """A few people, and the conditions that are known to hold for them."""

    conditions: Sequence[Condition]
    people: list[int]


class _Text:
    """The parameters of a statement that is being written."""

    def __init__(self) -> None:
        self.params: list[object] = []

    def put(self, value: object) -> str:
        """Take a parameter; answers its mark."""
        self.params.append(value)
        return f"${len(self.params)}"


def _named(order: Order, alias: str) -> str:
    return ", ".join(f"{alias}.{key}" for key in order.keys)


def _by(order: Order, alias: str, *, backward: bool) -> str:
    return ", ".join(f"{alias}.{key} {'ASC' if backward else 'DESC'}" for key in order.keys)


def _beyond(text: _Text, order: Order, alias: str, at: Place | None, *, backward: bool) -> str:
    if at is None:
        return ""
    marks = ", ".join(text.put(key) for key in at.keys)
    return f" AND ({_named(order, alias)}) {'>' if backward else '<'} ({marks})"
