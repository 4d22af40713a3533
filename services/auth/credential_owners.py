"""
Whom a token or an API key stands for, and why it may not: what both have in common.

Rule: docs/rules/tokens.md#bad-token: refused once deleted, expired, its account deactivated or its password expired.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

from models.accounts import AccountKind, AccountStatus
from models.tokens import AccessToken, ApiKey
from services.auth import credential_last_used
from services.auth.credential_expiry import expiry
from services.core import clock


class Unusable(Enum):
    """Why a credential that exists is refused. Only its owner is told."""

    EXPIRED = "EXPIRED"
    PASSWORD_EXPIRED = "PASSWORD_EXPIRED"  # noqa: S105 - a word, no password
    ACCOUNT_DEACTIVATED = "ACCOUNT_DEACTIVATED"


@dataclass(frozen=True)
class CredentialOwner:
    """Whom a valid token or key stands for, and what it may do; `scopes` None: everything its owner may."""

    token_id: int
    account_id: int
    profile_id: int | None
    service: bool
    scopes: frozenset[str] | None
    company_id: int | None = None
    company_admin: bool = False
    email: str = ""
    language: str | None = None
    """The one that the person has chosen."""


Row = dict[str, Any]

# One statement says everything: asked on every request, so that what was deleted or deactivated is dead on the next.
_FOUND: Final = """
    SELECT t.*, a.email, a.email_key, a.kind, a.status, a.profile_id, a.company_id, a.company_admin,
        c.password_days, p.changed_at, i.language
    FROM "{table}" t JOIN account a ON a.id = t.account_id
        LEFT JOIN company c ON c.id = a.company_id LEFT JOIN password p ON p.account_id = a.id
        LEFT JOIN profile i ON i.id = a.profile_id
    WHERE {condition} ORDER BY t.id
"""


async def by_digest(model: type[AccessToken | ApiKey], digest: str) -> Row | None:
    """The credential with this SHA-256, with what is to know of its owner; None: there is none."""
    rows = await _rows(model, "t.secret_hash = {}", digest)
    return rows[0] if rows else None


async def of_account(model: type[AccessToken | ApiKey], account_id: int) -> list[Row]:
    """An account's credentials in order of making, with what is to know of their owner."""
    return await _rows(model, "t.account_id = {}", account_id)


def unusable(row: Row) -> Unusable | None:
    """Why a credential lets nobody in; None: it does."""
    if AccountStatus(row["status"]) is not AccountStatus.ACTIVE:
        return Unusable.ACCOUNT_DEACTIVATED
    now = clock.now()
    if row.get("expires_at") is not None and read_moment(row["expires_at"]) <= now:
        return Unusable.EXPIRED
    password_expires = expiry(row["changed_at"], row["company_id"], row["password_days"])
    return Unusable.PASSWORD_EXPIRED if password_expires is not None and password_expires <= now else None


def bearer(row: Row, scopes: frozenset[str] | None) -> CredentialOwner:
    """Whom a row stands for."""
    return CredentialOwner(
        token_id=row["id"],
        account_id=row["account_id"],
        profile_id=row["profile_id"],
        service=AccountKind(row["kind"]) is AccountKind.SERVICE,
        scopes=scopes,
        company_id=row["company_id"],
        company_admin=bool(row["company_admin"]),
        email=row["email"],
        language=row["language"],
    )


def mark_used(model: type[AccessToken | ApiKey], row: Row) -> None:
    """Remember that a credential was used now; it is written down within a minute, by nobody's request."""
    credential_last_used.remember(model, row["id"])


def read_moment(stored: datetime | str) -> datetime:
    """A moment as it comes from either database."""
    return (datetime.fromisoformat(stored) if isinstance(stored, str) else stored).astimezone(UTC)


async def _rows(model: type[AccessToken | ApiKey], condition: str, value: str | int) -> list[Row]:
    meta = model._meta
    mark = "$1" if meta.db.capabilities.dialect == "postgres" else "?"
    text = _FOUND.format(table=meta.db_table, condition=condition.format(mark))
    return [dict(row) for row in await meta.db.execute_query_dict(text, [value])]
