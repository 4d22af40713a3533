"""
Second factors: their method, and verification of their codes.

A factor is in force once it is confirmed; one that is being set up is neither required nor accepted. Set-up is in
services/auth/second_factor_setup.py, removal in services/auth/second_factor_removal.py. Rule: docs/rules/sign-in.md#second-factor.
"""

from datetime import timedelta
from math import ceil
from typing import Final

from tortoise.transactions import in_transaction

from models.accounts import Account
from models.second_factors import SecondFactor, SecondFactorMethod
from models.transactions import forbid_transaction, require_transaction
from models.verification_codes import Purpose
from services.auth import backup_codes, totp, verification_codes
from services.core import audit, clock, phone_numbers, rate_limits
from services.core.audit import Actor
from services.core.crypto import TOTP_SECRET, unseal
from services.errors import ErrorCode, Refused, refused
from services.messages import outbox

MAX_FAILURES: Final = 5
"""Wrong codes in a row, from an authenticator or text message, that lock the factor for a while."""
FIRST_LOCKOUT: Final = timedelta(minutes=1)
MAX_LOCKOUT: Final = timedelta(hours=1)


async def method_of(account_id: int) -> SecondFactorMethod | None:
    """The method of an account's confirmed second factor; None if there is none."""
    factor = await SecondFactor.get_or_none(account_id=account_id, confirmed_at__not_isnull=True)
    return None if factor is None else factor.method


async def check(account_id: int, code: str, *, actor: Actor, purpose: Purpose = Purpose.SIGN_IN_SMS) -> None:
    """
    Verify a code of the account's second factor, or one of its backup codes. Every code works once.

    The use of a backup code is mailed to the owner, and recorded in the audit trail under `actor`. `purpose` is the one
    that `send_code` was called with; it matters for texted codes only. Five wrong codes in a row lock the factor for a
    minute, each further one for twice as long, up to an hour; backup codes, which cannot be guessed, still work.
    Must not run in a transaction: the count of failures must outlive the refusal.
    Raises Refused: BAD_CODE (also without a confirmed factor), RATE_LIMITED.
    """
    forbid_transaction()
    await rate_limits.spend("second-factor", by=[account_key(account_id)])
    factor = await SecondFactor.get_or_none(account_id=account_id, confirmed_at__not_isnull=True)
    if factor is None:
        raise wrong_code()
    if backup := backup_codes.normalise(code):
        await _use_backup_code(account_id, backup, actor)
    elif factor.method is SecondFactorMethod.TOTP:
        await _check_totp(account_id, code)
    else:
        await _check_texted(factor, purpose, code)


async def send_code(account_id: int, *, purpose: Purpose = Purpose.SIGN_IN_SMS) -> None:
    """
    Text a code to an account whose confirmed factor is SMS. It replaces the previous code.

    Raises Refused: SECOND_FACTOR_OFF (no such factor), RATE_LIMITED.
    """
    factor = await SecondFactor.get_or_none(
        account_id=account_id, confirmed_at__not_isnull=True, method=SecondFactorMethod.SMS
    )
    if factor is None:
        raise factor_off()
    number = phone_numbers.opened(factor.sealed)
    await spend_text(account_id, number)
    await text_code(account_id, number, purpose)


async def spend_text(account_id: int, number: str) -> None:
    """Count a text message by account and by number, so that no phone is flooded. Raises Refused: RATE_LIMITED."""
    await rate_limits.spend("second-factor-sms", by=[account_key(account_id), f"phone:{phone_numbers.digest(number)}"])


async def text_code(account_id: int, number: str, purpose: Purpose) -> None:
    """Text a code that is valid for this number only."""
    async with in_transaction():
        code = await verification_codes.issue(purpose, account_key(account_id), phone_numbers.digest(number))
        await outbox.send_sms("sms-code", number, account_id, code=code)


async def verify_texted(purpose: Purpose, factor: SecondFactor, code: str) -> None:
    """Verify a texted code. Raises Refused: BAD_CODE (also for a code that was sent to another number)."""
    target = await verification_codes.verify(purpose, account_key(factor.pk), code)
    if target != phone_numbers.digest(phone_numbers.opened(factor.sealed)):
        raise wrong_code()


async def lock_factor(account_id: int) -> SecondFactor | None:
    """Lock and return the account's factor, confirmed or not. Requires a transaction."""
    require_transaction()
    return await SecondFactor.select_for_update().get_or_none(account_id=account_id)


def step_of(factor: SecondFactor, code: str) -> int | None:
    """The time step of an authenticator's code, to be stored as the last used one; None if it is wrong, old or used."""
    return totp.step_of(
        unseal(TOTP_SECRET, factor.sealed), "".join(code.split()), now=clock.now(), after=factor.last_step
    )


async def _check_totp(account_id: int, code: str) -> None:
    async with in_transaction():
        # Concurrent requests with one code queue here; the second finds the step used.
        factor = await lock_factor(account_id)
        if factor is None or factor.confirmed_at is None or factor.method is not SecondFactorMethod.TOTP:
            raise wrong_code()
        _require_unlocked(factor)
        step = step_of(factor, code)
        await _record_attempt(factor, right=step is not None)
        if step is not None:
            factor.last_step = step
            await factor.save(update_fields=["last_step"])
    if step is None:  # raised after the commit, which stores the count
        raise wrong_code()


async def _check_texted(factor: SecondFactor, purpose: Purpose, code: str) -> None:
    _require_unlocked(factor)
    failure: Refused | None = None
    try:
        await verify_texted(purpose, factor, code)
    except Refused as why:
        failure = why
    async with in_transaction():
        now = await lock_factor(factor.pk)
        if now is None or now.sealed != factor.sealed:  # removed meanwhile
            raise wrong_code()
        await _record_attempt(now, right=failure is None)
    if failure is not None:
        raise failure


def _require_unlocked(factor: SecondFactor) -> None:
    if factor.locked_until is not None and clock.now() < factor.locked_until:
        seconds = ceil((factor.locked_until - clock.now()).total_seconds())
        raise refused(
            ErrorCode.RATE_LIMITED,
            "Too many wrong codes. Wait, or use a backup code.",
            retry_after=seconds,
        )


async def _record_attempt(factor: SecondFactor, *, right: bool) -> None:
    factor.failures = 0 if right else factor.failures + 1
    over = factor.failures - MAX_FAILURES
    factor.locked_until = None if over < 0 else clock.now() + min(FIRST_LOCKOUT * 2 ** min(over, 10), MAX_LOCKOUT)
    await factor.save(update_fields=["failures", "locked_until"])


async def _use_backup_code(account_id: int, code: str, actor: Actor) -> None:
    async with in_transaction():
        factor = await lock_factor(account_id)
        if factor is None or factor.confirmed_at is None or not await backup_codes.use(account_id, code):
            raise wrong_code()
        account, left = await Account.get(id=account_id), await backup_codes.count_unused(account_id)
        await outbox.send_mail("backup-code-used", account, account=account.email, left=left)
        await audit.record("second-factor.backup-code-used", actor=actor, account_id=account_id, left=left)


def account_key(account_id: int) -> str:
    """The name of an account in codes and rate limits."""
    return f"account:{account_id}"


def wrong_code() -> Refused:
    """The refusal of any code that is not valid."""
    return refused(ErrorCode.BAD_CODE, "The code is wrong, used, or expired.", path=("code",))


def factor_off() -> Refused:
    """The refusal if a required factor does not exist."""
    return refused(ErrorCode.SECOND_FACTOR_OFF, "There is no second factor.")
