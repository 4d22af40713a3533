"""
Personal access tokens: their secrets, how they are made and checked.

A token is `mxp_`, 32 random characters and a checksum of 6: `^mxp_[0-9A-Za-z]{38}$`. The checksum (CRC-32 of what
stands before it, in base 62) tells a mistyped or invented token from a real one without asking the database, and
lets scanners of leaked secrets be sure. Only the SHA-256 is stored: 190 random bits need no slow hash.
"""

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.transactions import in_transaction

from catalogue.scopes import SCOPES
from models.accounts import Account, AccountKind, AccountStatus
from models.tokens import AccessToken
from services import clock
from services.errors import ErrorCode, Problem, Refused, refused

PREFIX = "mxp_"
RANDOM = 32
CHECK = 6
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
SHAPE = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM + CHECK}}}")
MAX_NAME = 120


@dataclass(frozen=True)
class Created:
    """A new token. `secret` is here and nowhere else, ever."""

    token: AccessToken
    secret: str

    def __repr__(self) -> str:
        return f"Created(token={self.token!r}, secret=…)"


@dataclass(frozen=True)
class Bearer:
    """Whom a valid token stands for, and what it may do."""

    token_id: int
    account_id: int
    profile_id: int | None
    service: bool
    scopes: frozenset[str]


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(CHECK):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits


def new_secret() -> str:
    """A fresh token, to be shown once."""
    body = PREFIX + "".join(secrets.choice(DIGITS) for _ in range(RANDOM))
    return body + _checksum(body)


def well_formed(secret: str) -> bool:
    """Whether this could be one of our tokens: its shape and its checksum are right."""
    return SHAPE.fullmatch(secret) is not None and _checksum(secret[:-CHECK]) == secret[-CHECK:]


def hashed(secret: str) -> str:
    """What is stored of a secret: SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def create(account_id: int, *, name: str, scopes: Sequence[str], expires_at: datetime | None = None) -> Created:
    """
    Make a token for an account. Raises Refused with everything that is wrong: BAD_INPUT (name, expiry, no scope),
    UNKNOWN_SCOPE, FORBIDDEN (a scope for services only), NOT_FOUND (no such active account).
    """
    async with in_transaction():
        account = await Account.select_for_update().get_or_none(id=account_id)
        if account is None or account.status is not AccountStatus.ACTIVE:
            raise refused(ErrorCode.NOT_FOUND, "There is no such active account.", path=("account",))
        if problems := _problems(account, name, scopes, expires_at):
            raise Refused(*problems)
        secret = new_secret()
        token = await AccessToken.create(
            account_id=account.id,
            name=name.strip(),
            scopes=sorted(set(scopes)),
            secret_hash=hashed(secret),
            hint=secret[-4:],
            created_at=clock.now(),
            expires_at=expires_at,
        )
        return Created(token, secret)


def _problems(account: Account, name: str, scopes: Sequence[str], expires_at: datetime | None) -> list[Problem]:
    found = []
    if not 0 < len(name.strip()) <= MAX_NAME:
        found.append(Problem(ErrorCode.BAD_INPUT, f"A token's name has 1 to {MAX_NAME} characters.", ("name",)))
    if not scopes:
        found.append(Problem(ErrorCode.BAD_INPUT, "A token needs at least one scope.", ("scopes",)))
    if expires_at is not None and expires_at <= clock.now():
        found.append(Problem(ErrorCode.BAD_INPUT, "The expiry lies in the past.", ("expiresAt",)))
    for scope in dict.fromkeys(scopes):
        if scope not in SCOPES:
            found.append(Problem(ErrorCode.UNKNOWN_SCOPE, f"There is no scope {scope!r}.", ("scopes",)))
        elif SCOPES[scope].service_only and account.kind is not AccountKind.SERVICE:
            found.append(Problem(ErrorCode.FORBIDDEN, f"{scope} is for service accounts only.", ("scopes",)))
    return found


async def bearer_of(secret: str) -> Bearer | None:
    """
    Whom a presented token stands for; None: it is not valid, whatever is wrong with it (unknown, malformed, deleted,
    expired, or its account is deactivated). Asked on every request, so that a deleted token is dead on the next.
    """
    if not well_formed(secret):
        return None
    rows = await AccessToken.filter(secret_hash=hashed(secret)).values(
        "id", "scopes", "expires_at", "account_id", "account__profile_id", "account__kind", "account__status"
    )
    if not rows:
        return None
    [row] = rows
    if AccountStatus(row["account__status"]) is not AccountStatus.ACTIVE:
        return None
    if row["expires_at"] is not None and row["expires_at"] <= clock.now():
        return None
    return Bearer(
        token_id=row["id"],
        account_id=row["account_id"],
        profile_id=row["account__profile_id"],
        service=AccountKind(row["account__kind"]) is AccountKind.SERVICE,
        scopes=frozenset(row["scopes"]),
    )
