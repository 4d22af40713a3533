"""Checks the kept sums against the ledger, and repairs them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson
from tortoise.transactions import in_transaction

from catalogue.points import Category
from models.points import PointEntry, Score
from models.profiles import Profile
from models.statements import Statement
from services.core import change_feed
from services.progress import counters
from services.progress.scores import COLUMNS, DECIDES, microseconds, read_moment

PROFILES_PER_BATCH = 1_000
"""Profiles looked at together."""
# Indexes: (profile_id, activity, day); unique (reverses_id).
_SUMS = Statement.of(f"""
    SELECT e.profile_id, e.category, CAST(SUM(e.awarded) AS int) AS points,
        MAX(CASE WHEN r.id IS NULL AND {DECIDES} THEN e.occurred_at END) AS latest
    FROM point_entry e LEFT JOIN point_entry r ON r.reverses_id = e.id
    WHERE e.profile_id = ANY($1) GROUP BY e.profile_id, e.category
""")
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
    profiles: Any = Profile.filter(id__gt=after).order_by("id").limit(PROFILES_PER_BATCH).values_list("id", "listed")
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
        await change_feed.publish_all(change_feed.scores_changed(repaired))
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
    connection = PointEntry._meta.db
    on_postgres = connection.capabilities.dialect == "postgres"
    keys: Any = ids if on_postgres else orjson.dumps(ids).decode()
    for row in await connection.execute_query_dict(_SUMS.postgres if on_postgres else _SUMS.sqlite, [keys]):
        own = figures[row["profile_id"]]
        reached = microseconds(read_moment(row["latest"])) if row["latest"] else 0
        for board in ("overall", COLUMNS[Category(row["category"])]):
            own[board] += row["points"]
            own[f"{board}_reached"] = max(own[f"{board}_reached"], reached)
    return figures
