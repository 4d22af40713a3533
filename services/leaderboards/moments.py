"""
Moments that boards can be pinned to. Every process agrees on which transactions belong to a moment, permanently.

The time of recording does not decide it: a transaction that began early can commit late. So a moment is fixed once, by
the first process that needs it, together with the set of transactions that were complete then. A pinned board contains
what these transactions recorded up to the moment. docs/decisions/0010-live-boards.md has the reasons.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from models.database import Database
from models.moments import BoardMoment
from services.core.runtime import runtime_of

MAX_CACHED_MOMENTS = 10_000
"""Moments that a process caches. On PostgreSQL the table has them all."""
MOMENT_RETENTION = timedelta(hours=6)
"""How long the table keeps a moment: longer than any snapshot can be used."""
DELETE_BATCH = 1_000


class Moment(NamedTuple):
    """
    A moment, and the transactions that belong to it: all below `end` except those in `running`. `begin`: all below it were
    complete.

    On PostgreSQL these are transaction ids, and `snapshot` is the text of its snapshot. On SQLite, which has one writer
    at a time, a transaction is numbered by the id of its last change feed entry, and `last_entry` is the id of the
    ledger's last row.
    """

    at: datetime
    begin: int
    end: int
    running: frozenset[int]
    snapshot: str = ""
    last_entry: int = 0

    def contains(self, at: datetime, transaction: int) -> bool:
        """Return True if a change that a transaction wrote at a time belongs to the moment."""
        return at <= self.at and transaction < self.end and transaction not in self.running


class FixedMoment(NamedTuple):
    """A moment. `new` if it was fixed just now: then every committed change that is not later belongs to it."""

    moment: Moment
    new: bool


class _CachedMoments(OrderedDict[datetime, Moment]):
    """The moments that this process has cached. The oldest are dropped first."""


async def fix(database: Database, at: datetime) -> FixedMoment:
    """
    Return the moment as it was fixed before, or fix it now.

    One statement on PostgreSQL, where the first process decides for all. On SQLite the one process that serves decides.
    """
    cached = runtime_of(database).part(_CachedMoments, _CachedMoments)
    moment = cached.get(at)
    new = False
    if moment is None:
        fix_in_database = _fix_in_postgres if database.dialect == "postgres" else _fix_in_sqlite
        moment, new = await fix_in_database(database, at)
        moment = cached.setdefault(at, moment)
        while len(cached) > MAX_CACHED_MOMENTS:
            cached.popitem(last=False)
    return FixedMoment(moment, new)


async def _fix_in_postgres(database: Database, at: datetime) -> FixedMoment:
    [row] = await database.poll(
        "INSERT INTO board_moment (at, seen) VALUES ($1, pg_current_snapshot()::text)"
        " ON CONFLICT (at) DO UPDATE SET at = excluded.at RETURNING seen, xmax = 0 AS new",
        at,
    )
    snapshot: str = row["seen"]
    begin, end, running = snapshot.split(":")
    transactions = frozenset(int(each) for each in running.split(",") if each)
    return FixedMoment(Moment(at, int(begin), int(end), transactions, snapshot=snapshot), row["new"])


async def _fix_in_sqlite(database: Database, at: datetime) -> FixedMoment:
    # One statement, so that both ids are of the same commit.
    [row] = await database.poll(
        "SELECT (SELECT coalesce(max(id), 0) FROM notice) AS notice, (SELECT coalesce(max(id), 0) FROM point_entry) AS entry"
    )
    end = row["notice"] + 1
    return FixedMoment(Moment(at, end, end, frozenset(), last_entry=row["entry"]), new=True)


async def forget_old(now: datetime) -> int:
    """Delete moments that no board can be pinned to any more; return how many. Index: unique (at)."""
    deleted = 0
    old = BoardMoment.filter(at__lt=now - MOMENT_RETENTION).order_by("at").limit(DELETE_BATCH)
    while ids := await old.values_list("id", flat=True):
        found: Any = ids
        deleted += await BoardMoment.filter(id__in=list(found)).delete()
    return deleted
