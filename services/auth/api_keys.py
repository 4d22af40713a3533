"""
API keys: `Mendix-Username` and `Mendix-ApiKey` together act for a person with all their rights.

A key is `mxk_`, 32 random characters and a checksum of 6 (services/auth/secret_format.py).
"""

import hmac
from dataclasses import dataclass
from typing import Any

from tortoise.transactions import in_transaction

from catalogue.languages import Text
from models.accounts import Account, AccountKind, AccountStatus
from models.tokens import ApiKey
from services.auth import credential_owners, secret_format, sessions
from services.auth.credential_owners import CredentialOwner
from services.core import audit, clock
from services.core.audit import Actor
from services.core.crypto import digest
from services.core.email_addresses import address_of
from services.errors import ErrorCode, Refused, refused
from services.media.text_rules import name_problems
from services.messages.outbox import send_mail

PREFIX = "mxk_"
MAX_NAME = 120
MAX_KEYS = 100
"""Of one account."""


@dataclass(frozen=True)
class Created:
    """A new key. `secret` is here and nowhere else, ever."""

    key: ApiKey
    secret: str

    def __repr__(self) -> str:
        return f"Created(key={self.key!r}, secret=…)"


async def create(account_id: int, *, name: str, actor: Actor, session_id: int | None = None) -> Created:
    """
    Make a key for a person's account, and tell its owner by mail. `session_id`: the session that asks.

    Raises Refused: BAD_INPUT (name), NOT_FOUND (no such active account of a person), TOO_MANY_ITEMS (100 keys),
    UNAUTHENTICATED (the session has ended).
    """
    if problems := name_problems(name, Text("A key's name"), MAX_NAME):
        raise Refused(*problems)
    async with in_transaction():
        account = await Account.select_for_update().get_or_none(id=account_id, kind=AccountKind.PERSON)
        if account is None or account.status is not AccountStatus.ACTIVE:
            raise refused(ErrorCode.NOT_FOUND, "There is no such active account of a person.", path=("account",))
        await sessions.must_live(session_id)
        if await ApiKey.filter(account_id=account_id).count() >= MAX_KEYS:
            raise refused(
                ErrorCode.TOO_MANY_ITEMS,
                Text("An account has at most {max_keys} keys: delete one first.", max_keys=MAX_KEYS),
            )
        secret = secret_format.new(PREFIX)
        key = await ApiKey.create(
            account_id=account_id,
            name=name.strip(),
            secret_hash=digest(secret),
            hint=secret[-4:],
            created_at=clock.now(),
        )
        await audit.record("api-key.created", actor=actor, account_id=account_id, key_id=key.id, name=key.name)
        await send_mail("new-api-key", account, name=key.name)
        return Created(key, secret)


async def delete(key_id: int, *, account_id: int, actor: Actor) -> None:
    """Delete a key of this account. Raises Refused: NOT_FOUND, also the second time and for somebody else's."""
    async with in_transaction():
        key = await ApiKey.select_for_update().get_or_none(id=key_id, account_id=account_id)
        if key is None:
            raise refused(ErrorCode.NOT_FOUND, "There is no such API key.", path=("id",))
        await key.delete()
        await audit.record("api-key.deleted", actor=actor, account_id=account_id, key_id=key_id, name=key.name)


async def bearer_of(username: str, key: str) -> CredentialOwner | None:
    """
    Whom a username (an account's address) and a key stand for; None: they are not valid, whatever is wrong (unknown
    key, another's address, account deactivated, password expired). `scopes` is None: all rights of the person.

    The key alone is looked up, so that how long it takes says nothing about which addresses there are.
    """
    row = await credential_owners.by_digest(
        ApiKey, digest(key if key.isascii() else "")
    )  # raw bytes of a header are no text
    try:
        given = address_of(username).key
    except Refused:
        given = ""
    stored: Any = row["email_key"] if row else ""
    fits = hmac.compare_digest(given.encode(errors="replace"), stored.encode())
    if row is None or not fits or credential_owners.unusable(row):
        return None
    credential_owners.mark_used(ApiKey, row)
    return credential_owners.bearer(row, None)


async def of_account(account_id: int) -> list[credential_owners.Row]:
    """An account's keys, oldest first, each with why it is `unusable` (None: it is not)."""
    return [
        {**row, "unusable": credential_owners.unusable(row)}
        for row in await credential_owners.of_account(ApiKey, account_id)
    ]
