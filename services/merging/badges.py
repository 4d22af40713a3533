"""
Badges: each badge and level is awarded once, and featured badges of both come together.

Of two awards of one level a valid one stays before a revoked one, else the earlier one. So a revocation by hand stands
unless the person has the level by another, valid award of the other profile: that one was theirs, too, and no one revoked it.
The dropped award's credential is revoked; its id stays known. Whatever made the award that stays (rule, operator, import) and its
reason stay with it. Dates of rule awards are computed again by `progress`. Rule: docs/rules/badges.md#credentials.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.badges import BadgeAward, FeaturedBadge
from models.transactions import require_transaction
from services.achievements.badges import MAX_FEATURED, update_superseded
from services.merging.plan import Pair, StepPlan, TablePlan
from services.open_badges import credential_status


@dataclass(frozen=True)
class _Combined:
    """Awards of both profiles: those that stay, and those that are dropped because another one of the level stays."""

    kept: Sequence[BadgeAward]
    dropped: Sequence[BadgeAward]


async def plan(pair: Pair) -> StepPlan:
    """Count the rows. Two statements."""
    awards, featured = await _combine(pair), await _featured(pair)
    own = await FeaturedBadge.filter(profile_id=pair.survivor).count()
    total = await FeaturedBadge.filter(profile_id__in=pair).count()
    combined = len(awards.dropped)
    survivors = sum(1 for each in (*awards.kept, *awards.dropped) if each.profile_id == pair.survivor)
    moved = len(awards.kept) - survivors
    repeated = total - len(await _codes(pair))
    return StepPlan(
        [
            TablePlan("badge_award", kept=survivors, moved=moved, combined=combined),
            TablePlan(
                "featured_badge",
                kept=own,
                moved=len(featured) - own,
                combined=repeated,
                lost=total - repeated - len(featured),
            ),
        ]
    )


async def apply(pair: Pair, now: datetime) -> None:
    """Unite awards and featured badges. The number of statements does not grow. Requires a transaction, with both profiles locked."""
    require_transaction()
    awards, featured = await _combine(pair), await _featured(pair)
    await credential_status.revoke(
        [(each.id, each.credential) for each in awards.dropped if each.revoked_at is None], at=now
    )
    if awards.dropped:
        await BadgeAward.filter(id__in=[each.id for each in awards.dropped]).delete()
    await BadgeAward.filter(profile_id=pair.source).update(profile_id=pair.survivor)
    await update_superseded({(pair.survivor, each.badge) for each in awards.kept})
    await FeaturedBadge.filter(profile_id__in=pair).delete()
    await FeaturedBadge.bulk_create(
        [FeaturedBadge(profile_id=pair.survivor, badge=badge, place=place) for place, badge in enumerate(featured, 1)]
    )


async def _combine(pair: Pair) -> _Combined:
    """Read all awards of both, a few hundred at most. Index: unique (profile_id, badge, level)."""
    best: dict[tuple[str, int], BadgeAward] = {}
    dropped = []
    for award in await BadgeAward.filter(profile_id__in=pair).order_by("id"):
        other = best.setdefault((award.badge, award.level), award)
        if other is not award:
            first, second = sorted((other, award), key=lambda each: _preference(each, pair))
            best[award.badge, award.level] = first
            dropped.append(second)
    return _Combined(list(best.values()), dropped)


def _preference(award: BadgeAward, pair: Pair) -> tuple[bool, datetime, bool]:
    return award.revoked_at is not None, award.awarded_at, award.profile_id == pair.source


async def _codes(pair: Pair) -> list[str]:
    """The featured badges of both, each once: the survivor's first, in their order."""
    rows = await FeaturedBadge.filter(profile_id__in=pair).order_by("place")
    ordered = sorted(rows, key=lambda each: each.profile_id == pair.source)
    return list(dict.fromkeys(each.badge for each in ordered))


async def _featured(pair: Pair) -> list[str]:
    """The badges that the merged profile features: at most four."""
    return (await _codes(pair))[:MAX_FEATURED]
