"""A person's history of points: the ledger entries that the viewer may see, newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from catalogue.points import ACTIVITIES
from models.statements import Statement
from resolvers.base.context import Context
from resolvers.base.keyset import PARENT, SortKey, TopPerParent, count_per_parent
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.core.visibility import visible_sql

ENTRY = ("id", "kind", "category", "activity", "awarded", "outcome", "occurred_at", "reason")
ENTRY_COLUMNS = ", ".join(f"e.{name}" for name in ENTRY)
# Others see events and corrections that gave or took points. The owner also sees events that gave none, visible
# penalties and their reversals.
VISIBLE_ENTRY = """
    e.shown AND (e.profile_id = $2 OR
        (e.awarded <> 0 AND e.kind <> 'PENALTY' AND (e.kind <> 'REVERSAL' OR e.activity IS NOT NULL)))
"""
_LISTED = f"FROM point_entry e WHERE e.profile_id = {PARENT} AND {VISIBLE_ENTRY}"
HISTORY = TopPerParent(
    "point-history",
    columns=ENTRY,
    select=ENTRY_COLUMNS,
    source=_LISTED,
    order=(SortKey("occurred_at", "e.occurred_at", value_type=datetime), SortKey("id", "e.id")),
    parameters=1,
)
"""Entries of each profile that $2 sees. Index (profile_id, occurred_at, id), read backwards."""
TOTALS = count_per_parent(_LISTED)
ENTRIES = Statement.of(f"""
    SELECT {ENTRY_COLUMNS} FROM point_entry e JOIN profile p ON p.id = e.profile_id
    WHERE e.id = ANY($1) AND {visible_sql("p", "$2")} AND {VISIBLE_ENTRY}
""")


@columns(*ENTRY, positional=True)
async def by_id(entry_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Entries by number; None for one that the viewer may not see."""
    database = context.database
    rows = await database.fetch(ENTRIES, entry_ids, context.viewer.own_profile)
    return in_order(entry_ids, rows, by="id")


@columns("edges", "page_info", "profile_id")
@paged
async def of_profiles(profile_ids: Sequence[int], context: Context, *, page: Page) -> list[Row]:
    """A page of each profile's history. Raises Refused: BAD_PAGE, BAD_CURSOR."""
    found = await HISTORY.pages(context.database, profile_ids, page, context.viewer.own_profile)
    return [connection(page, found.get(number, ()), cursor_of, profile_id=number) for number in profile_ids]


cursor_of = HISTORY.cursor_of


async def totals(profile_ids: Sequence[int], context: Context) -> list[int]:
    """How many entries of each profile the viewer sees. Index (profile_id, occurred_at, id)."""
    rows = await context.database.fetch(TOTALS, profile_ids, context.viewer.own_profile)
    return [row["total"] if row else 0 for row in in_order(profile_ids, rows, by="parent")]


def activity(row: Row) -> Row | None:
    """The activity of an entry; None if it has none."""
    found = ACTIVITIES.get(row["activity"] or "")
    return None if found is None else vars(found)


def happened(row: Row) -> Any:
    """When the event of an entry happened; None for an opening balance, which has no time."""
    return None if row["kind"] == "OPENING" else row["occurred_at"]
