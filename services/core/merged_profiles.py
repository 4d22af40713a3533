"""Where the id of a merged profile leads. Rule: docs/rules/accounts.md#merging-who-wins."""

from collections.abc import Collection, Mapping
from typing import Any

from models.merged_profiles import MergedProfile


class ProfilesMerged(Exception):
    """Profiles of a call were merged while it ran, and nothing was changed: call again with `current`, the profiles that they lead to."""

    def __init__(self, current: Mapping[int, int]) -> None:
        super().__init__()
        self.current = current


async def current_ids(profile_ids: Collection[int]) -> dict[int, int]:
    """
    Of these ids, return those of profiles that were merged, with the id of the profile that has everything now. Other ids are
    left out: of existing profiles, and of none. One statement; none without ids. Index: unique (former_id).
    """
    if not profile_ids:
        return {}
    rows: Any = MergedProfile.filter(former_id__in=list(profile_ids)).values_list("former_id", "profile_id")
    return dict(await rows)


async def current_id(profile_id: int) -> int:
    """Return the id that this one leads to: itself, unless the profile was merged."""
    return (await current_ids([profile_id])).get(profile_id, profile_id)
