"""
Points that a merge takes back: each entry gets an ordinary REVERSAL row, whose outcome says why.

So a service that reverses the same event later finds the reversal and takes nothing twice (services/points/corrections.py), and
counters, dates of badges and boards treat the entry as one that never happened. Rule: docs/rules/accounts.md#merging-points-badges-challenges.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from catalogue.points import Category
from models.points import EntryKind
from models.statements import Statement, execute
from models.transactions import require_transaction
from services.merging.plan import Compensation, CompensationReason, Pair
from services.points.corrections import REVERSALS
from services.progress.counters import HAPPENED

COUNTS: Final = f"""
    e.kind = '{EntryKind.ACTIVITY.value}' AND e.outcome IN ({", ".join(sorted(f"'{each.value}'" for each in HAPPENED))})
    AND NOT EXISTS (SELECT 1 FROM point_entry r WHERE r.reverses_id = e.id)
"""
"""SQL condition: the entry `e` is an event that counts, and is not reversed. Unique (reverses_id)."""
BETWEEN_THE_TWO: Final = (
    "(e.profile_id IN ($1, $2) AND e.counterpart_id IN ($1, $2) AND e.counterpart_id <> e.profile_id)"
)
"""SQL condition: one of the two profiles (parameters 1 and 2) has the entry `e` for what the other one did."""
TAKEN: Final = "e.category, e.activity, COUNT(*) AS entries, CAST(SUM(e.awarded) AS int) AS points"
"""SQL columns of the rows that `compensations` takes; grouped by category and activity."""


async def planned(pair: Pair, entry_ids: Collection[int], reason: CompensationReason) -> list[Compensation]:
    """
    Return what `take_back` would take of these entries, for a step's `plan`: one compensation for each activity. Left out are
    entries that are reversed already, and those of one of the two with the other as counterpart, because services/merging/points.py plans
    them. One statement, which reads only.
    """
    return compensations(reason, await execute(_PLANNED, *pair, list(entry_ids))) if entry_ids else []


async def take_back(entry_ids: Collection[int], reason: CompensationReason, now: datetime) -> int:
    """
    Reverse these entries of the ledger, of either profile; return how many. Those that are reversed already, or never counted, are
    left as they are: an entry may be passed twice. Negative points are given back. An activity that counts once can be
    earned again unless another award of it stands. At most two statements.

    For steps of the merge before `progress`, which counts sums and counters again. Requires a transaction, with the score rows of
    both profiles locked.
    """
    require_transaction()
    if not entry_ids:
        return 0
    reversed_rows = await execute(_REVERSE, list(entry_ids), reason.value, now, now.date())
    if activities := {row["activity"] for row in reversed_rows}:
        await execute(_FORGET_ONCE, {row["profile_id"] for row in reversed_rows}, activities)
    return len(reversed_rows)


def compensations(reason: CompensationReason, rows: Any) -> list[Compensation]:
    """Return the compensations in rows with the columns of `TAKEN`."""
    return [
        Compensation(reason, Category(row["category"]), row["activity"], row["entries"], row["points"]) for row in rows
    ]


# Primary key.
_PLANNED = Statement.of(f"""
    SELECT {TAKEN} FROM point_entry e
    WHERE e.id = ANY($3) AND {COUNTS} AND (e.counterpart_id IS NULL OR NOT {BETWEEN_THE_TWO})
    GROUP BY e.category, e.activity ORDER BY e.activity
""")
# Like services/points/corrections.py: the time of the original, and room under the cap of a day only on that day.
_REVERSE = Statement.of(f"""
    INSERT INTO point_entry (profile_id, kind, category, activity, asked, awarded, capped, outcome, occurred_at, day,
        source, external_id, reverses_id, shown, recorded_at)
    SELECT e.profile_id, '{EntryKind.REVERSAL.value}', e.category, e.activity, -e.awarded, -e.awarded,
        CASE WHEN e.day = $4 THEN -e.capped ELSE 0 END, $2, e.occurred_at, e.day,
        '{REVERSALS}', CAST(e.id AS text), e.id, e.shown, $3
    FROM point_entry e WHERE e.id = ANY($1) AND {COUNTS} ORDER BY e.id
    RETURNING profile_id, activity
""")
# Unique (profile_id, activity) of once_award; index (profile_id, activity, day) of the ledger.
_FORGET_ONCE = Statement.of(f"""
    DELETE FROM once_award AS o WHERE o.profile_id = ANY($1) AND o.activity = ANY($2)
        AND NOT EXISTS (SELECT 1 FROM point_entry e WHERE e.profile_id = o.profile_id AND e.activity = o.activity AND {COUNTS})
""")
