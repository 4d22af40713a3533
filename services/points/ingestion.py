"""Events that other services report: whose they are, and what becomes of each."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalogue.languages import Text
from models.accounts import Account, AccountKind
from services.core.email_addresses import address_of
from services.errors import ErrorCode, Problem, Refused, refused
from services.points.corrections import Reversal, reverse
from services.points.ledger import ActivityEvent, Recorded, record_many

LARGEST_BATCH = 500
"""Events in one call."""
ADDRESSES_AT_ONCE = 50
"""Addresses that are read before others get their turn: some 0.1 ms each."""


@dataclass(frozen=True)
class Named:
    """A person, named by profile or by the address of one of their accounts."""

    profile_id: int | None = None
    email: str | None = None


@dataclass(frozen=True)
class Report:
    """An event as a service reports it."""

    activity: str
    person: Named
    occurred_at: datetime
    external_id: str
    counterpart: Named | None = None


async def take_in(reports: Sequence[Report], *, service_account_id: int) -> list[Recorded | Problem]:
    """
    Take in what a service reports, one outcome or problem for each, in order.

    The reporting account is the events' source: one service cannot speak with another's ids. Raises Refused:
    TOO_MANY_ITEMS (over 500 at once).
    """
    if len(reports) > LARGEST_BATCH:
        raise refused(
            ErrorCode.TOO_MANY_ITEMS,
            Text("Report at most {largest_batch} activities at once.", largest_batch=LARGEST_BATCH),
            path=("activities",),
        )
    keys = await _keys(
        person.email for report in reports for person in (report.person, report.counterpart) if person and person.email
    )
    profiles = await _profiles_by_email(keys)
    events: list[ActivityEvent | Problem] = []
    for report in reports:
        try:
            events.append(_event(report, profiles, source_of(service_account_id)))
        except Refused as why:
            events.append(why.problems[0])
    recorded = iter(await record_many([event for event in events if isinstance(event, ActivityEvent)]))
    return [event if isinstance(event, Problem) else next(recorded) for event in events]


async def take_back(external_id: str, *, service_account_id: int) -> Reversal:
    """
    Reverse an event that this service reported: exactly what it gave, once. Raises Refused: NOT_FOUND (no such event of
    this service, whatever others reported under that id).
    """
    return await reverse(source_of(service_account_id), external_id)


def source_of(service_account_id: int) -> str:
    """What the ledger names a service by."""
    return f"account:{service_account_id}"


def _event(report: Report, profiles: dict[str, int], source: str) -> ActivityEvent:
    return ActivityEvent(
        activity=report.activity,
        profile_id=_profile(report.person, profiles, "profile"),
        occurred_at=report.occurred_at,
        source=source,
        external_id=report.external_id,
        counterpart_id=_profile(report.counterpart, profiles, "counterpart") if report.counterpart else None,
    )


def _profile(person: Named, profiles: dict[str, int], path: str) -> int:
    if (person.profile_id is None) == (person.email is None):
        raise refused(ErrorCode.BAD_INPUT, "Name a person by profile or by email, one of them.", path=(path,))
    if person.email is None:
        return person.profile_id or 0
    found = profiles.get(person.email)
    if found is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no person with that address.", path=(path,))
    return found


async def _keys(emails: Iterable[str]) -> dict[str, str]:
    """What these addresses are looked up by, those that are addresses. Reading hundreds takes long: others run meanwhile."""
    found = {}
    for number, email in enumerate(dict.fromkeys(emails), 1):
        if key := _key(email):
            found[email] = key
        if not number % ADDRESSES_AT_ONCE:
            await asyncio.sleep(0)
    return found


async def _profiles_by_email(keys: Mapping[str, str]) -> dict[str, int]:
    """Profiles by addresses that were verified: an unverified one links nothing. Index: unique (email_key)."""
    if not keys:
        return {}
    rows: Any = Account.filter(email_key__in=set(keys.values()), kind=AccountKind.PERSON, verified_at__not_isnull=True)
    of_key = dict(await rows.values_list("email_key", "profile_id"))
    return {email: of_key[key] for email, key in keys.items() if key in of_key}


def _key(email: str) -> str | None:
    try:
        return address_of(email).key
    except Refused:
        return None
