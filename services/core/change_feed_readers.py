"""Read the change feed without missing an entry: by commits on SQLite, by snapshots on PostgreSQL."""

import asyncio
from collections.abc import Sequence

from models.database import Database, Row


class ByCommit:
    """SQLite: there is one writer at a time, so ids are in order of commit. A counter of commits tells when to read."""

    def __init__(self) -> None:
        self._commits: int | None = None
        self._last: int | None = None

    async def read(self, database: Database, *, only_own: bool, anew: bool) -> Sequence[Row]:  # noqa: ARG002 - as BySnapshot
        """Return the entries since the last call in order of id; none for the first call, or with `anew`."""
        commits = database.commits()
        if commits == self._commits and not anew:
            return ()
        rows: Sequence[Row] = ()
        if self._last is None or anew:
            [newest] = await database.poll("SELECT coalesce(max(id), 0) AS id FROM notice")
            self._last = newest["id"]
        else:
            rows = await database.poll(
                "SELECT id, xid, topic, profile_id, facts, at FROM notice WHERE id > ? ORDER BY id", self._last
            )
            self._last = rows[-1]["id"] if rows else self._last
        self._commits = commits
        return rows


class BySnapshot:
    """
    PostgreSQL: rows of a slow transaction have smaller ids than rows that were committed before them. Each call therefore
    reads again the rows of all transactions that might still have been running at the last call, and skips known ids.
    """

    def __init__(self) -> None:
        self.own: set[int] = set()
        """Transactions of this process whose entries have not been read yet."""
        self._horizon: int | None = None
        self._seen: dict[int, int] = {}
        self._lock = asyncio.Lock()

    async def read(self, database: Database, *, only_own: bool, anew: bool) -> Sequence[Row] | None:
        """
        Return the entries since the last call in order of id; none for the first call, or with `anew`. None if nothing
        was read: `only_own` is set and this process has written nothing since. Index: (xid).
        """
        if only_own and not anew and not self.own and self._horizon is not None:
            return None
        async with self._lock:
            starting = self._horizon is None or anew
            if starting:
                [now] = await database.poll(f"SELECT {_HORIZON} AS horizon")
                self._horizon, self._seen = now["horizon"], {}
            elif only_own and not self.own:
                return None  # the task that had the lock has read them
            found = await database.poll(_POLL, self._horizon, list(self._seen), list(self.own))
            horizon = found[0]["horizon"]
            rows = [row for row in found if row["id"] is not None]
            self._seen |= {row["id"]: row["xid"] for row in rows}
            self._seen = {number: xid for number, xid in self._seen.items() if xid >= horizon}
            self.own -= set(found[0]["over"])  # committed and read, or rolled back
            self._horizon = horizon
        return () if starting else rows


_HORIZON = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
"""Every transaction below it has ended: committed and visible to this statement, or rolled back."""
_POLL = f"""
    SELECT now.horizon, now.over, n.id, n.xid, n.topic, n.profile_id, n.facts, n.at
    FROM (
        SELECT {_HORIZON} AS horizon,
        ARRAY(SELECT x FROM unnest($3::bigint[]) AS x WHERE pg_visible_in_snapshot(x::text::xid8, pg_current_snapshot())) AS over
    ) AS now
    LEFT JOIN notice AS n ON n.xid >= $1 AND n.id <> ALL ($2::bigint[])
    ORDER BY n.id
"""
