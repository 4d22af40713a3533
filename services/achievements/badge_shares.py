"""How many of the community hold each badge: counted at most twice a minute, in each process for itself."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from weakref import WeakKeyDictionary

import structlog

from catalogue.badges import MOST_LEVELS as MAX_LEVELS
from models.database import Database
from models.statements import Statement
from services.core import clock

log = structlog.get_logger(__name__)

MAX_SHARES_AGE: Final = timedelta(minutes=1)
"""Older figures are shown to nobody."""
SHARES_REFRESH_AGE: Final = timedelta(seconds=30)
"""Older figures are counted again, while the ones that are here are still shown."""
# Only public, active people count, above and below the line. Indexes: score (listed, …); badge_award (badge, …).
_COUNT = Statement.of("""
    SELECT '' AS badge, 0 AS level, count(*) AS people FROM score WHERE listed = true
    UNION ALL
    SELECT a.badge, a.level, count(*) FROM badge_award a JOIN score s ON s.profile_id = a.profile_id
    WHERE s.listed = true AND a.superseded = false GROUP BY a.badge, a.level
""")


@dataclass(frozen=True)
class Shares:
    """The figures of one moment."""

    people: int
    highest: Counter[tuple[str, int]]
    """How many people have which level of a badge as their highest."""
    as_of: datetime

    @cached_property
    def holders(self) -> Counter[str]:
        """How many people hold each badge, at whatever level."""
        found: Counter[str] = Counter()
        for (badge, _), people in self.highest.items():
            found[badge] += people
        return found

    def percent(self, badge: str) -> float:
        """Percent of the people who hold it, to one decimal: 0 only when nobody does, 100 only when everybody does."""
        return self._percent(self.holders[badge])

    def percent_of_level(self, badge: str, level: int) -> float:
        """The same of the people who have reached a level of it, or a higher one."""
        return self._percent(sum(self.highest[badge, each] for each in range(level, MAX_LEVELS + 1)))

    def _percent(self, holders: int) -> float:
        if not holders:
            return 0.0
        if holders >= self.people:
            return 100.0
        return min(max(round(holders * 100 / self.people, 1), 0.1), 99.9)


class _Keeper:
    def __init__(self) -> None:
        self.shares: Shares | None = None
        self.counting: asyncio.Task[Shares] | None = None

    async def get(self, database: Database) -> Shares:
        age = clock.now() - self.shares.as_of if self.shares else None
        if self.shares and age is not None and timedelta(0) <= age <= SHARES_REFRESH_AGE:
            return self.shares
        if self.counting is None or self.counting.done():
            self.counting = asyncio.create_task(count(database))
            self.counting.add_done_callback(self._counted)
        if self.shares and age is not None and timedelta(0) <= age <= MAX_SHARES_AGE:
            return self.shares
        return await asyncio.shield(self.counting)  # whoever gives up waiting does not take it from the others

    def _counted(self, task: "asyncio.Task[Shares]") -> None:
        if task.cancelled():
            return
        if error := task.exception():
            log.warning("badge_shares_not_counted", reason=type(error).__name__)
        else:
            self.shares = task.result()


async def count(database: Database) -> Shares:
    """The figures of this moment. One statement, which goes over all awards."""
    as_of = clock.now()
    rows = {(row["badge"], row["level"]): row["people"] for row in await database.fetch_long(_COUNT)}
    return Shares(rows.pop(("", 0)), Counter(rows), as_of)


_keepers: WeakKeyDictionary[Database, _Keeper] = WeakKeyDictionary()


async def of(database: Database) -> Shares:
    """The figures as they were within the last minute."""
    keeper = _keepers.get(database)
    if keeper is None:
        keeper = _keepers[database] = _Keeper()
    return await keeper.get(database)
