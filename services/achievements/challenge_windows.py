"""What people did while a challenge was on: figures of a span of time, read from the ledger."""

from collections.abc import Collection

from catalogue.challenges import Challenge
from catalogue.criteria import POINTS, POINTS_OF
from catalogue.points import Category
from models.points import EntryKind
from models.statements import Statement, execute_rows
from services.progress.counters import HAPPENED

Inside = dict[tuple[int, str], dict[str, int]]
"""Figures by profile and challenge; a missing one is 0."""


async def figures(profile_ids: Collection[int], challenges: Collection[Challenge]) -> Inside:
    """
    What each of these profiles did inside each challenge's time: activities and points, under the names of
    catalogue/criteria.py. OpeningBalance balances are of no time. One statement. Index: (profile_id, occurred_at, id).
    """
    found: Inside = {(profile_id, each.code): {} for profile_id in profile_ids for each in challenges}
    if not found:
        return found
    windows = {each.code: each.window for each in challenges}
    rows = [(code, start, end) for code, (start, end) in windows.items()]
    for row in await execute_rows(_INSIDE, rows, sorted(set(profile_ids))):
        own = found[row["profile_id"], row["challenge"]]
        for name in (POINTS, POINTS_OF[Category(row["category"])]):
            own[name] = own.get(name, 0) + row["points"]
        if row["activity"]:
            own[row["activity"]] = own.get(row["activity"], 0) + row["times"]
    return found


# An activity counts as in services/progress/counters.py: what gave nothing for another reason than a cap did not happen, and a
# reversal, which has its original's time, takes back what counted.
_INSIDE = Statement.over_rows(
    f"""
    SELECT w.code AS challenge, e.profile_id, e.category, e.activity, CAST(SUM(e.awarded) AS int) AS points,
        CAST(SUM(CASE WHEN COALESCE(original.outcome, e.outcome) NOT IN
                 ({", ".join(sorted(f"'{outcome.value}'" for outcome in HAPPENED))}) THEN 0
            WHEN e.kind = '{EntryKind.ACTIVITY.value}' THEN 1 WHEN e.kind = '{EntryKind.REVERSAL.value}' THEN -1 ELSE 0 END) AS int) AS times
    FROM {{rows}} w CROSS JOIN point_entry e LEFT JOIN point_entry original ON original.id = e.reverses_id
    WHERE e.profile_id = ANY($1) AND e.occurred_at >= w.since AND e.occurred_at < w.until
        AND e.kind <> '{EntryKind.OPENING.value}'
    GROUP BY w.code, e.profile_id, e.category, e.activity
    """,
    code="text",
    since="timestamptz",
    until="timestamptz",
)
