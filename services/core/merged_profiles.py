"""Where the id of a merged profile leads. Rule: docs/rules/accounts.md#merging-who-wins."""

from collections.abc import Iterable
from typing import Any

from models.merged_profiles import MergedProfile


async def current_ids(profile_ids: Iterable[int]) -> dict[int, int]:
    """
    Of these ids, return those of profiles that were merged, with the id of the profile that has everything now. Other ids are
    left out: of existing profiles, and of none. One statement; none without ids. Index: unique (former_id).
    """
    wanted = list(profile_ids)
    if not wanted:
        return {}
    rows: Any = MergedProfile.filter(former_id__in=wanted).values_list("former_id", "profile_id")
    return dict(await rows)


async def current_id(profile_id: int) -> int:
    """Return the id that this one leads to: itself, unless the profile was merged."""
    return (await current_ids([profile_id])).get(profile_id, profile_id)
