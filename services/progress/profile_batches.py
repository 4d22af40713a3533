"""Going through all profiles, some at a time, each lot in a transaction of its own: beside a running server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tortoise.transactions import in_transaction

from models.profiles import Profile
from models.transactions import forbid_transaction
from services.progress.scores import Person, lock_scores

PROFILES_PER_BATCH = 500
"""Profiles of one transaction: a server's writers of those wait as long."""


@dataclass(frozen=True)
class BatchResult:
    """What one lot came to. `last` is the number of its last profile: whoever stops can go on behind it."""

    last: int
    people: int
    changed: int


async def for_each_batch(
    work: Callable[[dict[int, Person]], Awaitable[int]], *, after: int = 0
) -> AsyncIterator[BatchResult]:
    """
    Hand everyone to `work`, in order of their numbers from behind `after` on, with their score rows locked; it answers how much
    it changed. Primary key.
    Must not run in a transaction.
    """
    forbid_transaction()
    last = after
    while True:
        async with in_transaction():
            found: Any = (
                Profile.filter(id__gt=last).order_by("id").limit(PROFILES_PER_BATCH).values_list("id", flat=True)
            )
            ids = list(await found)
            if not ids:
                return
            changed = await work(await lock_scores(ids))
        last = ids[-1]
        yield BatchResult(last, len(ids), changed)


async def remaining_after(after: int) -> int:
    """How many profiles `for_each_batch` would go through."""
    return await Profile.filter(id__gt=after).count()
