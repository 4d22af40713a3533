"""Opening balances: points from an import, without the events behind them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tortoise.transactions import in_transaction

from catalogue.languages import Text
from catalogue.points import Category
from models.points import EntryKind, Outcome, PointEntry
from services.achievements import award_dates
from services.core import clock, merged_profiles
from services.core.bulk import insert, lookup
from services.errors import ErrorCode, ProfilesMerged, refused
from services.progress.counters import Tally, write_tally
from services.progress.scores import EPOCH, lock_scores, save_scores

OPENED_AT: datetime = EPOCH
"""Time of all opening balances: they count on all-time boards only, and rank by points, then id."""


@dataclass(frozen=True)
class OpeningBalance:
    """Imported points of a profile in one category."""

    profile_id: int
    category: Category
    points: int
    source: str
    external_id: str


async def record_opening_balances(balances: Sequence[OpeningBalance]) -> int:
    """
    Record opening balances in one transaction; returns how many are new. An existing one, by `(source, external_id)`,
    stays unchanged. One of a profile that was merged is of the profile that it was merged into. No badges or challenges are evaluated: `badges reevaluate` and `challenges reevaluate` award what
    the balances earn when an operator runs them. Raises Refused: NOT_FOUND (no such profile).
    """
    if not balances:
        return 0
    try:
        return await _record(balances)
    except ProfilesMerged as merged:
        current = merged.current
        return await record_opening_balances(
            [replace(each, profile_id=current.get(each.profile_id, each.profile_id)) for each in balances]
        )


async def _record(balances: Sequence[OpeningBalance]) -> int:
    async with in_transaction():
        people = await lock_scores({balance.profile_id for balance in balances})
        if unknown := {balance.profile_id for balance in balances} - people.keys():
            if current := await merged_profiles.current_ids(unknown):
                raise ProfilesMerged(current)
            raise refused(ErrorCode.NOT_FOUND, Text("There is no profile {value}.", value=min(unknown)))
        known = await _read_known_keys(balances)
        now = clock.now()
        new: list[PointEntry] = []
        tally = Tally()
        for balance in balances:
            if (balance.source, balance.external_id) in known or not balance.points:
                continue
            known.add((balance.source, balance.external_id))
            people[balance.profile_id].add(balance.category, balance.points, OPENED_AT)
            tally.add_points(balance.profile_id, balance.category, balance.points, OPENED_AT)
            new.append(_entry(balance, now))
        await insert(new)
        await save_scores((person for person in people.values() if person.moved), quietly=True)
        await award_dates.update_dates(await write_tally(tally, people))
        return len(new)


async def _read_known_keys(balances: Sequence[OpeningBalance]) -> set[tuple[str, str]]:
    known: set[tuple[str, str]] = set()
    for source in {balance.source for balance in balances}:
        ids = {balance.external_id for balance in balances if balance.source == source}
        found = await lookup(PointEntry, "id", source=source, column="external_id", keys=ids)
        known.update((source, external_id) for external_id in found)
    return known


def _entry(balance: OpeningBalance, now: datetime) -> PointEntry:
    return PointEntry(
        profile_id=balance.profile_id,
        kind=EntryKind.OPENING,
        category=balance.category,
        asked=balance.points,
        awarded=balance.points,
        outcome=Outcome.AWARDED,
        occurred_at=OPENED_AT,
        day=OPENED_AT.date(),
        source=balance.source,
        external_id=balance.external_id,
        recorded_at=now,
    )
