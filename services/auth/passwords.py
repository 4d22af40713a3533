"""
Passwords: rules, hashes, verification and expiry.

Hashes are argon2id, computed in two threads of their own: many sign-ins at once queue there and do not block the event
loop. Rule: docs/rules/sign-in.md#passwords.
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
from models.transactions import forbid_transaction, require_transaction
from services.auth.credential_expiry import expiry
from services.core import clock, email_addresses
from services.errors import ErrorCode, Problem, Refused

MIN_CHARACTERS, MAX_CHARACTERS = 12, 200
MAX_TYPED = 4 * MAX_CHARACTERS
"""Longer input is never hashed. Some keyboards send a letter and its accents as separate characters."""
SPECIAL_CHARACTERS = "`~!@#$%^&*()-_+=[]{};:'\"\\|,.<>/?"
MIN_LOCAL_PART = 4
"""A shorter local part of the address may occur in a password: it is too common."""
REMEMBERED_PASSWORDS = 5
"""Previous passwords that cannot be used again."""

PASSWORD_CODES = (
    ErrorCode.PASSWORD_CONTAINS_EMAIL,
    ErrorCode.PASSWORD_NEEDS_DIGIT,
    ErrorCode.PASSWORD_NEEDS_LOWERCASE,
    ErrorCode.PASSWORD_NEEDS_SPECIAL,
    ErrorCode.PASSWORD_NEEDS_UPPERCASE,
    ErrorCode.PASSWORD_TOO_LONG,
    ErrorCode.PASSWORD_TOO_SHORT,
)
"""Codes of the rules that a new password can break."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")


def problems_of(password: str, email: str, *, path: str = "password") -> list[Problem]:
    """
    The rules that a password for this address breaks, one problem each. A password that is too long is not checked
    further, to bound the time.
    """
    if len(password) > MAX_CHARACTERS:
        return [
            Problem(
                ErrorCode.PASSWORD_TOO_LONG,
                Text("A password must have at most {longest} characters.", longest=MAX_CHARACTERS),
                (path,),
            )
        ]
    problems = []

    def add_problem(code: ErrorCode, message: Text) -> None:
        problems.append(Problem(code, message, (path,)))

    if "\0" in password or any(unicodedata.category(each) == "Cs" for each in password):
        add_problem(
            ErrorCode.BAD_INPUT, Text("A password cannot contain the character U+0000 or an unpaired surrogate.")
        )
    if len(password) < MIN_CHARACTERS:
        add_problem(
            ErrorCode.PASSWORD_TOO_SHORT,
            Text("A password must have at least {shortest} characters.", shortest=MIN_CHARACTERS),
        )
    if not any(each in SPECIAL_CHARACTERS for each in password):
        add_problem(
            ErrorCode.PASSWORD_NEEDS_SPECIAL,
            Text("A password must contain at least one of {special}", special=SPECIAL_CHARACTERS),
        )
    if not any(each in "0123456789" for each in password):
        add_problem(ErrorCode.PASSWORD_NEEDS_DIGIT, Text("A password must contain at least one digit, 0 to 9."))
    if not any(unicodedata.category(each) == "Lu" for each in password):
        add_problem(ErrorCode.PASSWORD_NEEDS_UPPERCASE, Text("A password must contain at least one uppercase letter."))
    if not any(unicodedata.category(each) == "Ll" for each in password):
        add_problem(ErrorCode.PASSWORD_NEEDS_LOWERCASE, Text("A password must contain at least one lowercase letter."))
    if _contains_address(password, email):
        add_problem(ErrorCode.PASSWORD_CONTAINS_EMAIL, Text("A password must not contain the email address."))
    return problems


def _contains_address(password: str, email: str) -> bool:
    if len(email) > email_addresses.MAX_TYPED:
        return False  # no valid address, which is refused elsewhere
    text, address = (unicodedata.normalize("NFKC", each).casefold() for each in (password, email.strip()))
    local = address.rpartition("@")[0]
    return bool(address) and (address in text or (len(local) >= MIN_LOCAL_PART and local in text))


async def hash_password(password: str) -> str:
    """The argon2id hash, with its parameters and salt; about 30 ms in another thread."""
    return await _in_thread(_HASHER.hash, _bytes(password))


async def matches(stored: str | None, password: str) -> bool:
    """True if the password has this hash. False without a hash, after the same time."""
    if len(password) > MAX_TYPED:  # no password is that long
        stored, password = None, ""
    return await _in_thread(_verify, stored or _DUMMY_HASH, _bytes(password))


async def is_correct(account_id: int, password: str) -> bool:
    """True if this is the account's password; takes the same time without such an account or password."""
    return await verify(account_id, password) is not None


async def verify(account_id: int, password: str) -> str | None:
    """
    The stored hash if this is the account's password; None if not. A hash with other parameters is replaced by a new
    one.
    """
    row = await Password.get_or_none(account_id=account_id)
    if not await matches(None if row is None else row.hash, password) or row is None:
        return None
    if not _HASHER.check_needs_rehash(row.hash):
        return row.hash
    fresh = await hash_password(password)
    return fresh if await Password.filter(account_id=account_id, hash=row.hash).update(hash=fresh) else None


async def hash_new(account_id: int, email: str, new: str, *, path: str = "newPassword") -> str:
    """
    The hash of a new password for this account, for `store`. Must not run in a transaction: it is slow.

    Raises Refused: every rule that the password breaks, or PASSWORD_REUSED.
    """
    forbid_transaction()
    if problems := problems_of(new, email, path=path):
        raise Refused(*problems)
    present = await Password.filter(account_id=account_id).values_list("hash", flat=True)
    before = await OldPassword.filter(account_id=account_id).order_by("-id").limit(REMEMBERED_PASSWORDS)
    for stored in [*present, *(each.hash for each in before)]:
        if await matches(str(stored), new):
            text = Text(
                "This is the current password, or one of the {remembered} before it.", remembered=REMEMBERED_PASSWORDS
            )
            raise Refused(Problem(ErrorCode.PASSWORD_REUSED, text, (path,)))
    return await hash_password(new)


async def store(account_id: int, new_hash: str) -> None:
    """Set the account's password, and remember the previous one. Requires a transaction."""
    require_transaction()
    now = clock.now()
    present = await Password.select_for_update().get_or_none(account_id=account_id)
    if present is None:
        await Password.create(account_id=account_id, hash=new_hash, changed_at=now)
        return
    await OldPassword.create(account_id=account_id, hash=present.hash, replaced_at=now)
    remembered: Any = OldPassword.filter(account_id=account_id).order_by("-id").limit(REMEMBERED_PASSWORDS)
    await (
        OldPassword.filter(account_id=account_id).exclude(id__in=await remembered.values_list("id", flat=True)).delete()
    )
    present.hash, present.changed_at, present.warned_days = new_hash, now, None
    await present.save(update_fields=["hash", "changed_at", "warned_days"])


async def set_password(account_id: int, new: str) -> None:
    """Check and store a new password of an existing account. Raises as `hash_new` does."""
    fresh = await hash_new(account_id, (await Account.get(id=account_id)).email, new)
    async with in_transaction():
        await store(account_id, fresh)


async def lock_if_unchanged(account_id: int, stored: str) -> bool:
    """
    True if the account still has this hash; locks it until the caller's transaction ends, so that a sign-in with the old
    password cannot slip past a change that ends all sessions. Requires a transaction.
    """
    require_transaction()
    row = await Password.select_for_update().get_or_none(account_id=account_id)
    return row is not None and row.hash == stored


async def expires_at(account_id: int) -> datetime | None:
    """When the account's password expires; None if never, or if there is none."""
    rows: Any = Password.filter(account_id=account_id).values_list(
        "changed_at", "account__company_id", "account__company__password_days"
    )
    for changed_at, company_id, password_days in await rows:
        return expiry(changed_at, company_id, password_days)
    return None


async def expired(account_id: int) -> bool:
    """True if the account's password has expired: then it can only be changed."""
    moment = await expires_at(account_id)
    return moment is not None and moment <= clock.now()


def _bytes(password: str) -> bytes:
    # Keyboards send different forms of the same character: normalise.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _verify(stored: str, password: bytes) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


async def _in_thread(work: Any, *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, *arguments)


def _make_dummy_hash() -> str:
    """A hash that no password matches; verifying takes as long as with a real one."""
    salt, end = (base64.b64encode(os.urandom(size)).rstrip(b"=").decode() for size in (16, 32))
    return f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}${salt}${end}"


_DUMMY_HASH = _make_dummy_hash()
