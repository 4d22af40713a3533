"""
Two-factor authentication: whether an account has a second factor, and whether a code is right.

A factor counts once it is confirmed; one that is being set up is not demanded and opens nothing. Setting one up is in
services/auth/second_factor_setup.py, switching it off in services/auth/second_factor_removal.py. Rule: docs/rules/sign-in.md#second-factor.
"""

from datetime import timedelta
from math import ceil
from typing import Final

from tortoise.transactions import in_transaction

from models.accounts import Account
from models.second_factors import SecondFactor, SecondFactorMethod
from models.verification_codes import Purpose
from services.auth import backup_codes, totp, verification_codes
from services.core import audit, clock, phone_numbers, rate_limits
from services.core.audit import Actor
from services.core.crypto import unseal
from services.errors import ErrorCode, Refused, refused
from services.messages import outbox

SEALED_TOTP: Final = "totp"
FAILURES: Final = 5
"""Wrong codes in a row, of authenticator or text message, that close the factor for a while."""
FIRST_LOCK: Final = timedelta(minutes=1)
LONGEST_LOCK: Final = timedelta(hours=1)


async def method_of(account_id: int) -> SecondFactorMethod | None:
    """Where an account's codes come from; None: it has no second factor, or none that is confirmed."""
    factor = await SecondFactor.get_or_none(account_id=account_id, confirmed_at__not_isnull=True)
    return None if factor is None else factor.method


async def check(account_id: int, code: str, *, actor: Actor, purpose: Purpose = Purpose.SIGN_IN_SMS) -> None:
    """
    Take a code of the account's second factor, or one of its backup codes. Every code works once.

    Who uses a backup code is told by mail, and the trail has it, by `actor`.
    `purpose` is what `send_code` was asked for; it matters to texted codes alone. Five wrong codes in a row close the
    factor for a minute, each further one for twice as long, up to an hour; backup codes, which nobody guesses, still
    work. Call it outside of a transaction: what it counts has to stay although the operation is refused.
    Raises Refused: BAD_CODE (also when there is no confirmed factor), RATE_LIMITED.
    """
    await rate_limits.spend("second-factor", by=[of(account_id)])
    factor = await SecondFactor.get_or_none(account_id=account_id, confirmed_at__not_isnull=True)
    if factor is None:
        raise wrong_code()
    if backup := backup_codes.read(code):
        await _take_backup_code(account_id, backup, actor)
    elif factor.method is SecondFactorMethod.TOTP:
        await _take_totp(account_id, code)
    else:
        await _take_texted(factor, purpose, code)


async def send_code(account_id: int, *, purpose: Purpose = Purpose.SIGN_IN_SMS) -> None:
    """
    Text a code to an account whose confirmed factor is SMS. A new code replaces the one before it.

    Raises Refused: SECOND_FACTOR_OFF (there is no such factor), RATE_LIMITED.
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
    """Count a text message, by account and by number: nobody's phone is flooded. Raises Refused: RATE_LIMITED."""
    await rate_limits.spend("second-factor-sms", by=[of(account_id), f"phone:{phone_numbers.digest(number)}"])


async def text_code(account_id: int, number: str, purpose: Purpose) -> None:
    """Text a code that is bound to this number."""
    async with in_transaction():
        code = await verification_codes.issue(purpose, of(account_id), phone_numbers.digest(number))
        await outbox.send_sms("sms-code", number, account_id, code=code)


async def prove_texted(purpose: Purpose, factor: SecondFactor, code: str) -> None:
    """Take a texted code. Raises Refused: BAD_CODE (also for a code that went to another number)."""
    target = await verification_codes.prove(purpose, of(factor.pk), code)
    if target != phone_numbers.digest(phone_numbers.opened(factor.sealed)):
        raise wrong_code()


async def locked(account_id: int) -> SecondFactor | None:
    """The account's factor, confirmed or not; nobody else changes it until the caller's transaction ends."""
    return await SecondFactor.select_for_update().get_or_none(account_id=account_id)


def step_of(factor: SecondFactor, code: str) -> int | None:
    """The time step of an authenticator's code, to be kept as the factor's last; None: it is wrong, old or used."""
    return totp.step_of(
        unseal(SEALED_TOTP, factor.sealed), "".join(code.split()), now=clock.now(), after=factor.last_step
    )


async def _take_totp(account_id: int, code: str) -> None:
    async with in_transaction():
        # Requests with one code queue up here; the second finds its step used.
        factor = await locked(account_id)
        if factor is None or factor.confirmed_at is None or factor.method is not SecondFactorMethod.TOTP:
            raise wrong_code()
        _must_be_open(factor)
        step = step_of(factor, code)
        await _counted(factor, right=step is not None)
        if step is not None:
            factor.last_step = step
            await factor.save(update_fields=["last_step"])
    if step is None:  # after the commit, which keeps the count
        raise wrong_code()


async def _take_texted(factor: SecondFactor, purpose: Purpose, code: str) -> None:
    _must_be_open(factor)
    failure: Refused | None = None
    try:
        await prove_texted(purpose, factor, code)
    except Refused as why:
        failure = why
    async with in_transaction():
        now = await locked(factor.pk)
        if now is None or now.sealed != factor.sealed:  # switched off meanwhile
            raise wrong_code()
        await _counted(now, right=failure is None)
    if failure is not None:
        raise failure


def _must_be_open(factor: SecondFactor) -> None:
    if factor.locked_until is not None and clock.now() < factor.locked_until:
        seconds = ceil((factor.locked_until - clock.now()).total_seconds())
        raise refused(
            ErrorCode.RATE_LIMITED,
            "Too many wrong codes. Wait, or use a backup code.",
            retry_after=seconds,
        )


async def _counted(factor: SecondFactor, *, right: bool) -> None:
    factor.failures = 0 if right else factor.failures + 1
    over = factor.failures - FAILURES
    factor.locked_until = None if over < 0 else clock.now() + min(FIRST_LOCK * 2 ** min(over, 10), LONGEST_LOCK)
    await factor.save(update_fields=["failures", "locked_until"])


async def _take_backup_code(account_id: int, code: str, actor: Actor) -> None:
    async with in_transaction():
        factor = await locked(account_id)
        if factor is None or factor.confirmed_at is None or not await backup_codes.use(account_id, code):
            raise wrong_code()
        account, left = await Account.get(id=account_id), await backup_codes.left(account_id)
        await outbox.send_mail("backup-code-used", account, account=account.email, left=left)
        await audit.record("second-factor.backup-code-used", actor=actor, account_id=account_id, left=left)


def of(account_id: int) -> str:
    """An account, as codes and limits name it."""
    return f"account:{account_id}"


def wrong_code() -> Refused:
    """The refusal of every code that does not work, whatever is wrong with it."""
    return refused(ErrorCode.BAD_CODE, "That code is wrong, used, or too old.", path=("code",))


def factor_off() -> Refused:
    """The refusal where a factor is needed and there is none."""
    return refused(ErrorCode.SECOND_FACTOR_OFF, "There is no second factor.")
