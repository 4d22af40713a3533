"""
Shared by tokens and API keys: look up a credential with its owner, and why it is unusable.

Rule: docs/rules/tokens.md#bad-token: refused once deleted, expired, its account deactivated or its password expired.
"""

from enum import Enum
from typing import Final

from models.statements import Statement, execute, read_datetime
from models.tokens import AccessToken, ApiKey
from services.auth import credential_last_used
from services.auth.principals import OWNER_COLUMNS, OWNER_JOINS, Row, account_is_active, has_expired_password
from services.core import clock


class Unusable(Enum):
    """Why an existing credential is refused. Only its owner learns it."""

    EXPIRED = "EXPIRED"
    PASSWORD_EXPIRED = "PASSWORD_EXPIRED"  # noqa: S105 - a word, no password
    ACCOUNT_DEACTIVATED = "ACCOUNT_DEACTIVATED"


def _select(table: str, condition: str) -> Statement:
    return Statement.of(f"""
        SELECT t.*, a.email, a.email_key, a.kind, {OWNER_COLUMNS}
        FROM {table} t JOIN account a ON a.id = t.account_id {OWNER_JOINS}
        WHERE {condition} ORDER BY t.id
    """)


_TABLES: Final = {model: model._meta.db_table for model in (AccessToken, ApiKey)}
# Run on every request: a deleted credential or a deactivated account is refused from the next one on.
_BY_DIGEST: Final = {model: _select(table, "t.secret_hash = $1") for model, table in _TABLES.items()}
_OF_ACCOUNT: Final = {model: _select(table, "t.account_id = $1") for model, table in _TABLES.items()}


async def by_digest(model: type[AccessToken | ApiKey], digest: str) -> Row | None:
    """The credential with this SHA-256 and its owner's columns; None if there is none."""
    rows = await execute(_BY_DIGEST[model], digest)
    return rows[0] if rows else None


async def of_account(model: type[AccessToken | ApiKey], account_id: int) -> list[Row]:
    """An account's credentials, oldest first, with their owner's columns."""
    return await execute(_OF_ACCOUNT[model], account_id)


def unusable(row: Row) -> Unusable | None:
    """Why a credential is refused; None if it is not."""
    if not account_is_active(row):
        return Unusable.ACCOUNT_DEACTIVATED
    if row.get("expires_at") is not None and read_datetime(row["expires_at"]) <= clock.now():
        return Unusable.EXPIRED
    return Unusable.PASSWORD_EXPIRED if has_expired_password(row) else None


def mark_used(model: type[AccessToken | ApiKey], row: Row) -> None:
    """Note that a credential was used now. A job writes it within a minute; the request does not wait for it."""
    credential_last_used.record_use(model, row["id"])
