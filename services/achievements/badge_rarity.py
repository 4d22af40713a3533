"""
Rarity of badges: the share of public, active people who have the badge (catalogue/rarity.toml). Rule: docs/rules/badges.md#rarity.

The colours are stored in a table, so that all processes display the same and a restart changes none. A job of the server
each minute, an import and a reevaluation call `settle`: it counts, and changes the colours of badges beyond a limit.
"""

from collections.abc import Collection
from typing import Any, Final

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from catalogue.badges import Rarity
from catalogue.rarity import RARITY
from models.badges import BadgeRarity
from models.database import Database
from services.achievements import badge_shares, badges
from services.core import change_feed, clock
from services.core.bulk import insert
from services.core.change_feed import Topic

SETTLE_SECONDS: Final = 60.0
"""Seconds between two calls of `settle` in a server."""


async def current(codes: Collection[str] | None = None) -> dict[str, Rarity]:
    """Return the stored colours by code, of all badges or of these. Others have the colour of their definition. Unique (badge)."""
    rows: Any = BadgeRarity.all() if codes is None else BadgeRarity.filter(badge__in=list(codes))
    return dict(await rows.values_list("badge", "rarity"))


async def settle(database: Database) -> int:
    """Set the colours by the current shares; returns how many changed. Concurrent calls wait for each other."""
    counted = await badge_shares.count(database)
    try:
        async with in_transaction():
            return await _settle(counted)
    except IntegrityError:  # another process has just written the first colours
        return 0


async def _settle(counted: badge_shares.Shares) -> int:
    stored = {row.badge: row for row in await BadgeRarity.all().order_by("badge").select_for_update()}
    defined = await badges.definitions()
    new, changed = [], 0
    for code, badge in defined.items():
        row = stored.get(code)
        colour = RARITY.colour(
            counted.holders[code], counted.people, given=badge.rarity, current=row.rarity if row else None
        )
        if row is None and counted.people >= RARITY.small_community:
            new.append(BadgeRarity(badge=code, rarity=colour, since=clock.now()))
        elif row is not None and counted.people < RARITY.small_community * (1 - RARITY.margin):
            await row.delete()  # the community has become small: the colours of the definitions apply again
            changed += 1
        elif row is not None and row.rarity is not colour:
            await BadgeRarity.filter(id=row.id).update(rarity=colour, since=clock.now())
            changed += 1
    await insert(new)
    if new or changed:
        await change_feed.publish(Topic.BADGES)
    return changed + len(new)
