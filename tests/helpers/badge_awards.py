"""Badges that somebody holds, for tests of credentials."""

import itertools
from typing import Any

from catalogue.badges import Rarity
from models.badges import AwardOrigin, BadgeAward, ImportedBadge
from tests.helpers.factories import NOON

_numbers = itertools.count(1)


async def make_award(profile_id: int, badge: str = "FIRST_LIGHT", level: int = 1, **more: Any) -> BadgeAward:
    """Make an award as it is stored; its credential is a number in hex."""
    given: dict[str, Any] = {
        "origin": AwardOrigin.RULE,
        "awarded_at": NOON,
        "credential": f"{next(_numbers):032x}",
        **more,
    }
    return await BadgeAward.create(profile_id=profile_id, badge=badge, level=level, **given)


async def make_imported_badge(code: str = "old-hand", **more: Any) -> ImportedBadge:
    given: dict[str, Any] = {"name": "Old Hand", "description": "Was there before.", **more}
    return await ImportedBadge.create(source="archive", key=code, code=code, rarity=Rarity.PURPLE, **given)
