"""
Moments that boards can be pinned to: which transactions belong to one, the same for every process and for good.

When things were recorded does not say it: a transaction that began early may commit late. So a moment is fixed once, by
the first process that is asked for it, together with the transactions that were over then. What is in a pinned board is
what these transactions say of the time up to the moment. docs/decisions/0010-live-boards.md says why.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from models.database import Database
from models.moments import BoardMoment
from services.core.runtime import runtime_of

KEPT_MOMENTS = 10_000
"""Moments that a process remembers; PostgreSQL has them all."""
KEPT_FOR = timedelta(hours=6)
"""How long the database has them: longer than any pin lives."""
FORGOTTEN_AT_ONCE = 1_000


class Moment(NamedTuple):
    """
    A moment, and the transactions that belong to it: those below `end` except `running`.

    Transactions are numbered by PostgreSQL; on SQLite, which has one writer at a time, by the id of their last notice. `seen` is
    PostgreSQL's snapshot, `last_entry` SQLite's last row of the ledger.
    """

    at: datetime
    begin: int
    end: int
    running: frozenset[int]
    seen: str = ""
    last_entry: int = 0

    def holds(self, at: datetime, transaction: int) -> bool:
        """Whether what a transaction told at a time belongs to the moment."""
        return at <= self.at and transaction < self.end and transaction not in self.running


class Fixed(NamedTuple):
    """A moment, and whether it was fixed just now: then everything that is committed and not later belongs to it."""

    moment: Moment
    new: bool


class _KnownMoments(OrderedDict[datetime, Moment]):
    """The moments that this process remembers; the oldest are dropped first."""


async def fix(database: Database, at: datetime) -> Fixed:
    """
    What belongs to this moment: as it was fixed, or, when nobody has asked for it before, as it is now.

    One statement on PostgreSQL, where the first process decides for all. On SQLite one process serves, and it decides.
    """
    known = runtime_of(database).part(_KnownMoments, _KnownMoments)
    moment = known.get(at)
    new = False
    if moment is None:
        moment, new = await (_of_row(database, at) if database.dialect == "postgres" else _of_file(database, at))
        moment = known.setdefault(at, moment)
        while len(known) > KEPT_MOMENTS:
            known.popitem(last=False)
    return Fixed(moment, new)


async def _of_row(database: Database, at: datetime) -> Fixed:
    [row] = await database.poll(
        "INSERT INTO board_moment (at, seen) VALUES ($1, pg_current_snapshot()::text)"
        " ON CONFLICT (at) DO UPDATE SET at = excluded.at RETURNING seen, xmax = 0 AS new",
        at,
    )
    seen: str = row["seen"]
    begin, end, running = seen.split(":")
    numbers = frozenset(int(each) for each in running.split(",") if each)
    return Fixed(Moment(at, int(begin), int(end), numbers, seen=seen), row["new"])


async def _of_file(database: Database, at: datetime) -> Fixed:
    # One statement: both numbers are of one commit.
    [row] = await database.poll(
        "SELECT (SELECT coalesce(max(id), 0) FROM notice) AS notice, (SELECT coalesce(max(id), 0) FROM point_entry) AS entry"
    )
    end = row["notice"] + 1
    return Fixed(Moment(at, end, end, frozenset(), last_entry=row["entry"]), new=True)


async def forget_old(now: datetime) -> int:
    """Delete moments that no board can be pinned to any more; returns how many. Index: unique (at)."""
    gone = 0
    old = BoardMoment.filter(at__lt=now - KEPT_FOR).order_by("at").limit(FORGOTTEN_AT_ONCE)
    while ids := await old.values_list("id", flat=True):
        found: Any = ids
        gone += await BoardMoment.filter(id__in=list(found)).delete()
    return gone
