"""The badges that a person is on the way to: each badge's next level, and how far it is."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from catalogue.badges import BADGES, Badge, Rarity
from catalogue.criteria import CONNECTIONS
from catalogue.languages import translate
from models.statements import Statement
from resolvers.base.context import Context
from resolvers.base.pagination import check_size
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from services.achievements import badge_rarity
from services.progress import criteria

LEVEL_COLUMNS = ("code", "name", "description", "rarity", "level", "percent", "criterion")
# Unique (profile_id, badge, level). Revoked levels too: the rule never gives them again.
TAKEN = Statement.of("""
    SELECT profile_id, badge, level, revoked_at FROM badge_award WHERE profile_id = ANY($1)
""")
# Connections with people who have hidden count too: a percentage would tell how many there are.
FOR_OTHERS = [
    badge
    for badge in BADGES.values()
    if not any(CONNECTIONS in condition.names for level in badge.levels for condition in level.conditions)
]
ALMOST = 99
"""What fulfils a criterion and was not given (yet) is not complete."""


@columns(*LEVEL_COLUMNS)
async def in_progress(profile_ids: Sequence[int], context: Context, *, first: int = 12) -> list[list[Row]]:
    """What each profile has begun, the furthest first. Raises Refused: BAD_PAGE."""
    check_size(first)
    return [[step.row for step in steps.begun[:first]] for steps in await _loaded(profile_ids, context)]


@columns(*LEVEL_COLUMNS)
async def ahead(profile_ids: Sequence[int], context: Context, *, first: int = 12) -> list[list[Row]]:
    """What each profile has not begun, what takes least first. Raises Refused: BAD_PAGE."""
    check_size(first)
    return [[step.row for step in steps.ahead[:first]] for steps in await _loaded(profile_ids, context)]


class Steps(NamedTuple):
    """The next levels of one profile."""

    begun: "list[Step]"
    ahead: "list[Step]"


async def _loaded(profile_ids: Sequence[int], context: Context) -> list[Steps]:
    # Through the request's loaders: whoever asks for both lists has the figures read once.
    return await asyncio.gather(*(context.load(steps_of, profile_id, {}) for profile_id in profile_ids))


async def steps_of(profile_ids: Sequence[int], context: Context) -> list[Steps]:
    """Both lists of each profile, whole; of others without what tells of people whom the viewer may not see. Four statements."""
    database = context.database
    taken: dict[int, dict[str, dict[int, bool]]] = {profile_id: {} for profile_id in profile_ids}
    for row in await database.fetch(TAKEN, database.keys(profile_ids)):
        taken[row["profile_id"]].setdefault(row["badge"], {})[row["level"]] = row["revoked_at"] is None
    facts = await criteria.facts_of(set(profile_ids))
    own, colours = context.viewer.own_profile, await badge_rarity.current()
    return [
        _lists(taken[profile_id], facts[profile_id], BADGES.values() if profile_id == own else FOR_OTHERS, colours)
        for profile_id in profile_ids
    ]


class Step(NamedTuple):
    """The next level of a badge; `missing` is the number of events, points … that it still takes."""

    badge: Badge
    level: int
    percent: int
    missing: int
    rarity: Rarity

    @property
    def row(self) -> Row:
        """As it is shown."""
        return {
            "code": self.badge.code,
            "name": translate(self.badge.name),
            "description": translate(self.badge.description),
            "rarity": self.rarity,
            "level": self.level,
            "percent": self.percent,
            "criterion": self.badge.levels[self.level - 1].translated,
        }


def _lists(
    taken: Mapping[str, Mapping[int, bool]],
    facts: Mapping[str, int],
    badges: Iterable[Badge],
    colours: Mapping[str, Rarity],
) -> Steps:
    steps = list(_steps(taken, facts, badges, colours))
    # Sorting is stable: what is equally far keeps the catalogue's order.
    begun = sorted((step for step in steps if step.percent), key=lambda step: -step.percent)
    not_begun = sorted((step for step in steps if not step.percent), key=lambda step: step.missing)
    return Steps(begun, not_begun)


def _steps(
    taken: Mapping[str, Mapping[int, bool]],
    facts: Mapping[str, int],
    badges: Iterable[Badge],
    colours: Mapping[str, Rarity],
) -> Iterator[Step]:
    for badge in badges:
        own = taken.get(badge.code, {})
        held = max((level for level, valid in own.items() if valid), default=0)
        level = next((each for each in range(held + 1, len(badge.levels) + 1) if each not in own), None)
        if level is None:
            continue
        criterion = badge.levels[level - 1]
        yield Step(
            badge,
            level,
            min(ALMOST, criteria.progress(criterion, facts)),
            criteria.missing(criterion, facts),
            colours.get(badge.code, badge.rarity),
        )
