"""Figures of people during the time of a challenge, read from the ledger."""

from collections.abc import Collection

from catalogue.challenges import Challenge
from catalogue.criteria import POINTS, POINTS_OF
from catalogue.points import Category
from models.points import EntryKind
from models.statements import Statement, execute_rows
from services.progress.counters import HAPPENED

WindowFigures = dict[tuple[int, str], dict[str, int]]
"""Figures by profile and challenge; a missing one is 0."""


async def figures(
    profile_ids: Collection[int], challenges: Collection[Challenge], *, without: Collection[int] = ()
) -> WindowFigures:
    """
    Return activities and points of each of these profiles during each challenge's time, by the names of
    catalogue/criteria.py, without the ledger's entries `without`. Opening balances have no time. One statement. Index: (profile_id, occurred_at, id).
    """
    found: WindowFigures = {(profile_id, each.code): {} for profile_id in profile_ids for each in challenges}
    if not found:
        return found
    windows = {each.code: each.window for each in challenges}
    rows = [(code, start, end) for code, (start, end) in windows.items()]
    for row in await execute_rows(_INSIDE, rows, sorted(set(profile_ids)), list(without)):
        own = found[row["profile_id"], row["challenge"]]
        for name in (POINTS, POINTS_OF[Category(row["category"])]):
            own[name] = own.get(name, 0) + row["points"]
        if row["activity"]:
            own[row["activity"]] = own.get(row["activity"], 0) + row["times"]
    return found


# An activity is counted as in services/progress/counters.py: an event without points for another reason than a cap is not
# counted, and a reversal, which has the time of its original, subtracts what was counted.
_INSIDE = Statement.over_rows(
    f"""
    SELECT w.code AS challenge, e.profile_id, e.category, e.activity, CAST(SUM(e.awarded) AS int) AS points,
        CAST(SUM(CASE WHEN COALESCE(original.outcome, e.outcome) NOT IN
                 ({", ".join(sorted(f"'{outcome.value}'" for outcome in HAPPENED))}) THEN 0
            WHEN e.kind = '{EntryKind.ACTIVITY.value}' THEN 1 WHEN e.kind = '{EntryKind.REVERSAL.value}' THEN -1 ELSE 0 END) AS int) AS times
    FROM {{rows}} w CROSS JOIN point_entry e LEFT JOIN point_entry original ON original.id = e.reverses_id
    WHERE e.profile_id = ANY($1) AND e.occurred_at >= w.since AND e.occurred_at < w.until
        AND e.kind <> '{EntryKind.OPENING.value}' AND NOT (e.id = ANY($2))
    GROUP BY w.code, e.profile_id, e.category, e.activity
    """,
    code="text",
    since="timestamptz",
    until="timestamptz",
)
