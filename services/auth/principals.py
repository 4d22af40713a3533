"""Who makes a request, and from where."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from models.accounts import AccountStatus
from models.audit import Origin
from models.statements import Statement, execute
from services.auth.credential_expiry import expiry
from services.core import clock

Row = dict[str, Any]

OWNER_COLUMNS: Final = """a.status, a.profile_id, a.company_id, a.company_admin, c.password_days,
    p.changed_at AS password_changed_at, i.language"""
OWNER_JOINS: Final = """LEFT JOIN company c ON c.id = a.company_id LEFT JOIN password p ON p.account_id = a.id
    LEFT JOIN profile i ON i.id = a.profile_id"""
"""SQL for the owner of a credential, joined to `account a`."""


@dataclass(frozen=True)
class Principal:
    """
    The account, profile and rights behind a credential; anonymous if `account_id` is None.

    `scopes` limits a token; None means all rights of the account. `session_id`, `session_renewals` (how often it got
    a new secret for another reason than an elevation) and `elevated_until` exist for sessions only. `password_expired` is True for sessions only: tokens and API keys of such an account are refused.
    """

    account_id: int | None = None
    profile_id: int | None = None
    service: bool = False
    scopes: frozenset[str] | None = None
    origin: Origin = Origin.ANONYMOUS
    session_id: int | None = None
    session_renewals: int = 0
    elevated_until: datetime | None = None
    company_id: int | None = None
    company_admin: bool = False
    password_expired: bool = False
    language: str | None = None
    """The language that the person has chosen; None if they have not."""

    @property
    def signed_in(self) -> bool:
        """True if there is an account, whatever the credential."""
        return self.account_id is not None

    @property
    def elevated(self) -> bool:
        """True if this session may perform sensitive operations now."""
        return self.elevated_until is not None and clock.now() < self.elevated_until

    @property
    def own_profile(self) -> int:
        """The profile id for comparisons in SQL; 0, which no row has, if there is no profile."""
        return self.profile_id or 0


@dataclass(frozen=True)
class Client:
    """
    Where a request comes from: the IP address (behind trusted proxies), the browser's own description, and the
    preferred language among the supported ones (None: none of them).
    """

    address: str = ""
    device: str = ""
    language: str | None = None


ANONYMOUS = Principal()
NO_CLIENT = Client()


def principal_of(
    row: Row,
    origin: Origin,
    *,
    service: bool = False,
    scopes: frozenset[str] | None = None,
    session_id: int | None = None,
    session_renewals: int = 0,
    elevated_until: datetime | None = None,
    password_expired: bool = False,
) -> Principal:
    """The principal behind a credential's row, which has `account_id` and OWNER_COLUMNS."""
    return Principal(
        account_id=row["account_id"],
        profile_id=row["profile_id"],
        service=service,
        scopes=scopes,
        origin=origin,
        session_id=session_id,
        session_renewals=session_renewals,
        elevated_until=elevated_until,
        company_id=row["company_id"],
        company_admin=bool(row["company_admin"]),
        password_expired=password_expired,
        language=row["language"],
    )


async def renewed(principal: Principal) -> Principal | None:
    """
    The principal as its account is now: with another profile if that was merged since, and then no longer elevated, like its
    sessions. None if the account was deleted since, or has another profile and is deactivated. Primary key.
    """
    rows = await execute(_BY_ACCOUNT, principal.account_id)
    if not rows:
        return None
    [row] = rows
    if row["profile_id"] == principal.profile_id:
        return principal
    if not account_is_active(row):
        return None
    return replace(
        principal,
        profile_id=row["profile_id"],
        company_id=row["company_id"],
        company_admin=bool(row["company_admin"]),
        language=row["language"],
        elevated_until=None,
    )


_BY_ACCOUNT: Final = Statement.of(f"SELECT {OWNER_COLUMNS} FROM account a {OWNER_JOINS} WHERE a.id = $1")


def account_is_active(row: Row) -> bool:
    """True if the owner's account is active."""
    return AccountStatus(row["status"]) is AccountStatus.ACTIVE


def has_expired_password(row: Row) -> bool:
    """True if the owner's password has expired."""
    expires = expiry(row["password_changed_at"], row["company_id"], row["password_days"])
    return expires is not None and expires <= clock.now()
