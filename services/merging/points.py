"""
The ledger: the source's entries become the survivor's, with their dates, and what counted twice is taken back.

Of an activity that counts once, the earlier award stays (DUPLICATE). What one of the two has for something that the other one did
is taken back (SELF): votes, referrals. Points that both earned under a daily cap stay, also if they are more than the cap together; the
room that is left on that day is then 0 (services/points/ledger.py). `former_id` of a moved entry says whose it was, for boards that
are pinned to a moment before the merge. Rule: docs/rules/accounts.md#merging-points-badges-challenges.
"""

from datetime import datetime
from typing import Any

from catalogue.points import ACTIVITIES
from models.statements import Statement, execute
from models.transactions import require_transaction
from services.merging.compensations import BETWEEN_THE_TWO, COUNTS, TAKEN, compensations, take_back
from services.merging.plan import CompensationReason, Pair, StepPlan, TablePlan

ONCE = [activity.code for activity in ACTIVITIES.values() if activity.once]


async def plan(pair: Pair) -> StepPlan:
    """Count what moves, and list what is taken back. Reads only."""
    [entries] = await execute(_ENTRIES, *pair)
    [once] = await execute(_ONCE_AWARDS, *pair)
    both = await execute(_grouped(_SELF), *pair)
    later = await execute(_grouped(_LATER), *pair, ONCE)
    found = [*compensations(CompensationReason.SELF, both), *compensations(CompensationReason.DUPLICATE, later)]
    added = sum(each.entries for each in found)
    return StepPlan(
        [TablePlan("point_entry", **entries, added=added), TablePlan("once_award", **once)], compensations=found
    )


async def apply(pair: Pair, now: datetime) -> None:
    """Take back, then move. Requires a transaction, with the score rows of both profiles locked."""
    require_transaction()
    await take_back(_ids(await execute(_SELF, *pair)), CompensationReason.SELF, now)
    await take_back(_ids(await execute(_LATER, *pair, ONCE)), CompensationReason.DUPLICATE, now)
    for statement in _MOVE:
        await execute(statement, *pair)


async def taken_back(pair: Pair) -> list[int]:
    """Return the entries that `apply` takes back. Reads only."""
    return _ids(await execute(_SELF, *pair)) + _ids(await execute(_LATER, *pair, ONCE))


def _ids(rows: Any) -> list[int]:
    return [row["id"] for row in rows]


# Index: (counterpart_id).
_SELF = Statement.of(
    f"SELECT e.id, e.category, e.activity, e.awarded FROM point_entry e WHERE {BETWEEN_THE_TWO} AND {COUNTS}"
)
# The side that has the earliest award keeps its own. Index: (profile_id, activity, day).
_LATER = Statement.of(f"""
    SELECT id, category, activity, awarded FROM (
        SELECT e.*, FIRST_VALUE(e.profile_id) OVER (PARTITION BY e.activity ORDER BY e.occurred_at, e.id) AS earliest
        FROM point_entry e
        WHERE e.profile_id IN ($1, $2) AND e.activity = ANY($3) AND {COUNTS}
            AND (e.counterpart_id IS NULL OR NOT {BETWEEN_THE_TWO})
    ) awards WHERE profile_id <> earliest
""")
# Without silent penalties: the person must not know that there are any. Index: (profile_id, activity, day).
_ENTRIES = Statement.of("""
    SELECT COUNT(CASE WHEN profile_id = $2 THEN 1 END) AS kept, COUNT(CASE WHEN profile_id = $1 THEN 1 END) AS moved
    FROM point_entry WHERE profile_id IN ($1, $2) AND shown
""")
_HAS_SAME = "EXISTS (SELECT 1 FROM once_award s WHERE s.profile_id = $2 AND s.activity = o.activity)"
_OWN = f"SELECT 1 FROM point_entry e WHERE e.profile_id = o.profile_id AND e.activity = o.activity AND {COUNTS}"
_ONCE_AWARDS = Statement.of(f"""
    WITH awards AS (
        SELECT o.profile_id, o.activity, CASE WHEN EXISTS ({_OWN} AND {BETWEEN_THE_TWO})
            AND NOT EXISTS ({_OWN} AND (e.counterpart_id IS NULL OR NOT {BETWEEN_THE_TWO})) THEN 1 ELSE 0 END AS lost
        FROM once_award o WHERE o.profile_id IN ($1, $2)
    ), staying AS (
        SELECT profile_id, COUNT(*) OVER (PARTITION BY activity) AS sides FROM awards WHERE lost = 0
    )
    SELECT COUNT(CASE WHEN profile_id = $2 THEN 1 END) AS kept,
        COUNT(CASE WHEN profile_id = $1 AND sides = 1 THEN 1 END) AS moved,
        COUNT(CASE WHEN profile_id = $1 AND sides = 2 THEN 1 END) AS combined,
        (SELECT COUNT(*) FROM awards WHERE lost = 1) AS lost
    FROM staying
""")
_MOVE = (
    Statement.of(f"DELETE FROM once_award AS o WHERE o.profile_id = $1 AND {_HAS_SAME}"),
    Statement.of("UPDATE once_award SET profile_id = $2 WHERE profile_id = $1"),
    # In one statement: each version of a row costs an entry in every index.
    Statement.of("""
        UPDATE point_entry SET profile_id = $2, former_id = $1,
            counterpart_id = CASE WHEN counterpart_id = $1 THEN $2 ELSE counterpart_id END
        WHERE profile_id = $1
    """),
    Statement.of("UPDATE point_entry SET counterpart_id = $2 WHERE counterpart_id = $1"),
)


def _grouped(entries: Statement) -> Statement:
    """The entries of a statement by category and activity, as `compensations` takes them."""
    return Statement.of(f"SELECT {TAKEN} FROM ({{entries}}) e GROUP BY e.category, e.activity ORDER BY e.activity").put(
        entries=entries
    )
