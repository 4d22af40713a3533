"""
The events of one person in the change feed, read from a position on: each once, none missed, as long as they are stored.

On PostgreSQL ids are in the order of writing, not of committing: after the event 7 comes the event 5 of a slower transaction. So a
position is not an id alone. It has the snapshot up to which everything was read, and the snapshot that is being read, whose
events come in the order of their ids. On SQLite, which has one writer at a time, the id is enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from models.database import Database
from models.statements import Statement
from services.core import clock
from services.core.change_feed import CHANGE_RETENTION, FeedEntry, Topic, entry_of

MAX_EVENTS = 100
"""Events that are read at once."""
CLOCK_SKEW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Position:
    """
    How far someone has read. `before`: everything that this snapshot sees was read. `within`: of what this snapshot sees, everything
    up to the id `last` was read. Both are empty on SQLite. `at`: when `within` was taken (UTC).
    """

    before: str
    within: str
    last: int
    at: datetime

    @property
    def is_stored(self) -> bool:
        """True if everything after this position is still stored; False if older events may have been deleted."""
        return clock.now() - self.at < CHANGE_RETENTION - CLOCK_SKEW


@dataclass(frozen=True, slots=True)
class PersonEvent:
    """An event, and the position after it."""

    entry: FeedEntry
    position: Position


async def now(database: Database) -> Position:
    """The position after everything that is committed now."""
    [row] = await database.fetch(_NOW)
    return Position(row["snapshot"], row["snapshot"], row["last"], clock.now())


async def after(database: Database, profile_id: int, position: Position) -> Sequence[PersonEvent]:
    """
    The next events of a person after a position, at most MAX_EVENTS; empty if there are no more. One statement, two on PostgreSQL in
    the middle of a snapshot. Index: notice (profile_id, id).
    """
    found: list[PersonEvent] = []
    if position.before != position.within:
        rows = await database.fetch(_REST, *_of(profile_id), position.last, position.before, position.within)
        found = [PersonEvent(entry_of(row), replace(position, last=row["id"])) for row in rows]
    if len(found) < MAX_EVENTS:
        taken = clock.now()
        rows = await database.fetch(_NEXT, *_of(profile_id), position.last, position.within)
        found += [
            PersonEvent(entry_of(row), Position(position.within, row["snapshot"], row["id"], taken))
            for row in rows[: MAX_EVENTS - len(found)]
        ]
    return found


def _of(profile_id: int) -> tuple[int, str]:
    return profile_id, Topic.PERSON.value


_NOW = Statement(
    sqlite="SELECT '' AS snapshot, coalesce(max(id), 0) AS last FROM notice",
    postgres="SELECT pg_current_snapshot()::text AS snapshot, 0::bigint AS last",
)
_COLUMNS = "n.id, n.xid, n.topic, n.profile_id, n.facts, n.at"
_VISIBLE = "pg_visible_in_snapshot(n.xid::text::xid8, ${}::text::pg_snapshot)"
# Never run on SQLite, where the two snapshots of a position are the same.
_REST = Statement.of(f"""
    SELECT {_COLUMNS} FROM notice n
    WHERE n.profile_id = $1 AND n.topic = $2 AND n.id > $3 AND NOT {_VISIBLE.format(4)} AND {_VISIBLE.format(5)}
    ORDER BY n.id LIMIT {MAX_EVENTS}
""")
_NEXT = Statement(
    sqlite=f"""
        SELECT '' AS snapshot, {_COLUMNS} FROM notice n
        WHERE n.profile_id = ?1 AND n.topic = ?2 AND n.id > ?3 AND ?4 = '' ORDER BY n.id LIMIT {MAX_EVENTS}
    """,
    postgres=f"""
        SELECT pg_current_snapshot()::text AS snapshot, {_COLUMNS} FROM notice n
        WHERE n.profile_id = $1 AND n.topic = $2 AND $3::bigint IS NOT NULL AND NOT {_VISIBLE.format(4)}
        ORDER BY n.id LIMIT {MAX_EVENTS}
    """,
)
