"""
The audit trail: who did what to which account, from where. Kept 365 days.

It holds no secrets: what a password, code or token is never goes in, only that it changed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import EllipsisType
from typing import Final, NamedTuple

from models.accounts import Account
from models.audit import AuditAction, AuditEntry, Origin
from services.core import clock

AUDIT_RETENTION: Final = timedelta(days=365)
SUCCESS: Final = "SUCCESS"
REFUSED: Final = "REFUSED"
DELETE_BATCH: Final = 1_000
MAX_VALUE_CHARACTERS: Final = 300
# The last word of a fact's name says what its value is: `password_days` is a number, `new_password` a secret.
_SECRETS: Final = {
    "apikey", "code", "codes", "cookie", "credential", "digest", "hash", "key", "link", "password", "passwords", "secret",
    "secrets", "sealed", "token", "tokens",
}  # fmt: skip
_LOOKS_SECRET: Final = re.compile(r"mx[pk]_[0-9A-Za-z]{38}|\$argon2|[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Actor:
    """Who acts: an account (None: nobody, the system, an operator), by what credential, from which IP address."""

    account_id: int | None
    origin: Origin
    address: str = ""


OPERATOR: Final = Actor(None, Origin.OPERATOR)
SYSTEM: Final = Actor(None, Origin.SYSTEM)

Value = str | int | bool | datetime | Sequence[str] | None


class Change(NamedTuple):
    """A fact that has a value before and one after."""

    old: Value
    new: Value


class NotForTheTrail(ValueError):
    """A caller's bug: this fact could hold a secret."""


async def record(
    action: str,
    *,
    actor: Actor,
    account_id: int | None = None,
    company_id: int | EllipsisType | None = ...,
    outcome: str = SUCCESS,
    **facts: Value | Change,
) -> None:
    """
    Write one line, inside the caller's transaction: no act without its line, no line without its act. `action` is a value of
    AuditAction; any other is a ValueError.

    `account_id` is whom it was done to; without `company_id` (`...`) the line belongs to that account's company of now. Facts
    are harmless values, or `Change(old, new)`; what looks like a secret in somebody's text is left out of it. Raises
    NotForTheTrail for a fact whose name is a secret's.
    """
    shown = {name: _harmless(name, value) for name, value in facts.items()}
    if isinstance(company_id, EllipsisType):
        account = None if account_id is None else await Account.get_or_none(id=account_id).values("company_id")
        company_id = account["company_id"] if account else None
    await AuditEntry.create(
        at=clock.now(),
        action=AuditAction(action).value,
        outcome=outcome,
        origin=actor.origin,
        actor_id=actor.account_id,
        account_id=account_id,
        company_id=company_id,
        address=actor.address[:45],
        facts=shown,
    )


async def forget_old(now: datetime) -> int:
    """Delete lines that are older than 365 days; returns how many. A thousand at a time: writers need not wait."""
    gone = 0
    while (
        ids := await AuditEntry.filter(at__lt=now - AUDIT_RETENTION)
        .order_by("id")
        .limit(DELETE_BATCH)
        .values_list("id", flat=True)
    ):
        gone += await AuditEntry.filter(id__in=list(ids)).delete()
    return gone


def as_facts(stored: Mapping[str, object]) -> list[dict[str, str | None]]:
    """Facts as they are shown: name, old and new value as text. A fact without a value before has no `old`."""
    shown = []
    for name, value in sorted(stored.items()):
        change = value if isinstance(value, dict) else {"old": None, "new": value}
        shown.append({"name": name, "old": _text(change["old"]), "new": _text(change["new"])})
    return shown


def _harmless(name: str, value: Value | Change) -> object:
    if name.lower().rpartition("_")[2] in _SECRETS:
        raise NotForTheTrail(f"The fact {name!r} does not go into the audit trail.")
    if isinstance(value, Change):
        return {"old": _harmless(name, value.old), "new": _harmless(name, value.new)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return _LOOKS_SECRET.sub("…", value)[:MAX_VALUE_CHARACTERS]
    if value is None or isinstance(value, int):
        return value
    return [_harmless(name, each) for each in value]


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)
