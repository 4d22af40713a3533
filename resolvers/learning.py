"""Certifications and progress in the Academy, from the ledger."""

from collections.abc import Sequence
from typing import Any

from catalogue.points import ACTIVITIES
from models.points import EntryKind, Outcome
from models.statements import Statement
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from services.progress import counters
from services.progress.counters import NEVER

CERTIFICATIONS = {activity.code: activity.certification for activity in ACTIVITIES.values() if activity.certification}
UNITS, PATHS = "ACADEMY_UNIT_COMPLETED", "LEARNING_PATH_COMPLETED"
# Index (profile_id, activity, day); unique (reverses_id).
PASSED = Statement.of(f"""
    SELECT e.profile_id, e.activity, e.occurred_at FROM point_entry e
    WHERE e.profile_id = ANY($1) AND e.activity IN ({", ".join(f"'{code}'" for code in CERTIFICATIONS)})
      AND e.kind = '{EntryKind.ACTIVITY.value}' AND e.outcome = '{Outcome.AWARDED.value}'
      AND NOT EXISTS (SELECT 1 FROM point_entry r WHERE r.reverses_id = e.id LIMIT 1 OFFSET 0)
    ORDER BY e.profile_id, e.occurred_at DESC, e.id DESC
""")


@columns("activity", "level", "name", "certified_at")
async def of_profiles(profile_ids: Sequence[int], context: Context) -> list[list[Row]]:
    """The certifications of each profile, newest first, each once, without reversed ones."""
    database = context.database
    found: dict[int, list[Row]] = {}
    for row in await database.fetch(PASSED, profile_ids):
        level = CERTIFICATIONS[row["activity"]]
        found.setdefault(row["profile_id"], []).append(
            {
                "activity": vars(ACTIVITIES[row["activity"]]),
                "level": level,
                "name": level.title,
                "certified_at": row["occurred_at"],
            }
        )
    return [found.get(profile_id, []) for profile_id in profile_ids]


@columns("units", "learning_paths")
async def academy(profile_ids: Sequence[int], context: Context) -> list[Row]:
    """How many units and learning paths each profile has completed, without reversed ones. Unique (profile_id, name)."""
    counted: Any = await counters.counters_of(set(profile_ids))
    return [
        {
            "units": counted[profile_id].get(UNITS, NEVER).times,
            "learning_paths": counted[profile_id].get(PATHS, NEVER).times,
        }
        for profile_id in profile_ids
    ]
