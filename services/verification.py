"""Checks the kept sums against the ledger, and repairs them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from tortoise.functions import Max, Sum
from tortoise.transactions import in_transaction

from catalogue.points import Category
from models.points import PointEntry, Score
from models.profiles import Profile
from services import counters, notices
from services.scores import COLUMNS, microseconds

STEP = 1_000
"""Profiles looked at together."""
FIGURES = [name for board in ("overall", *COLUMNS.values()) for name in (board, f"{board}_reached")]


@dataclass(frozen=True)
class Difference:
    """A figure that is not what the ledger says: a column of the score row, or a counter's times or points."""

    profile_id: int
    column: str
    kept: int | bool | None
    ledger: int | bool


async def differences(*, repair: bool = False) -> AsyncIterator[Difference]:
    """
    Every difference between the score rows, the counters and what the ledger and the profiles say, in order of profile.

    Each thousand profiles is read in one transaction with their score rows locked, so that a running server
    cannot be caught half-way; `repair` sets the figures right in that same transaction.
    """
    last = 0
    while True:
        async with in_transaction():
            found, last = await _step(last, repair=repair)
        for each in found:
            yield each
        if not last:
            return


async def _step(after: int, *, repair: bool) -> tuple[list[Difference], int]:
    profiles: Any = Profile.filter(id__gt=after).order_by("id").limit(STEP).values_list("id", "listed")
    listed = dict(await profiles)
    if not listed:
        return [], 0
    ids = list(listed)
    kept = {
        score.pk: score for score in await Score.filter(profile_id__in=ids).order_by("profile_id").select_for_update()
    }
    truth = await _ledger_figures(ids)
    found = []
    for profile_id in ids:
        score = kept.get(profile_id)
        right: dict[str, int | bool] = {**truth[profile_id], "listed": listed[profile_id]}
        wrong = {name: value for name, value in right.items() if score is None or getattr(score, name) != value}
        found += [
            Difference(profile_id, name, getattr(score, name) if score else None, value)
            for name, value in wrong.items()
        ]
        if wrong and repair:
            if score is None:
                await Score(profile_id=profile_id, **right).save(force_create=True)
            else:
                await score.update_from_dict(wrong).save(update_fields=list(wrong))
    if repair:
        repaired = list(dict.fromkeys(each.profile_id for each in found))
        await notices.note_all(notices.scores_changed(repaired))
    return [*found, *await _counters(ids, repair=repair)], ids[-1]


async def _counters(ids: list[int], *, repair: bool) -> list[Difference]:
    wrong = await counters.wrong(ids)
    if repair:
        await counters.put({key: right for key, (_, right) in wrong.items()})
    return [
        Difference(profile_id, f"{name} {figure}", kept, ledger)
        for (profile_id, name), (is_, right) in wrong.items()
        for figure, kept, ledger in zip(counters.Count._fields, is_, right, strict=True)
        if kept != ledger
    ]


async def _ledger_figures(ids: list[int]) -> dict[int, dict[str, int]]:
    figures = {profile_id: dict.fromkeys(FIGURES, 0) for profile_id in ids}
    rows: Any = (
        PointEntry.filter(profile_id__in=ids)
        .exclude(awarded=0)
        .annotate(points=Sum("awarded"), latest=Max("occurred_at"))
        .group_by("profile_id", "category")
        .values_list("profile_id", "category", "points", "latest")
    )
    for profile_id, category, points, latest in await rows:
        own, reached = figures[profile_id], microseconds(latest)
        for board in ("overall", COLUMNS[Category(category)]):
            own[board] += points
            own[f"{board}_reached"] = max(own[f"{board}_reached"], reached)
    return figures
