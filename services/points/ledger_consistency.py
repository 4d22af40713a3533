"""Compare the stored sums and counters with the ledger, and repair them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from tortoise.transactions import in_transaction

from models.points import Score
from models.profiles import Profile
from services.core import change_feed
from services.progress import counters

PROFILES_PER_BATCH = 1_000
"""Profiles per transaction."""


@dataclass(frozen=True)
class Difference:
    """A stored figure that differs from the ledger: a column of the score row, or a counter's times or points."""

    profile_id: int
    column: str
    stored: int | bool | None
    ledger: int | bool


async def differences(*, repair: bool = False) -> AsyncIterator[Difference]:
    """
    Yield each difference of score rows and counters from the ledger and the profiles, ordered by profile.

    Each batch of 1,000 profiles is read in one transaction with its score rows locked, so that the writes of a running
    server cause no false differences. `repair` corrects the figures in the same transaction.
    """
    last = 0
    while True:
        async with in_transaction():
            found, last = await _check_batch(last, repair=repair)
        for each in found:
            yield each
        if not last:
            return


async def _check_batch(after: int, *, repair: bool) -> tuple[list[Difference], int]:
    profiles: Any = Profile.filter(id__gt=after).order_by("id").limit(PROFILES_PER_BATCH).values_list("id", "listed")
    listed = dict(await profiles)
    if not listed:
        return [], 0
    ids = list(listed)
    stored = {
        score.pk: score for score in await Score.filter(profile_id__in=ids).order_by("profile_id").select_for_update()
    }
    ledger = await counters.read_ledger(ids)
    found = []
    for profile_id in ids:
        score = stored.get(profile_id)
        expected: dict[str, int | bool] = {**ledger[profile_id].sums, "listed": listed[profile_id]}
        wrong = {name: value for name, value in expected.items() if score is None or getattr(score, name) != value}
        found += [
            Difference(profile_id, name, getattr(score, name) if score else None, value)
            for name, value in wrong.items()
        ]
        if wrong and repair:
            if score is None:
                await Score(profile_id=profile_id, **expected).save(force_create=True)
            else:
                await score.update_from_dict(wrong).save(update_fields=list(wrong))
    if repair:
        repaired = list(dict.fromkeys(each.profile_id for each in found))
        await change_feed.publish_all(change_feed.scores_changed(repaired))
    return [*found, *await _check_counters(ledger, repair=repair)], ids[-1]


async def _check_counters(ledger: dict[int, counters.LedgerFigures], *, repair: bool) -> list[Difference]:
    wrong = await counters.mismatches(ledger)
    if repair:
        await counters.overwrite({key: expected for key, (_, expected) in wrong.items()})
    return [
        Difference(profile_id, f"{name} {figure}", is_stored, is_expected)
        for (profile_id, name), (stored, expected) in wrong.items()
        for figure, is_stored, is_expected in zip(counters.Count._fields, stored, expected, strict=True)
        if is_stored != is_expected
    ]
