"""Award badges again after a change of the catalogue, to people who met the criteria long ago."""

from collections.abc import AsyncIterator
from typing import Any

from models.badges import BadgeAward
from services.achievements import award_dates, badges
from services.core import clock
from services.progress import criteria, profile_batches
from services.progress.scores import Person

PEOPLE_PER_DATING = 50
"""People whose whole ledger is read together."""


async def reevaluate(*, after: int = 0) -> AsyncIterator[profile_batches.BatchResult]:
    """
    Award missing levels to all profiles with an id above `after`, and date rule awards by the current ledger.

    A level is missing if its criterion is met and the profile never had it. `changed` of each batch is the number of new
    levels. No award is removed.
    """
    async for batch in profile_batches.for_each_batch(_award_missing, after=after):
        yield batch


async def _award_missing(people: dict[int, Person]) -> int:
    facts = await criteria.facts_of(people)
    # Unique (profile_id, badge, level).
    rows: Any = BadgeAward.filter(profile_id__in=list(people)).values_list("profile_id", "badge", "level")
    had = set(await rows)
    now = clock.now()
    missing = [
        award
        for person in people.values()
        if person.active
        for award in badges.earned(person.profile_id, facts[person.profile_id], now)
        if (award.profile_id, award.badge, award.level) not in had
    ]
    new_levels = await badges.award(missing, notify=True)
    ids = list(people)
    for start in range(0, len(ids), PEOPLE_PER_DATING):
        await award_dates.recompute_dates(ids[start : start + PEOPLE_PER_DATING], awarded_at=now)
    return len(new_levels)
