"""
The audit trail: who did what to which account, from where. Entries are stored for 365 days.

It stores no secrets: it records that a password, code or token changed, never its value.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import EllipsisType
from typing import Final, NamedTuple

from tortoise.transactions import in_transaction

from models.accounts import Account
from models.audit import AuditAction, AuditEntry, AuditOutcome, Origin
from models.transactions import forbid_transaction, require_transaction
from services.core import clock, ids

AUDIT_RETENTION: Final = timedelta(days=365)
DELETE_BATCH: Final = 1_000
MAX_VALUE_CHARACTERS: Final = 300
# The last word of a fact's name tells the kind of its value: `password_days` is a number, `new_password` a secret.
_SECRETS: Final = {
    "apikey", "code", "codes", "cookie", "credential", "digest", "hash", "key", "link", "password", "passwords", "secret",
    "secrets", "sealed", "token", "tokens",
}  # fmt: skip
_LOOKS_SECRET: Final = re.compile(r"mx[pk]_[0-9A-Za-z]{38}|\$argon2|[0-9a-fA-F]{64}")


_ID_FACTS: Final = {
    "key_id": "ApiKey",
    "order": "ShopOrder",
    "profile": "Profile",
    "project": "Project",
    "token_id": "PersonalAccessToken",
}
"""Facts that are numbers of rows, and the types of the ids that readers see."""


@dataclass(frozen=True)
class Actor:
    """Who acts: an account (None: anonymous, the system, an operator), with which credential, from which IP address."""

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


class UnsafeFact(ValueError):
    """A bug of the caller: this fact could be a secret."""


async def record(
    action: str,
    *,
    actor: Actor,
    account_id: int | None = None,
    company_id: int | EllipsisType | None = ...,
    outcome: AuditOutcome = AuditOutcome.SUCCESS,
    **facts: Value | Change,
) -> None:
    """
    Write one entry in the caller's transaction, so that the action and its entry are committed together.

    `account_id` is the account that is affected; without `company_id` (`...`) the entry belongs to the company that this
    account has now. Facts are values that are not secret, or `Change(old, new)`; text that looks like a secret is replaced
    by `…`. Raises ValueError for an `action` that AuditAction does not have, UnsafeFact if the name of a fact is a secret's.
    Requires a transaction.
    """
    require_transaction()
    stored = {name: _without_secrets(name, value) for name, value in facts.items()}
    if isinstance(company_id, EllipsisType):
        account = None if account_id is None else await Account.get_or_none(id=account_id).values("company_id")
        company_id = account["company_id"] if account else None
    await AuditEntry.create(
        at=clock.now(),
        action=AuditAction(action).value,
        outcome=outcome.value,
        origin=actor.origin,
        actor_id=actor.account_id,
        account_id=account_id,
        company_id=company_id,
        address=actor.address[:45],
        facts=stored,
    )


async def record_refusal(
    action: str,
    *,
    actor: Actor,
    account_id: int | None,
    company_id: int | EllipsisType | None = ...,
    **facts: Value | Change,
) -> None:
    """
    Write the entry of a refused operation in a separate transaction, so that the refusal does not roll it back. See `record`.
    Must not run in a transaction.
    """
    forbid_transaction()
    async with in_transaction():
        await record(
            action, actor=actor, account_id=account_id, company_id=company_id, outcome=AuditOutcome.REFUSED, **facts
        )


async def forget_old(now: datetime) -> int:
    """Delete entries older than 365 days; returns how many. A thousand at a time, so that writers do not wait."""
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
    """
    Format stored facts for readers: name, old and new value as text; numbers of rows are ids of the graph. `old` is None if there
    was no value before.
    """
    facts = []
    for name, value in sorted(stored.items()):
        change = value if isinstance(value, dict) else {"old": None, "new": _as_id(name, value)}
        facts.append({"name": name, "old": _text(change["old"]), "new": _text(change["new"])})
    return facts


def _as_id(name: str, value: object) -> object:
    return ids.encode(_ID_FACTS[name], value) if name in _ID_FACTS and isinstance(value, int) else value


def _without_secrets(name: str, value: Value | Change) -> object:
    if name.lower().rpartition("_")[2] in _SECRETS:
        raise UnsafeFact(f"The fact {name!r} must not be stored in the audit trail.")
    if isinstance(value, Change):
        return {"old": _without_secrets(name, value.old), "new": _without_secrets(name, value.new)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return _LOOKS_SECRET.sub("…", value)[:MAX_VALUE_CHARACTERS]
    if value is None or isinstance(value, int):
        return value
    return [_without_secrets(name, each) for each in value]


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)
