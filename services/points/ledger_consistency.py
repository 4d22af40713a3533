"""Compare the stored sums and counters with the ledger, and repair them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from tortoise.transactions import in_transaction

from catalogue.points import Category
from models.points import Score
from models.profiles import Profile
from models.statements import Statement, execute, read_datetime
from services.core import change_feed
from services.progress import counters
from services.progress.scores import COLUMNS, DECIDES, SCORE_COLUMNS, microseconds

PROFILES_PER_BATCH = 1_000
"""Profiles per transaction."""
# Index (profile_id, activity, day). A reversal has the profile of what it reverses, so that no other rows are read.
_LEDGER_SUMS = Statement.of(f"""
    SELECT e.profile_id, e.category, CAST(SUM(e.awarded) AS int) AS points,
        MAX(CASE WHEN r.id IS NULL AND {DECIDES} THEN e.occurred_at END) AS latest
    FROM point_entry e LEFT JOIN point_entry r ON r.reverses_id = e.id AND r.profile_id = ANY($1)
    WHERE e.profile_id = ANY($1) GROUP BY e.profile_id, e.category
""")


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
    expected_sums = await read_ledger_sums(ids)
    found = []
    for profile_id in ids:
        score = stored.get(profile_id)
        expected: dict[str, int | bool] = {**expected_sums[profile_id], "listed": listed[profile_id]}
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
    return [*found, *await _check_counters(ids, repair=repair)], ids[-1]


async def _check_counters(ids: list[int], *, repair: bool) -> list[Difference]:
    wrong = await counters.mismatches(ids)
    if repair:
        await counters.overwrite({key: expected for key, (_, expected) in wrong.items()})
    return [
        Difference(profile_id, f"{name} {figure}", is_stored, is_expected)
        for (profile_id, name), (stored, expected) in wrong.items()
        for figure, is_stored, is_expected in zip(counters.Count._fields, stored, expected, strict=True)
        if is_stored != is_expected
    ]


async def read_ledger_sums(ids: list[int]) -> dict[int, dict[str, int]]:
    """Return the columns of each profile's score row as they follow from the ledger."""
    sums = {profile_id: dict.fromkeys(SCORE_COLUMNS, 0) for profile_id in ids}
    for row in await execute(_LEDGER_SUMS, ids):
        own = sums[row["profile_id"]]
        reached = microseconds(read_datetime(row["latest"])) if row["latest"] else 0
        for board in ("overall", COLUMNS[Category(row["category"])]):
            own[board] += row["points"]
            own[f"{board}_reached"] = max(own[f"{board}_reached"], reached)
    return sums
