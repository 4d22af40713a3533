"""
Personal access tokens: create, authenticate, introspect, delete.

A token is `mxp_`, 32 random characters and a checksum of 6 (services/auth/secret_format.py): `^mxp_[0-9A-Za-z]{38}$`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from tortoise.transactions import in_transaction

from catalogue.languages import Text
from catalogue.scopes import SCOPES
from models.accounts import Account, AccountKind, AccountStatus
from models.audit import Origin
from models.tokens import AccessToken
from services.auth import secret_format, sessions, stored_credentials
from services.auth.principals import Principal, Row, principal_of
from services.core import audit, clock
from services.core.audit import OPERATOR, Actor
from services.core.crypto import digest
from services.errors import ErrorCode, Problem, Refused, refused
from services.media.text_rules import name_problems
from services.messages.outbox import send_mail

PREFIX = "mxp_"
MAX_NAME = 120
MAX_TOKENS = 100
"""Tokens of one account."""


@dataclass(frozen=True)
class CreatedToken:
    """A new token, and its secret, which is not stored."""

    token: AccessToken
    secret: str

    def __repr__(self) -> str:
        return f"CreatedToken(token={self.token!r}, secret=…)"


@dataclass(frozen=True)
class IntrospectedToken:
    """The facts of a valid token that a service may read."""

    account_id: int
    email: str
    scopes: frozenset[str]


def new_secret() -> str:
    """A new random token."""
    return secret_format.new(PREFIX)


def well_formed(secret: str) -> bool:
    """True if this has the format and checksum of a token."""
    return secret_format.well_formed(PREFIX, secret)


async def create(
    account_id: int,
    *,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    actor: Actor = OPERATOR,
    session_id: int | None = None,
) -> CreatedToken:
    """
    Create a token for an account, and notify its owner by mail. `session_id`: the caller's session, which must be elevated.

    Raises Refused with all problems: BAD_INPUT (name, expiry, no scope, a repeated or unknown one, one for services only),
    NOT_FOUND (no such active account), TOO_MANY_ITEMS (100 tokens), UNAUTHENTICATED (the
    session has ended), ELEVATION_REQUIRED.
    """
    async with in_transaction():
        account = await Account.select_for_update(no_key=True).get_or_none(id=account_id)
        if account is None or account.status is not AccountStatus.ACTIVE:
            raise refused(ErrorCode.NOT_FOUND, "There is no such active account.", path=("account",))
        await sessions.require_elevated(session_id)
        if problems := _problems_of(account, name, scopes, expires_at):
            raise Refused(*problems)
        if await AccessToken.filter(account_id=account.id).count() >= MAX_TOKENS:
            raise refused(
                ErrorCode.TOO_MANY_ITEMS,
                Text("An account can have at most {max_tokens} tokens. Delete one first.", max_tokens=MAX_TOKENS),
            )
        secret = new_secret()
        token = await AccessToken.create(
            account_id=account.id,
            name=name.strip(),
            scopes=sorted(scopes),
            secret_hash=digest(secret),
            hint=secret[-4:],
            created_at=clock.now(),
            expires_at=expires_at,
        )
        await audit.record(
            "token.created", actor=actor, account_id=account.id, token_id=token.id, name=token.name, scopes=token.scopes
        )
        if account.kind is AccountKind.PERSON:
            await send_mail("new-token", account, name=token.name, scopes=", ".join(token.scopes))
        return CreatedToken(token, secret)


def _problems_of(account: Account, name: str, scopes: Sequence[str], expires_at: datetime | None) -> list[Problem]:
    problems = name_problems(name, Text("A token's name"), MAX_NAME)
    if not scopes:
        problems.append(Problem(ErrorCode.BAD_INPUT, "A token needs at least one scope.", ("scopes",)))
    if expires_at is not None and expires_at <= clock.now():
        problems.append(Problem(ErrorCode.BAD_INPUT, "The expiry is in the past.", ("expiresAt",)))
    for scope, times in Counter(scopes).items():
        if times > 1:
            text = Text("{name} is listed more than once.", name=scope[:80])
            problems.append(Problem(ErrorCode.BAD_INPUT, text, ("scopes",)))
        if scope not in SCOPES:
            problems.append(
                Problem(ErrorCode.BAD_INPUT, Text("There is no scope {scope!r}.", scope=scope[:80]), ("scopes",))
            )
        elif SCOPES[scope].service_only and account.kind is not AccountKind.SERVICE:
            problems.append(
                Problem(ErrorCode.BAD_INPUT, Text("{scope} is for service accounts only.", scope=scope), ("scopes",))
            )
    return problems


async def delete(token_id: int, *, actor: Actor, account_id: int | None = None) -> AccessToken:
    """
    Delete a token, which is refused from the next request on. `account_id`: only if the token belongs to it.

    Raises Refused: NOT_FOUND, also the second time and for another account's token.
    """
    async with in_transaction():
        token = await AccessToken.select_for_update().get_or_none(id=token_id)
        owner: Any = None if token is None else token.account_id
        if token is None or account_id not in {None, owner}:
            raise refused(ErrorCode.NOT_FOUND, "There is no such token.", path=("tokenId",))
        await token.delete()
        await audit.record("token.deleted", actor=actor, account_id=owner, token_id=token_id, name=token.name)
        return token


async def authenticate(secret: str) -> Principal | None:
    """
    The principal of a token; None if it is unknown, malformed, deleted, expired, its account is deactivated or its
    password has expired. Runs on every request.
    """
    row = await _find_usable(secret)
    if row is None:
        return None
    stored_credentials.mark_used(AccessToken, row)
    service = AccountKind(row["kind"]) is AccountKind.SERVICE
    return principal_of(row, Origin.TOKEN, service=service, scopes=scopes_of(row))


async def introspect(secret: str) -> IntrospectedToken | None:
    """Describe a token that a service received; None as in `authenticate`. It does not count as a use of the token."""
    row = await _find_usable(secret)
    return None if row is None else IntrospectedToken(row["account_id"], row["email"], scopes_of(row))


async def of_account(account_id: int) -> list[Row]:
    """An account's tokens, oldest first, each with sorted `scopes` and an `unusable` reason (None if usable)."""
    rows = await stored_credentials.of_account(AccessToken, account_id)
    return [{**row, "scopes": sorted(scopes_of(row)), "unusable": stored_credentials.unusable(row)} for row in rows]


def scopes_of(row: Row) -> frozenset[str]:
    """The scopes of a raw row: JSON text or a list, by database."""
    stored = row["scopes"]
    return frozenset(orjson.loads(stored) if isinstance(stored, str) else stored)


async def _find_usable(secret: str) -> Row | None:
    if not well_formed(secret):
        return None
    row = await stored_credentials.by_digest(AccessToken, digest(secret))
    return None if row is None or stored_credentials.unusable(row) else row
