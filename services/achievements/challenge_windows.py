"""What people did while a challenge was on: figures of a span of time, read from the ledger."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import orjson

from catalogue.challenges import Challenge
from catalogue.criteria import POINTS, POINTS_OF
from catalogue.points import Category
from models.points import EntryKind, PointEntry
from models.statements import Statement
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
    for row in await _rows(profile_ids, {each.code: each.window for each in challenges}):
        own = found[row["profile_id"], row["challenge"]]
        for name in (POINTS, POINTS_OF[Category(row["category"])]):
            own[name] = own.get(name, 0) + row["points"]
        if row["activity"]:
            own[row["activity"]] = own.get(row["activity"], 0) + row["times"]
    return found


async def _rows(profile_ids: Collection[int], windows: Mapping[str, tuple[datetime, datetime]]) -> list[dict[str, Any]]:
    connection = PointEntry._meta.db
    ids = sorted(set(profile_ids))
    values: list[Any]
    if connection.capabilities.dialect == "postgres":
        starts, ends = zip(*windows.values(), strict=True)
        text, values = _INSIDE.postgres, [ids, list(windows), list(starts), list(ends)]
    else:
        spans = [(code, start.isoformat(" "), end.isoformat(" ")) for code, (start, end) in windows.items()]
        text, values = _INSIDE.sqlite, [orjson.dumps(ids).decode(), orjson.dumps(spans).decode()]
    return list(await connection.execute_query_dict(text, values))


# An activity counts as in services/progress/counters.py: what gave nothing for another reason than a cap did not happen, and a
# reversal, which has its original's time, takes back what counted.
_COUNTED = f"""
    SELECT w.code AS challenge, e.profile_id, e.category, e.activity, CAST(SUM(e.awarded) AS int) AS points,
        CAST(SUM(CASE WHEN COALESCE(original.outcome, e.outcome) NOT IN
                 ({", ".join(sorted(f"'{outcome.value}'" for outcome in HAPPENED))}) THEN 0
            WHEN e.kind = '{EntryKind.ACTIVITY.value}' THEN 1 WHEN e.kind = '{EntryKind.REVERSAL.value}' THEN -1 ELSE 0 END) AS int) AS times
    FROM {{windows}}
    JOIN point_entry e ON e.profile_id = {{profile}} AND e.occurred_at >= w.since AND e.occurred_at < w.until
    LEFT JOIN point_entry original ON original.id = e.reverses_id
    WHERE e.kind <> '{EntryKind.OPENING.value}'
    GROUP BY w.code, e.profile_id, e.category, e.activity
""".strip()
_INSIDE = Statement(
    sqlite=_COUNTED.format(
        windows="(SELECT value ->> 0 AS code, value ->> 1 AS since, value ->> 2 AS until FROM json_each(?2)) w"
        " CROSS JOIN json_each(?1) person",
        profile="person.value",
    ),
    postgres=_COUNTED.format(
        windows="unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) AS w (code, since, until)",
        profile="ANY($1::bigint[])",
    ),
)
