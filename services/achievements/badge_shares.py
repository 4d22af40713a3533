"""Share of the community that has each badge: counted at most twice a minute, by each process for itself."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

import structlog

from catalogue.badges import MOST_LEVELS as MAX_LEVELS
from models.database import Database
from models.statements import Statement
from services.core import clock
from services.core.runtime import runtime_of

log = structlog.get_logger(__name__)

MAX_SHARES_AGE: Final = timedelta(minutes=1)
"""Older shares are never returned."""
SHARES_REFRESH_AGE: Final = timedelta(seconds=30)
"""Older shares are counted again in the background, and still returned meanwhile."""
# Only public, active people count, in both parts of a share. Indexes: score (listed, …); badge_award (badge, …).
_COUNT = Statement.of("""
    SELECT '' AS badge, 0 AS level, count(*) AS people FROM score WHERE listed = true
    UNION ALL
    SELECT a.badge, a.level, count(*) FROM badge_award a JOIN score s ON s.profile_id = a.profile_id
    WHERE s.listed = true AND a.superseded = false GROUP BY a.badge, a.level
""")


@dataclass(frozen=True)
class Shares:
    """The counts at one moment."""

    people: int
    highest: Counter[tuple[str, int]]
    """Number of people by badge and the highest level that they have of it."""
    as_of: datetime

    @cached_property
    def holders(self) -> Counter[str]:
        """Number of people who have each badge, at any level."""
        found: Counter[str] = Counter()
        for (badge, _), people in self.highest.items():
            found[badge] += people
        return found

    def percent(self, badge: str) -> float:
        """Return the percentage of people who have the badge, to one decimal: 0 only if no one has it, 100 only if all have."""
        return self._percent(self.holders[badge])

    def percent_of_level(self, badge: str, level: int) -> float:
        """Return the percentage of people who have this level of the badge, or a higher one, as `percent` does."""
        return self._percent(sum(self.highest[badge, each] for each in range(level, MAX_LEVELS + 1)))

    def _percent(self, holders: int) -> float:
        if not holders:
            return 0.0
        if holders >= self.people:
            return 100.0
        return min(max(round(holders * 100 / self.people, 1), 0.1), 99.9)


class BadgeShares:
    """The latest shares of one database, counted again in the background."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._latest: Shares | None = None
        self._counting: asyncio.Task[Shares] | None = None

    async def latest(self) -> Shares:
        """Return shares that are at most MAX_SHARES_AGE old; raise what the count raises if there are none."""
        age = clock.now() - self._latest.as_of if self._latest else None
        if self._latest and age is not None and timedelta(0) <= age <= SHARES_REFRESH_AGE:
            return self._latest
        if self._counting is None or self._counting.done():
            self._counting = runtime_of(self._database).start(count(self._database))
            self._counting.add_done_callback(self._counted)
        if self._latest and age is not None and timedelta(0) <= age <= MAX_SHARES_AGE:
            return self._latest
        return await asyncio.shield(self._counting)  # a caller that is cancelled must not cancel it for the others

    def _counted(self, task: "asyncio.Task[Shares]") -> None:
        if task.cancelled():
            return
        if error := task.exception():
            log.warning("badge_shares.not_counted", reason=type(error).__name__)
        else:
            self._latest = task.result()


async def count(database: Database) -> Shares:
    """Count the shares now. One statement, which reads all awards."""
    as_of = clock.now()
    rows = {(row["badge"], row["level"]): row["people"] for row in await database.fetch_long(_COUNT)}
    return Shares(rows.pop(("", 0)), Counter(rows), as_of)


async def of(database: Database) -> Shares:
    """Return the shares as they were within the last minute."""
    return await runtime_of(database).part(BadgeShares, lambda: BadgeShares(database)).latest()
