"""How notices are read so that none is missed: by commits on SQLite, by snapshots on PostgreSQL."""

import asyncio
from collections.abc import Sequence

from models.database import Database, Row


class ByCommit:
    """SQLite: one writer at a time, so ids come in the order of committing, and a count of commits says when to look."""

    def __init__(self) -> None:
        self._commits: int | None = None
        self._last: int | None = None

    async def read(self, database: Database, *, only_own: bool, anew: bool) -> Sequence[Row]:  # noqa: ARG002 - the other's signature
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
    PostgreSQL: a slow transaction's rows have smaller ids than those that were committed before them. Each look therefore
    reads again whatever belongs to transactions that were not over for certain at the last look, and skips what it knows.
    """

    def __init__(self) -> None:
        self.own: set[int] = set()
        """Transactions of this process that wrote notices which no look has seen yet."""
        self._horizon: int | None = None
        self._seen: dict[int, int] = {}
        self._lock = asyncio.Lock()

    async def read(self, database: Database, *, only_own: bool, anew: bool) -> Sequence[Row] | None:
        """Rows in order of id; None: there was no reason to look. Index: (xid)."""
        if only_own and not anew and not self.own and self._horizon is not None:
            return None
        async with self._lock:
            starting = self._horizon is None or anew
            if starting:
                [now] = await database.poll(f"SELECT {_HORIZON} AS horizon")
                self._horizon, self._seen = now["horizon"], {}
            elif only_own and not self.own:
                return None  # whoever had the lock has seen it
            looked = await database.poll(_LOOK, self._horizon, list(self._seen), list(self.own))
            horizon = looked[0]["horizon"]
            rows = [row for row in looked if row["id"] is not None]
            self._seen |= {row["id"]: row["xid"] for row in rows}
            self._seen = {number: xid for number, xid in self._seen.items() if xid >= horizon}
            self.own -= set(looked[0]["over"])  # committed and found, or undone
            self._horizon = horizon
        return () if starting else rows


_HORIZON = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
"""Every transaction below it is over: committed and seen by this statement, or undone."""
_LOOK = f"""
    SELECT now.horizon, now.over, n.id, n.xid, n.topic, n.profile_id, n.facts, n.at
    FROM (
        SELECT {_HORIZON} AS horizon,
        ARRAY(SELECT x FROM unnest($3::bigint[]) AS x WHERE pg_visible_in_snapshot(x::text::xid8, pg_current_snapshot())) AS over
    ) AS now
    LEFT JOIN notice AS n ON n.xid >= $1 AND n.id <> ALL ($2::bigint[])
    ORDER BY n.id
"""
