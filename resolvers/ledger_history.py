"""A person's history of points: the ledger as its reader may see it, newest first."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from catalogue.points import ACTIVITIES
from models.database import Database
from models.statements import Statement
from resolvers.base import cursors
from resolvers.base.context import Context
from resolvers.base.pagination import Page, connection, page
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.progress.scores import EPOCH, microseconds

CURSOR = "point-history"
ENTRY = ("id", "kind", "category", "activity", "awarded", "outcome", "occurred_at", "reason")
# Others see what gave or took points in public; the owner also sees what gave nothing and the penalties that are
# shown to them, and that one was taken back. Index (profile_id, occurred_at, id), read backwards.
SEEN = "e.shown AND (e.profile_id = {own} OR (e.awarded <> 0 AND e.kind <> 'PENALTY' AND (e.kind <> 'REVERSAL' OR e.activity IS NOT NULL)))"


def _sqlite(after: str, order: str) -> str:
    pairs = ", ".join(f"'{name}', {name}" for name in ENTRY)
    return f"""
        SELECT key.value, (SELECT json_group_array(json_object({pairs})) FROM (
            SELECT e.* FROM point_entry e WHERE e.profile_id = key.value AND {SEEN.format(own="?2")} {after.format(at="?4", id="?5")}
            ORDER BY e.occurred_at {order}, e.id {order} LIMIT ?3))
        FROM json_each(?1) key
    """


def _postgres(after: str, order: str) -> str:
    names = ", ".join(f"h.{name}" for name in ENTRY)
    return f"""
        SELECT key.value, {names} FROM unnest($1::bigint[]) AS key (value) CROSS JOIN LATERAL (
            SELECT e.* FROM point_entry e WHERE e.profile_id = key.value AND {SEEN.format(own="$2")} {after.format(at="$4", id="$5")}
            ORDER BY e.occurred_at {order}, e.id {order} LIMIT $3) h
        ORDER BY key.value, h.occurred_at {order}, h.id {order}
    """


def _statement(after: str, order: str) -> Statement:
    return Statement(sqlite=_sqlite(after, order), postgres=_postgres(after, order))


NEWEST = _statement("", "DESC")
OLDEST = _statement("", "ASC")
OLDER = _statement("AND (e.occurred_at, e.id) < ({at}, {id})", "DESC")
NEWER = _statement("AND (e.occurred_at, e.id) > ({at}, {id})", "ASC")


ENTRIES = Statement.of(f"""
    SELECT {", ".join(f"e.{name}" for name in ENTRY)} FROM point_entry e JOIN profile p ON p.id = e.profile_id
    WHERE e.id = ANY($1) AND (p.listed OR p.id = $2) AND {SEEN.format(own="$2")}
""")


@columns(*ENTRY, positional=True)
async def by_id(entry_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Entries by number; None for one that the viewer may not see."""
    database = context.database
    rows = await database.fetch(ENTRIES, database.keys(entry_ids), context.viewer.own_profile)
    return in_order(entry_ids, rows, by="id")


@columns("edges", "page_info")
async def of_profiles(
    profile_ids: Sequence[int],
    context: Context,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> list[Row]:
    """A page of each profile's history. Raises Refused: BAD_PAGE, BAD_CURSOR."""
    asked = page(first, after, last, before)
    rows = await _rows(context.database, profile_ids, context.viewer.own_profile, asked)
    return [connection(asked, rows.get(profile_id, ()), cursor_of) for profile_id in profile_ids]


def cursor_of(row: Row) -> str:
    """Where an entry stands in its person's history."""
    return cursors.encode(CURSOR, microseconds(_moment(row["occurred_at"])), row["id"])


def activity(row: Row) -> Row | None:
    """The row of the point tables that an entry stands for; None where it stands for none."""
    found = ACTIVITIES.get(row["activity"] or "")
    return None if found is None else vars(found)


def happened(row: Row) -> Any:
    """When it happened; None for an opening balance, which has no moment of its own."""
    return None if row["kind"] == "OPENING" else row["occurred_at"]


async def _rows(database: Database, profile_ids: Sequence[int], own: int, asked: Page) -> dict[int, list[Row]]:
    keys, size = database.keys(profile_ids), asked.size + 1
    if asked.cursor is None:
        found = await database.fetch(OLDEST if asked.backward else NEWEST, keys, own, size)
    else:
        at, number = cursors.decode(CURSOR, asked.cursor, int, int)
        moment = EPOCH + timedelta(microseconds=at)
        stored = moment if database.dialect == "postgres" else moment.isoformat(" ")
        found = await database.fetch(NEWER if asked.backward else OLDER, keys, own, size, stored, number)
    by_profile: dict[int, list[Row]] = {}
    for row in found:
        if database.dialect == "postgres":
            by_profile.setdefault(row["value"], []).append(row)
        else:
            by_profile[row[0]] = orjson.loads(row[1])
    if asked.backward:
        return {profile_id: rows[::-1] for profile_id, rows in by_profile.items()}
    return by_profile


def _moment(stored: datetime | str) -> datetime:
    return datetime.fromisoformat(stored) if isinstance(stored, str) else stored
