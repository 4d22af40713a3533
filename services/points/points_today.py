"""Daily caps of a profile: points earned today, and points that remain."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from tortoise.functions import Sum

from catalogue.points import ACTIVITIES, Activity
from models.points import PointEntry
from services.core import clock

CAPPED_ACTIVITIES = tuple(activity for activity in ACTIVITIES.values() if activity.cap is not None)
"""Activities with a daily cap, in the order of the point tables."""


class DailyCap(NamedTuple):
    """Points of one capped activity on one UTC day: `earned` so far, and `remaining` for further events of the day."""

    activity: Activity
    earned: int
    remaining: int


async def daily_caps(profile_ids: Collection[int], day: date) -> dict[int, list[DailyCap]]:
    """
    State of every daily cap of each profile on this UTC day, by the same rule as services/points/ledger.py: points that
    were reversed on the same day can be earned again. One statement. Index: (profile_id, activity, day).
    """
    rows: Any = (
        PointEntry.filter(
            profile_id__in=list(profile_ids), activity__in=[activity.code for activity in CAPPED_ACTIVITIES], day=day
        )
        .annotate(used=Sum("capped"))
        .group_by("profile_id", "activity")
        .values_list("profile_id", "activity", "used")
    )
    used = {(profile_id, activity): number for profile_id, activity, number in await rows}
    return {
        profile_id: [_daily_cap(activity, used.get((profile_id, activity.code), 0)) for activity in CAPPED_ACTIVITIES]
        for profile_id in profile_ids
    }


def resets_at() -> datetime:
    """The next midnight (UTC), when all daily caps reset."""
    return datetime.combine(clock.today() + timedelta(days=1), time(), UTC)


def _daily_cap(activity: Activity, used: int) -> DailyCap:
    # The catalogue may have lowered a cap during the day: then more than the cap is used.
    return DailyCap(activity, max(0, used), max(0, (activity.cap or 0) - used))
