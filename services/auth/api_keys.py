"""
API keys: `Mendix-Username` and `Mendix-ApiKey` together authenticate a person with all their rights.

A key is `mxk_`, 32 random characters and a checksum of 6 (services/auth/secret_format.py).
"""

import hmac
from dataclasses import dataclass

from tortoise.transactions import in_transaction

from catalogue.languages import Text
from models.accounts import Account, AccountKind, AccountStatus
from models.audit import Origin
from models.tokens import ApiKey
from services.auth import secret_format, sessions, stored_credentials
from services.auth.principals import Principal, Row, principal_of
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
"""Keys of one account."""


@dataclass(frozen=True)
class CreatedKey:
    """A new key, and its secret, which is not stored."""

    key: ApiKey
    secret: str

    def __repr__(self) -> str:
        return f"CreatedKey(key={self.key!r}, secret=…)"


async def create(account_id: int, *, name: str, actor: Actor, session_id: int | None = None) -> CreatedKey:
    """
    Create a key for a person's account, and notify its owner by mail. `session_id`: the caller's session, which must be elevated.

    Raises Refused: BAD_INPUT (name), NOT_FOUND (no such active account of a person), TOO_MANY_ITEMS (100 keys),
    UNAUTHENTICATED (the session has ended), ELEVATION_REQUIRED.
    """
    if problems := name_problems(name, Text("A key's name"), MAX_NAME):
        raise Refused(*problems)
    async with in_transaction():
        account = await Account.select_for_update(no_key=True).get_or_none(id=account_id, kind=AccountKind.PERSON)
        if account is None or account.status is not AccountStatus.ACTIVE:
            raise refused(ErrorCode.NOT_FOUND, "There is no such active account of a person.", path=("account",))
        await sessions.require_elevated(session_id)
        if await ApiKey.filter(account_id=account_id).count() >= MAX_KEYS:
            raise refused(
                ErrorCode.TOO_MANY_ITEMS,
                Text("An account can have at most {max_keys} keys. Delete one first.", max_keys=MAX_KEYS),
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
        return CreatedKey(key, secret)


async def delete(key_id: int, *, account_id: int, actor: Actor) -> None:
    """Delete a key of this account. Raises Refused: NOT_FOUND, also the second time and for another account's key."""
    async with in_transaction():
        key = await ApiKey.select_for_update().get_or_none(id=key_id, account_id=account_id)
        if key is None:
            raise refused(ErrorCode.NOT_FOUND, "There is no such API key.", path=("apiKeyId",))
        await key.delete()
        await audit.record("api-key.deleted", actor=actor, account_id=account_id, key_id=key_id, name=key.name)


async def authenticate(username: str, key: str) -> Principal | None:
    """
    The principal of a username (an account's address) and a key, with all rights of the person. None if the key is
    unknown, the address is another account's, the account is deactivated or the password has expired.

    Only the key is looked up, so the time taken does not reveal which addresses exist.
    """
    # A header may contain bytes that are not text: such a key matches nothing.
    row = await stored_credentials.by_digest(ApiKey, digest(key if key.isascii() else ""))
    try:
        email_key = address_of(username).key
    except Refused:
        email_key = ""
    stored: str = row["email_key"] if row else ""
    matches = hmac.compare_digest(email_key.encode(errors="replace"), stored.encode())
    if row is None or not matches or stored_credentials.unusable(row):
        return None
    stored_credentials.mark_used(ApiKey, row)
    return principal_of(row, Origin.API_KEY, service=AccountKind(row["kind"]) is AccountKind.SERVICE)


async def of_account(account_id: int) -> list[Row]:
    """An account's keys, oldest first, each with an `unusable` reason (None if usable)."""
    return [
        {**row, "unusable": stored_credentials.unusable(row)}
        for row in await stored_credentials.of_account(ApiKey, account_id)
    ]
