"""
Codes and links that are mailed or texted, to verify that a person can read an address.

A code has six digits, expires after 10 minutes and is refused after the fifth wrong attempt, even if right. A link has 190
random bits and works once. Both are valid for one purpose and one subject only. Rule: docs/rules/email-addresses.md#codes.
"""

import hmac
import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from models.transactions import forbid_transaction, require_transaction
from models.verification_codes import MailedCode, MailedLink, Purpose
from services.core import clock
from services.core.crypto import digest, keyed_digest
from services.errors import ErrorCode, Refused, refused

CODE_DIGITS = 6
CODE_LIFETIME = timedelta(minutes=10)
MAX_ATTEMPTS = 5
_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET_LENGTH = 32


@dataclass(frozen=True)
class Link:
    """A mailed link: sent for this account, to `target`."""

    account_id: int
    target: str


def new_secret() -> str:
    """A new secret: 190 random bits, as 32 letters and digits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_SECRET_LENGTH))


async def issue(purpose: Purpose, subject: str, target: str = "") -> str:
    """
    A new code to be sent. It replaces the code for the same purpose and subject. `target` is
    the verified address or number, which `verify` returns.
    Requires a transaction.
    """
    require_transaction()
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    now = clock.now()
    values: dict[str, Any] = {
        "digest": _digest(purpose, subject, code),
        "target": target,
        "tries": 0,
        "created_at": now,
        "expires_at": now + CODE_LIFETIME,
    }
    try:
        async with in_transaction():
            if not await MailedCode.filter(purpose=purpose, subject=subject).update(**values):
                await MailedCode.create(purpose=purpose, subject=subject, **values)
    except IntegrityError:  # another one was issued at the same time: the later one is valid
        await MailedCode.filter(purpose=purpose, subject=subject).update(**values)
    return code


async def verify(purpose: Purpose, subject: str, code: str) -> str:
    """
    Use a code and return its target. Raises Refused: BAD_CODE, whatever is wrong.

    Must not run in a transaction: the count of wrong attempts must outlive the refusal.
    """
    forbid_transaction()
    async with in_transaction():
        target = await use(purpose, subject, code)
    if target is None:
        raise bad_code()
    return target


async def use(purpose: Purpose, subject: str, code: str) -> str | None:
    """
    Use a code and return its target; None if it is wrong, used or expired. A wrong attempt is counted: commit it also if you refuse.
    Requires a transaction.
    """
    require_transaction()
    row = await MailedCode.select_for_update().get_or_none(purpose=purpose, subject=subject)
    if row is None or row.tries >= MAX_ATTEMPTS or clock.now() >= row.expires_at:
        return None
    if hmac.compare_digest(row.digest, _digest(purpose, subject, "".join(code.split()))):
        await row.delete()
        return row.target
    row.tries += 1
    await row.save(update_fields=["tries"])
    return None


async def revoke(purpose: Purpose, subject: str) -> None:
    """Delete an unused code. Requires a transaction."""
    require_transaction()
    await MailedCode.filter(purpose=purpose, subject=subject).delete()


async def issue_link(purpose: Purpose, account_id: int, target: str, lifetime: timedelta) -> str:
    """A new secret for a mailed link. Older links stay valid until one is used. Requires a transaction."""
    require_transaction()
    secret, now = new_secret(), clock.now()
    await MailedLink.create(
        purpose=purpose,
        account_id=account_id,
        digest=digest(secret),
        target=target,
        created_at=now,
        expires_at=now + lifetime,
    )
    return secret


async def link_of(purpose: Purpose, secret: str) -> Link:
    """Read a link without using it. Raises Refused: BAD_CODE."""
    row = await MailedLink.get_or_none(purpose=purpose, digest=digest(secret), expires_at__gt=clock.now())
    if row is None:
        raise bad_code()
    return Link(row.account_id, row.target)


async def use_link(purpose: Purpose, secret: str) -> Link:
    """
    Use a link, and with it all links of its account for the same purpose. Only one of several concurrent calls succeeds.

    Requires a transaction, so that a refused operation leaves the link usable. Raises Refused: BAD_CODE.
    """
    require_transaction()
    link = await link_of(purpose, secret)
    own = MailedLink.filter(purpose=purpose, account_id=link.account_id)
    rows = await own.order_by("id").select_for_update()  # in order, so that two calls cannot deadlock
    if digest(secret) not in {row.digest for row in rows}:
        raise bad_code()
    await own.delete()
    return link


async def use_single_link(purpose: Purpose, secret: str) -> None:
    """
    Use this link only, and leave others of its account valid. Only one of several concurrent calls succeeds.

    Requires a transaction. Raises Refused: BAD_CODE.
    """
    require_transaction()
    if not await MailedLink.filter(purpose=purpose, digest=digest(secret), expires_at__gt=clock.now()).delete():
        raise bad_code()


async def forget_expired(now: datetime) -> int:
    """Delete expired codes and links; returns how many."""
    codes: int = await MailedCode.filter(expires_at__lte=now).delete()
    links: int = await MailedLink.filter(expires_at__lte=now).delete()
    return codes + links


def bad_code() -> Refused:
    """The refusal of any code or link that is not valid."""
    return refused(ErrorCode.BAD_CODE, "The code or link is wrong, used, or expired.")


def _digest(purpose: Purpose, subject: str, code: str) -> str:
    return keyed_digest("code", purpose.value, subject, code)
