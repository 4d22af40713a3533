"""What a changed catalogue of badges brings to those who did long ago what it takes."""

from collections.abc import AsyncIterator
from typing import Any

from models.badges import BadgeAward
from services.achievements import award_dates, badges
from services.core import clock
from services.progress import criteria, profile_batches
from services.progress.scores import Person

DATED_AT_ONCE = 50
"""People whose whole ledger is looked at together."""


async def reevaluate(*, after: int = 0) -> AsyncIterator[profile_batches.BatchResult]:
    """
    Give everyone behind the profile numbered `after` the levels whose criteria they fulfil and which they never had, and
    date what rules gave by the ledger as it is now. Each step's `changed` is how many levels were given. Nothing is taken,
    nothing given twice.
    """
    async for step in profile_batches.for_each_batch(_catch_up, after=after):
        yield step


async def _catch_up(people: dict[int, Person]) -> int:
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
    given = len(await badges.give(missing, told=True))
    numbers = list(people)
    for start in range(0, len(numbers), DATED_AT_ONCE):
        await award_dates.set_right(numbers[start : start + DATED_AT_ONCE], given_at=now)
    return given
