"""Progress on badges: the next level of each badge, and how much of it is done."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from catalogue.badges import BADGES, Badge, Rarity
from catalogue.criteria import CONNECTIONS
from models.statements import Statement
from resolvers.badges import badge_row, level_row
from resolvers.base.context import Context
from resolvers.base.pagination import check_size
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from services.achievements import badge_rarity
from services.progress import criteria

STEP_COLUMNS = ("badge", "level", "progress_percent")
# Unique (profile_id, badge, level). Revoked levels too: the rule never awards them again.
REACHED_LEVELS = Statement.of("""
    SELECT profile_id, badge, level, revoked_at FROM badge_award WHERE profile_id = ANY($1)
""")
# Connections with hidden people count too, and a percentage would reveal how many there are.
BADGES_FOR_OTHERS = [
    badge
    for badge in BADGES.values()
    if not any(CONNECTIONS in condition.names for level in badge.levels for condition in level.conditions)
]
MAX_PERCENT = 99
"""A level whose criterion is fulfilled but that was not awarded (yet) is not complete."""


@columns(*STEP_COLUMNS)
async def in_progress(profile_ids: Sequence[int], context: Context, *, limit: int = 12) -> list[list[Row]]:
    """The levels that each profile has made progress on, the furthest first. Raises Refused: BAD_PAGE."""
    check_size(limit, name="limit")
    return [[step.row for step in steps.begun[:limit]] for steps in await _load_steps(profile_ids, context)]


@columns(*STEP_COLUMNS)
async def ahead(profile_ids: Sequence[int], context: Context, *, limit: int = 12) -> list[list[Row]]:
    """The levels that each profile has no progress on, those that need least first. Raises Refused: BAD_PAGE."""
    check_size(limit, name="limit")
    return [[step.row for step in steps.ahead[:limit]] for steps in await _load_steps(profile_ids, context)]


class Steps(NamedTuple):
    """The next levels of one profile."""

    begun: "list[Step]"
    ahead: "list[Step]"


async def _load_steps(profile_ids: Sequence[int], context: Context) -> list[Steps]:
    # By the request's loaders: an operation that requests both lists reads the figures once.
    return await asyncio.gather(*(context.load(steps_of, profile_id, {}) for profile_id in profile_ids))


async def steps_of(profile_ids: Sequence[int], context: Context) -> list[Steps]:
    """Both lists of each profile. Other people's lists leave out badges that would reveal hidden people. Four statements."""
    database = context.database
    reached: dict[int, dict[str, dict[int, bool]]] = {profile_id: {} for profile_id in profile_ids}
    for row in await database.fetch(REACHED_LEVELS, profile_ids):
        reached[row["profile_id"]].setdefault(row["badge"], {})[row["level"]] = row["revoked_at"] is None
    facts = await criteria.facts_of(set(profile_ids))
    own, colours = context.viewer.own_profile, await badge_rarity.current()
    return [
        _lists(
            reached[profile_id], facts[profile_id], BADGES.values() if profile_id == own else BADGES_FOR_OTHERS, colours
        )
        for profile_id in profile_ids
    ]


class Step(NamedTuple):
    """The next level of a badge; `missing` is the number of events, points … that it still needs."""

    badge: Badge
    level: int
    percent: int
    missing: int
    rarity: Rarity

    @property
    def row(self) -> Row:
        """The row of the level."""
        return {
            "badge": badge_row(self.badge, self.rarity),
            "level": level_row(self.badge.code, self.level),
            "progress_percent": self.percent,
        }


def _lists(
    reached: Mapping[str, Mapping[int, bool]],
    facts: Mapping[str, int],
    badges: Iterable[Badge],
    colours: Mapping[str, Rarity],
) -> Steps:
    steps = list(_steps(reached, facts, badges, colours))
    # Sorting is stable: equal ones keep the catalogue's order.
    begun = sorted((step for step in steps if step.percent), key=lambda step: -step.percent)
    not_begun = sorted((step for step in steps if not step.percent), key=lambda step: step.missing)
    return Steps(begun, not_begun)


def _steps(
    reached: Mapping[str, Mapping[int, bool]],
    facts: Mapping[str, int],
    badges: Iterable[Badge],
    colours: Mapping[str, Rarity],
) -> Iterator[Step]:
    for badge in badges:
        own = reached.get(badge.code, {})
        highest = max((level for level, valid in own.items() if valid), default=0)
        level = next((each for each in range(highest + 1, len(badge.levels) + 1) if each not in own), None)
        if level is None:
            continue
        criterion = badge.levels[level - 1]
        yield Step(
            badge,
            level,
            min(MAX_PERCENT, criteria.percent_of(criterion, facts)),
            criteria.remaining_count(criterion, facts),
            colours.get(badge.code, badge.rarity),
        )
