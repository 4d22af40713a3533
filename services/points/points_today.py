"""What somebody earned today of what is capped, and what is left of it."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from tortoise.functions import Sum

from catalogue.points import ACTIVITIES, Activity
from models.points import PointEntry
from services.core import clock

CAPPED = tuple(activity for activity in ACTIVITIES.values() if activity.cap is not None)
"""Activities with a daily cap, in the order of the point tables."""


class Room(NamedTuple):
    """Points of one capped activity on one UTC day: `earned` of its cap, and what further events of the day can give."""

    activity: Activity
    earned: int
    remaining: int


async def rooms(profile_ids: Collection[int], day: date) -> dict[int, list[Room]]:
    """
    Each profile's room under every cap on this UTC day, as services/points/ledger.py would find it for the next event: what a
    reversal gave back on the same day is room again. One statement. Index (profile_id, activity, day).
    """
    rows: Any = (
        PointEntry.filter(
            profile_id__in=list(profile_ids), activity__in=[activity.code for activity in CAPPED], day=day
        )
        .annotate(used=Sum("capped"))
        .group_by("profile_id", "activity")
        .values_list("profile_id", "activity", "used")
    )
    used = {(profile_id, activity): number for profile_id, activity, number in await rows}
    return {
        profile_id: [_room(activity, used.get((profile_id, activity.code), 0)) for activity in CAPPED]
        for profile_id in profile_ids
    }


def resets_at() -> datetime:
    """The next midnight (UTC), when all caps begin anew."""
    return datetime.combine(clock.today() + timedelta(days=1), time(), UTC)


def _room(activity: Activity, used: int) -> Room:
    # More than the cap may stand there when two people were merged.
    return Room(activity, max(0, used), max(0, (activity.cap or 0) - used))
