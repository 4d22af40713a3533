"""
Passwords: what one has to be, how it is kept, and when it is too old.

Kept as argon2id hashes, made in two threads of their own: a rush of sign-ins waits in line there and leaves the
event loop free. Rule: docs/rules/sign-in.md#passwords.
"""

import asyncio
import base64
import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from tortoise.transactions import in_transaction

from catalogue.languages import Text
from models.accounts import Account
from models.passwords import OldPassword, Password
from services.auth.credential_expiry import expiry
from services.core import clock, email_addresses
from services.errors import ErrorCode, Problem, Refused

SHORTEST, LONGEST = 12, 200
MAX_TYPED = 4 * LONGEST
"""Characters that are looked at: some keyboards send a letter and its accents apart."""
SPECIAL = "`~!@#$%^&*()-_+=[]{};:'\"\\|,.<>/?"
LOCAL_PART = 4
"""A part of an address before the @ that is shorter may stand in a password: it says nothing."""
REMEMBERED = 5
"""Passwords before the present one that cannot be used again."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")


def problems_of(password: str, email: str, *, path: str = "password") -> list[Problem]:
    """
    What keeps this from being a password for that address: one problem for each rule it breaks. One that is too long is
    not looked at any further: that would take as long as somebody likes.
    """
    if len(password) > LONGEST:
        return [
            Problem(
                ErrorCode.PASSWORD_TOO_LONG,
                Text("A password has at most {longest} characters.", longest=LONGEST),
                (path,),
            )
        ]
    found = []

    def broken(code: ErrorCode, message: Text) -> None:
        found.append(Problem(code, message, (path,)))

    if "\0" in password or any(unicodedata.category(each) == "Cs" for each in password):
        broken(ErrorCode.BAD_INPUT, Text("A password cannot hold the character U+0000 or half a surrogate pair."))
    if len(password) < SHORTEST:
        broken(ErrorCode.PASSWORD_TOO_SHORT, Text("A password has at least {shortest} characters.", shortest=SHORTEST))
    if not any(each in SPECIAL for each in password):
        broken(ErrorCode.PASSWORD_NEEDS_SPECIAL, Text("A password has at least one of {special}", special=SPECIAL))
    if not any(each in "0123456789" for each in password):
        broken(ErrorCode.PASSWORD_NEEDS_DIGIT, Text("A password has at least one digit, 0 to 9."))
    if not any(unicodedata.category(each) == "Lu" for each in password):
        broken(ErrorCode.PASSWORD_NEEDS_UPPERCASE, Text("A password has at least one uppercase letter."))
    if not any(unicodedata.category(each) == "Ll" for each in password):
        broken(ErrorCode.PASSWORD_NEEDS_LOWERCASE, Text("A password has at least one lowercase letter."))
    if _contains(password, email):
        broken(ErrorCode.PASSWORD_CONTAINS_EMAIL, Text("A password may not contain the address."))
    return found


def _contains(password: str, email: str) -> bool:
    if len(email) > email_addresses.MAX_TYPED:
        return False  # no address, and refused as such
    text, address = (unicodedata.normalize("NFKC", each).casefold() for each in (password, email.strip()))
    local = address.rpartition("@")[0]
    return bool(address) and (address in text or (len(local) >= LOCAL_PART and local in text))


async def hashed(password: str) -> str:
    """The argon2id hash, with its parameters and salt; some 30 ms of another thread."""
    return await _aside(_HASHER.hash, _bytes(password))


async def matches(stored: str | None, password: str) -> bool:
    """Whether a password is the one that was hashed. Without a hash it takes as long and is False."""
    if len(password) > MAX_TYPED:  # nobody's
        stored, password = None, ""
    return await _aside(_verify, stored or _NOBODYS, _bytes(password))


async def verified(account_id: int, password: str) -> bool:
    """Whether this is the account's password; takes as long when there is no such account, or no password."""
    return await verified_hash(account_id, password) is not None


async def verified_hash(account_id: int, password: str) -> str | None:
    """
    The stored hash, when this is the account's password; None: it is not. One that was made with other parameters
    is replaced by a new one.
    """
    row = await Password.get_or_none(account_id=account_id)
    if not await matches(None if row is None else row.hash, password) or row is None:
        return None
    if not _HASHER.check_needs_rehash(row.hash):
        return row.hash
    fresh = await hashed(password)
    return fresh if await Password.filter(account_id=account_id, hash=row.hash).update(hash=fresh) else None


async def prepared(account_id: int, email: str, new: str, *, path: str = "newPassword") -> str:
    """
    The hash of a new password for this account, to be given to `store`. Slow, so outside of a transaction.

    Raises Refused: every rule that it breaks, or PASSWORD_REUSED.
    """
    if problems := problems_of(new, email, path=path):
        raise Refused(*problems)
    present = await Password.filter(account_id=account_id).values_list("hash", flat=True)
    before = await OldPassword.filter(account_id=account_id).order_by("-id").limit(REMEMBERED)
    for stored in [*present, *(each.hash for each in before)]:
        if await matches(str(stored), new):
            text = Text(
                "This is the present password, or one of the last {remembered} before it.", remembered=REMEMBERED
            )
            raise Refused(Problem(ErrorCode.PASSWORD_REUSED, text, (path,)))
    return await hashed(new)


async def store(account_id: int, new_hash: str) -> None:
    """Make this the account's password from now on, and remember the one before; inside the caller's transaction."""
    now = clock.now()
    present = await Password.select_for_update().get_or_none(account_id=account_id)
    if present is None:
        await Password.create(account_id=account_id, hash=new_hash, changed_at=now)
        return
    await OldPassword.create(account_id=account_id, hash=present.hash, replaced_at=now)
    kept: Any = OldPassword.filter(account_id=account_id).order_by("-id").limit(REMEMBERED)
    await OldPassword.filter(account_id=account_id).exclude(id__in=await kept.values_list("id", flat=True)).delete()
    present.hash, present.changed_at, present.warned_days = new_hash, now, None
    await present.save(update_fields=["hash", "changed_at", "warned_days"])


async def set_password(account_id: int, new: str) -> None:
    """Check and store a new password of an account that there is. Raises as `prepared` does."""
    fresh = await prepared(account_id, (await Account.get(id=account_id)).email, new)
    async with in_transaction():
        await store(account_id, fresh)


async def still(account_id: int, stored: str) -> bool:
    """
    Whether that hash is still the account's; locks it until the caller's transaction ends, so that a sign-in with
    the old password does not slip past a change that ends all sessions.
    """
    row = await Password.select_for_update().get_or_none(account_id=account_id)
    return row is not None and row.hash == stored


async def expires_at(account_id: int) -> datetime | None:
    """When the account's password is too old; None: never, or there is none."""
    rows: Any = Password.filter(account_id=account_id).values_list(
        "changed_at", "account__company_id", "account__company__password_days"
    )
    for changed_at, company_id, password_days in await rows:
        return expiry(changed_at, company_id, password_days)
    return None


async def expired(account_id: int) -> bool:
    """Whether the account's password is too old to do anything but change it."""
    moment = await expires_at(account_id)
    return moment is not None and moment <= clock.now()


def _bytes(password: str) -> bytes:
    # One form for what different keyboards send for the same character.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _verify(stored: str, password: bytes) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


async def _aside(work: Any, *given: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, *given)


def _like_a_hash() -> str:
    """Nobody's hash: no password matches it, and trying one takes as long as with a real one."""
    salt, end = (base64.b64encode(os.urandom(size)).rstrip(b"=").decode() for size in (16, 32))
    return f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}${salt}${end}"


_NOBODYS = _like_a_hash()
