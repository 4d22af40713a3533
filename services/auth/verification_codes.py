"""
Codes and links that are mailed or texted: whoever repeats one shows to read that address.

A code is six digits, lives 10 minutes and dies at the fifth wrong try, also for the right one. A link holds 190
random bits and works once. Both are good for one purpose and one subject only. Rule: docs/rules/email-addresses.md#codes.
"""

import hmac
import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from models.verification_codes import MailedCode, MailedLink, Purpose
from services.core import clock
from services.core.crypto import digest, keyed_digest
from services.errors import ErrorCode, Refused, refused

DIGITS = 6
LIFETIME = timedelta(minutes=10)
TRIES = 5
_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET = 32


@dataclass(frozen=True)
class Link:
    """What the secret of a mailed link proves: it was sent for this account, to `target`."""

    account_id: int
    target: str


def new_secret() -> str:
    """190 random bits, as 32 letters and digits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_SECRET))


async def issue(purpose: Purpose, subject: str, target: str = "") -> str:
    """
    A fresh code, to be sent and never shown; inside the caller's transaction. One issued before for the same purpose
    and subject is dead from here on. `target` is what the code proves: `prove` answers it.
    """
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    now = clock.now()
    values: dict[str, Any] = {
        "digest": _digest(purpose, subject, code),
        "target": target,
        "tries": 0,
        "created_at": now,
        "expires_at": now + LIFETIME,
    }
    try:
        async with in_transaction():
            if not await MailedCode.filter(purpose=purpose, subject=subject).update(**values):
                await MailedCode.create(purpose=purpose, subject=subject, **values)
    except IntegrityError:  # another one was issued in the same moment: the later counts
        await MailedCode.filter(purpose=purpose, subject=subject).update(**values)
    return code


async def prove(purpose: Purpose, subject: str, code: str) -> str:
    """
    The target of the code, which is used up now. Raises Refused: BAD_CODE, the same whatever is wrong.

    Call it outside of a transaction: the count of wrong tries has to stay although the operation is refused.
    """
    async with in_transaction():
        row = await MailedCode.select_for_update().get_or_none(purpose=purpose, subject=subject)
        if row is not None and row.tries < TRIES and clock.now() < row.expires_at:
            if hmac.compare_digest(row.digest, _digest(purpose, subject, "".join(code.split()))):
                await row.delete()
                return row.target
            row.tries += 1
            await row.save(update_fields=["tries"])
    raise bad_code()


async def withdraw(purpose: Purpose, subject: str) -> None:
    """Let a code die that was not used; inside the caller's transaction."""
    await MailedCode.filter(purpose=purpose, subject=subject).delete()


async def issue_link(purpose: Purpose, account_id: int, target: str, lifetime: timedelta) -> str:
    """A fresh secret for a mailed link; inside the caller's transaction. Older links live on until one is used."""
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
    """Look at a link without using it. Raises Refused: BAD_CODE."""
    row = await MailedLink.get_or_none(purpose=purpose, digest=digest(secret), expires_at__gt=clock.now())
    if row is None:
        raise bad_code()
    return Link(row.account_id, row.target)


async def use_link(purpose: Purpose, secret: str) -> Link:
    """
    Use a link up, and with it all others of its account for the same purpose; inside the caller's transaction, so
    that a refused operation leaves it usable. Of several at the same moment one wins. Raises Refused: BAD_CODE.
    """
    link = await link_of(purpose, secret)
    own = MailedLink.filter(purpose=purpose, account_id=link.account_id)
    rows = await own.order_by("id").select_for_update()  # in order: two of one account do not wait for each other
    if digest(secret) not in {row.digest for row in rows}:
        raise bad_code()
    await own.delete()
    return link


async def use_one(purpose: Purpose, secret: str) -> None:
    """
    Use this one up and leave others of its account alone; inside the caller's transaction. Of several at the same moment
    one wins. Raises Refused: BAD_CODE.
    """
    if not await MailedLink.filter(purpose=purpose, digest=digest(secret), expires_at__gt=clock.now()).delete():
        raise bad_code()


async def forget_expired(now: datetime) -> int:
    """Delete codes and links that are past their time; returns how many."""
    codes: int = await MailedCode.filter(expires_at__lte=now).delete()
    links: int = await MailedLink.filter(expires_at__lte=now).delete()
    return codes + links


def bad_code() -> Refused:
    """The one answer to a code or link that does not hold."""
    return refused(ErrorCode.BAD_CODE, "That code or link is wrong, used, or too old.")


def _digest(purpose: Purpose, subject: str, code: str) -> str:
    return keyed_digest("code", purpose.value, subject, code)
