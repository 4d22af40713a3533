"""Opening balances: points that came with an import, without the events behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from catalogue.languages import Text
from catalogue.points import Category
from models.points import EntryKind, Outcome, PointEntry
from services.achievements import award_dates
from services.core import clock
from services.core.bulk import insert, lookup
from services.errors import ErrorCode, refused
from services.progress.counters import Tally, keep
from services.progress.scores import EPOCH, lock_scores, save_scores

OPENED_AT: datetime = EPOCH
"""The one time of all opening entries: they count in all-time boards only and rank by points, then id."""


@dataclass(frozen=True)
class Opening:
    """Points that a profile brings along in one category."""

    profile_id: int
    category: Category
    points: int
    source: str
    external_id: str


async def record_openings(openings: Sequence[Opening]) -> int:
    """
    Take in opening balances in one transaction; returns how many are new. One that is there already, under its
    `(source, external_id)`, is left as it is. No rule is tried: `badges reevaluate` and `challenges reevaluate` give what
    a balance earns, when an operator wants it. Raises Refused: NOT_FOUND (no such profile).
    """
    async with in_transaction():
        people = await lock_scores({opening.profile_id for opening in openings})
        if unknown := {opening.profile_id for opening in openings} - people.keys():
            raise refused(ErrorCode.NOT_FOUND, Text("There is no profile {value}.", value=min(unknown)))
        here = await _here(openings)
        now = clock.now()
        new: list[PointEntry] = []
        tally = Tally()
        for opening in openings:
            if (opening.source, opening.external_id) in here or not opening.points:
                continue
            here.add((opening.source, opening.external_id))
            people[opening.profile_id].add(opening.category, opening.points, OPENED_AT)
            tally.add_points(opening.profile_id, opening.category, opening.points, OPENED_AT)
            new.append(_entry(opening, now))
        await insert(new)
        await save_scores((person for person in people.values() if person.moved), quietly=True)
        await award_dates.follow(await keep(tally, people))
        return len(new)


async def _here(openings: Sequence[Opening]) -> set[tuple[str, str]]:
    here: set[tuple[str, str]] = set()
    for source in {opening.source for opening in openings}:
        ids = {opening.external_id for opening in openings if opening.source == source}
        found = await lookup(PointEntry, "id", source=source, column="external_id", keys=ids)
        here.update((source, external_id) for external_id in found)
    return here


def _entry(opening: Opening, now: datetime) -> PointEntry:
    return PointEntry(
        profile_id=opening.profile_id,
        kind=EntryKind.OPENING,
        category=opening.category,
        asked=opening.points,
        awarded=opening.points,
        outcome=Outcome.AWARDED,
        occurred_at=OPENED_AT,
        day=OPENED_AT.date(),
        source=opening.source,
        external_id=opening.external_id,
        recorded_at=now,
    )
