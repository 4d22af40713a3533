"""
Pending sign-ups: an address that waits for its code, with the chosen password. There is one per address, the latest.

A new person signs up (services/sign_in/registration.py), or a person adds an account to the own profile
(services/sign_in/account_creation.py). A row is stored for an address that has an account, too.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from models.verification_codes import Purpose, SignUp
from services.auth import verification_codes
from services.errors import ProfilesMerged

PENDING_SIGN_UP_LIFETIME: Final = timedelta(days=1)
MAX_TRANSACTION_ATTEMPTS: Final = 3
"""A concurrent call for the same address or handle makes the transaction retry."""

MailCode = Callable[[SignUp, str], Awaitable[None]]
"""Writes the mail with the code, or the one that an address with an account gets."""
Result = TypeVar("Result")


async def save(sign_up: SignUp, mail_code: MailCode) -> None:
    """Store a sign-up in place of an earlier one for its address, and mail a code."""
    try:
        await _save(sign_up, mail_code)
    except IntegrityError:  # two first sign-ups for an address at once: now there is a row
        await _save(sign_up, mail_code)


async def mail_new_code(sign_up: SignUp, mail_code: MailCode) -> None:
    """Mail another code, which replaces the previous one. Call it with the row locked."""
    code = await verification_codes.issue(Purpose.SIGN_UP, subject_of(sign_up), sign_up.email_key)
    await mail_code(sign_up, code)


async def use_code(sign_up: SignUp, code: str) -> None:
    """Use the code of a sign-up. Raises Refused: BAD_CODE. Call it outside of a transaction."""
    await verification_codes.verify(Purpose.SIGN_UP, subject_of(sign_up), code)


async def lock(sign_up: SignUp) -> None:
    """
    Lock a sign-up whose code was right. It is the first lock of a transaction that creates an account; then come the company, accounts
    and score rows. Raises Refused: BAD_CODE (it was replaced or used meanwhile).
    """
    if await SignUp.select_for_update().get_or_none(id=sign_up.id, digest=sign_up.digest) is None:
        raise verification_codes.bad_code()


async def finish(work: Callable[[], Awaitable[Result]]) -> Result:
    """Return what `work` returns in a transaction. It is tried again if it raises IntegrityError or ProfilesMerged."""
    for attempt in range(1, MAX_TRANSACTION_ATTEMPTS + 1):
        try:
            async with in_transaction():
                return await work()
        except (IntegrityError, ProfilesMerged):
            if attempt == MAX_TRANSACTION_ATTEMPTS:
                raise
    raise AssertionError("not reached")


async def forget_abandoned(now: datetime) -> int:
    """Delete sign-ups that were not verified within a day; returns how many."""
    gone: int = await SignUp.filter(created_at__lte=now - PENDING_SIGN_UP_LIFETIME).delete()
    return gone


def subject_of(sign_up: SignUp) -> str:
    """Return the subject of a sign-up's codes."""
    return f"sign-up:{sign_up.id}"


async def _save(sign_up: SignUp, mail_code: MailCode) -> None:
    async with in_transaction():
        before = await SignUp.select_for_update().get_or_none(email_key=sign_up.email_key)
        if before is None:
            await sign_up.save(force_create=True)
        else:  # reuses the row, for those who wait for its lock; a new code replaces the previous one
            sign_up.id = before.id
            await sign_up.save(force_update=True)
        await mail_new_code(sign_up, mail_code)
