"""Featured badges of people in the demo, so that their profiles look complete."""

from collections.abc import Sequence
from typing import Any, Final

from catalogue.badges import BADGES, Rarity
from models.badges import BadgeAward
from services.achievements import badges

FEATURING_PROFILES: Final = 60
"""Profiles that feature badges."""
_RAREST_FIRST: Final = [rarity.value for rarity in reversed(Rarity)]


async def feature(profile_ids: Sequence[int]) -> int:
    """
    Feature the rarest badges of the first of these profiles that have any, one to four each; returns the number of
    profiles. Call it once: another call overwrites what people have chosen since.
    """
    rows: Any = BadgeAward.filter(profile_id__in=list(profile_ids), superseded=False)
    earned: dict[int, list[str]] = {}
    for profile_id, badge in await rows.order_by("id").values_list("profile_id", "badge"):
        if badge in BADGES:
            earned.setdefault(profile_id, []).append(badge)
    featuring = [profile_id for profile_id in profile_ids if profile_id in earned][:FEATURING_PROFILES]
    for place, profile_id in enumerate(featuring):
        rarest = sorted(earned[profile_id], key=lambda code: _RAREST_FIRST.index(BADGES[code].rarity.value))
        await badges.feature(profile_id, rarest[: badges.MAX_FEATURED - place % 3])
    return len(featuring)
