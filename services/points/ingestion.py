"""Events reported by other services: find the people they concern and record them."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalogue.languages import Text
from models.accounts import Account, AccountKind
from services.core.email_addresses import address_of
from services.errors import ErrorCode, Problem, Refused, refused
from services.points import corrections
from services.points.corrections import Reversal
from services.points.ledger import ActivityEvent, Recorded, record_many

MAX_REPORTS_PER_CALL = 500
ADDRESSES_PER_TURN = 50
"""Addresses to parse before other tasks may run; each takes about 0.1 ms."""


@dataclass(frozen=True)
class PersonReference:
    """A person, identified either by profile or by the email address of one of their accounts."""

    profile_id: int | None = None
    email: str | None = None


@dataclass(frozen=True)
class ActivityReport:
    """An event as reported by a service."""

    activity: str
    person: PersonReference
    occurred_at: datetime
    external_id: str
    counterpart: PersonReference | None = None


async def ingest(reports: Sequence[ActivityReport], *, service_account_id: int) -> list[Recorded | Problem]:
    """
    Record the reports of a service; returns one outcome or problem per report, in order.

    The source of the events is the reporting account: a service cannot use the ids of another one. Raises Refused:
    TOO_MANY_ITEMS (over 500 at once).
    """
    if len(reports) > MAX_REPORTS_PER_CALL:
        raise refused(
            ErrorCode.TOO_MANY_ITEMS,
            Text("Report at most {max_reports} activities at once.", max_reports=MAX_REPORTS_PER_CALL),
            path=("activities",),
        )
    keys = await _email_keys(
        person.email for report in reports for person in (report.person, report.counterpart) if person and person.email
    )
    profiles = await _profiles_by_email(keys)
    events: list[ActivityEvent | Problem] = []
    for report in reports:
        try:
            events.append(_event(report, profiles, source_of(service_account_id)))
        except Refused as refusal:
            events.append(refusal.problems[0])
    recorded = iter(await record_many([event for event in events if isinstance(event, ActivityEvent)]))
    return [event if isinstance(event, Problem) else next(recorded) for event in events]


async def reverse(external_id: str, *, service_account_id: int) -> Reversal:
    """
    Reverse an event that this service reported: takes back exactly the awarded points, once. Raises Refused: NOT_FOUND
    (this service reported no such event; events of other services with that id do not count).
    """
    return await corrections.reverse(source_of(service_account_id), external_id)


def source_of(service_account_id: int) -> str:
    """Source of a service's events in the ledger."""
    return f"account:{service_account_id}"


def _event(report: ActivityReport, profiles: dict[str, int], source: str) -> ActivityEvent:
    return ActivityEvent(
        activity=report.activity,
        profile_id=_profile_id(report.person, profiles, "person"),
        occurred_at=report.occurred_at,
        source=source,
        external_id=report.external_id,
        counterpart_id=_profile_id(report.counterpart, profiles, "counterpart") if report.counterpart else None,
    )


def _profile_id(person: PersonReference, profiles: dict[str, int], path: str) -> int:
    if (person.profile_id is None) == (person.email is None):
        raise refused(ErrorCode.BAD_INPUT, "Identify a person by profile or by email, not by both.", path=(path,))
    if person.email is None:
        return person.profile_id or 0
    found = profiles.get(person.email)
    if found is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no person with that address.", path=(path, "email"))
    return found


async def _email_keys(emails: Iterable[str]) -> dict[str, str]:
    """Comparison keys of the valid addresses. Yields to other tasks, because parsing hundreds takes long."""
    found = {}
    for number, email in enumerate(dict.fromkeys(emails), 1):
        if key := _email_key(email):
            found[email] = key
        if not number % ADDRESSES_PER_TURN:
            await asyncio.sleep(0)
    return found


async def _profiles_by_email(keys: Mapping[str, str]) -> dict[str, int]:
    """Profiles by verified address; an unverified address identifies no one. Index: unique (email_key)."""
    if not keys:
        return {}
    rows: Any = Account.filter(email_key__in=set(keys.values()), kind=AccountKind.PERSON, verified_at__not_isnull=True)
    of_key = dict(await rows.values_list("email_key", "profile_id"))
    return {email: of_key[key] for email, key in keys.items() if key in of_key}


def _email_key(email: str) -> str | None:
    try:
        return address_of(email).key
    except Refused:
        return None
