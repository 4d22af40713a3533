"""The badges that people of the demo show first: what an operator's first look at a profile should find."""

from collections.abc import Sequence
from typing import Any, Final

from catalogue.badges import BADGES, Rarity
from models.badges import BadgeAward
from services.achievements import badges

SHOWING: Final = 60
"""So many people have chosen."""
_RAREST_FIRST: Final = [rarity.value for rarity in reversed(Rarity)]


async def feature(profile_ids: Sequence[int]) -> int:
    """
    Let the first of these people who have badges show their rarest, between one and four; returns how many do. Once: whoever
    asks again undoes what people chose since.
    """
    rows: Any = BadgeAward.filter(profile_id__in=list(profile_ids), superseded=False)
    earned: dict[int, list[str]] = {}
    for profile_id, badge in await rows.order_by("id").values_list("profile_id", "badge"):
        if badge in BADGES:
            earned.setdefault(profile_id, []).append(badge)
    choosing = [profile_id for profile_id in profile_ids if profile_id in earned][:SHOWING]
    for place, profile_id in enumerate(choosing):
        rarest = sorted(earned[profile_id], key=lambda code: _RAREST_FIRST.index(BADGES[code].rarity.value))
        await badges.feature(profile_id, rarest[: badges.MAX_FEATURED - place % 3])
    return len(choosing)
