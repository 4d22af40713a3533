"""Process all profiles in batches, one transaction per batch; safe while the server runs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tortoise.transactions import in_transaction

from models.profiles import Profile
from models.transactions import forbid_transaction
from services.progress.scores import Person, lock_scores

PROFILES_PER_BATCH = 500
"""Profiles per transaction: the server's writers of these profiles wait for it."""


@dataclass(frozen=True)
class BatchResult:
    """Result of one batch. `last` is the id of its last profile: an interrupted run can resume after it."""

    last: int
    people: int
    changed: int


async def for_each_batch(
    work: Callable[[dict[int, Person]], Awaitable[int]], *, after: int = 0
) -> AsyncIterator[BatchResult]:
    """
    Call `work` with each batch of profiles, their score rows locked, in order of id above `after`; it returns the number
    of changes. Index: primary key. Must not run in a transaction: each batch commits.
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
    """Number of profiles that `for_each_batch` would process."""
    return await Profile.filter(id__gt=after).count()
