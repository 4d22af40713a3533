"""
Setting up a second factor: begun, then confirmed with a first code. Only then does it count.

Whoever changes the app or the number switches the factor off first (services/auth/second_factor_removal.py).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tortoise.transactions import in_transaction

from models.accounts import Account
from models.second_factors import SecondFactor, SecondFactorMethod
from models.verification_codes import Purpose
from services.auth import backup_codes, sessions, totp
from services.auth.second_factors import (
    SEALED_TOTP,
    factor_off,
    locked,
    of,
    prove_texted,
    spend_text,
    step_of,
    text_code,
    wrong_code,
)
from services.core import audit, clock, phone_numbers, rate_limits
from services.core.audit import Actor
from services.core.crypto import seal
from services.errors import ErrorCode, Refused, refused
from services.messages import outbox

SETUP_LIFETIME: Final = timedelta(hours=1)
"""How long a set-up can be confirmed after it was begun."""


@dataclass(frozen=True, repr=False)
class BegunTotp:
    """What an authenticator app needs. It is here and nowhere else, ever."""

    secret: str
    uri: str
    qr_code: str


@dataclass(frozen=True, repr=False)
class Confirmed:
    """A factor that is in force now. The codes and the session's new secret are here and nowhere else, ever."""

    method: SecondFactorMethod
    confirmed_at: datetime
    backup_codes: list[str]
    session_secret: str


async def begin_totp(account_id: int) -> BegunTotp:
    """
    Make a secret for an authenticator app; a set-up that was begun before is dropped.

    Raises Refused: SECOND_FACTOR_ALREADY_ON, RATE_LIMITED.
    """
    await rate_limits.spend("second-factor-set-up", by=[of(account_id)])
    secret = totp.new_secret()
    account = await _begin(account_id, SecondFactorMethod.TOTP, seal(SEALED_TOTP, secret))
    uri = totp.uri(secret, account.email)
    return BegunTotp(secret, uri, totp.qr_code(uri))


async def begin_sms(account_id: int, phone_number: str) -> None:
    """
    Text a code to a number; a set-up that was begun before is dropped.

    Raises Refused: BAD_INPUT, SECOND_FACTOR_ALREADY_ON, RATE_LIMITED.
    """
    number = phone_numbers.number_of(phone_number)
    await spend_text(account_id, number)
    async with in_transaction():
        await _begin(account_id, SecondFactorMethod.SMS, phone_numbers.sealed(number))
        await text_code(account_id, number, Purpose.SECOND_FACTOR_SMS)


async def confirm_totp(account_id: int, code: str, *, session_id: int, actor: Actor) -> Confirmed:
    """
    Put an authenticator app in force by its first code, which cannot be used again.

    Gives ten backup codes, renews the session's secret and ends the account's other sessions. Raises Refused: BAD_CODE,
    SECOND_FACTOR_OFF (no set-up was begun within the hour), SECOND_FACTOR_ALREADY_ON, RATE_LIMITED.
    """
    await rate_limits.spend("second-factor", by=[of(account_id)])
    async with in_transaction():
        factor = _pending(await locked(account_id), SecondFactorMethod.TOTP)
        step = step_of(factor, code)
        if step is None:
            raise wrong_code()
        factor.last_step = step
        return await _put_in_force(factor, session_id, actor)


async def confirm_sms(account_id: int, code: str, *, session_id: int, actor: Actor) -> Confirmed:
    """Put a phone number in force by the code that was texted to it. As `confirm_totp`."""
    await rate_limits.spend("second-factor", by=[of(account_id)])
    factor = _pending(await SecondFactor.get_or_none(account_id=account_id), SecondFactorMethod.SMS)
    # Not inside the transaction: the count of wrong tries must outlive the refusal.
    await prove_texted(Purpose.SECOND_FACTOR_SMS, factor, code)
    async with in_transaction():
        now = _pending(await locked(account_id), SecondFactorMethod.SMS)
        if now.sealed != factor.sealed:  # begun again meanwhile: the code was for what is no more
            raise wrong_code()
        return await _put_in_force(now, session_id, actor)


async def renew_backup_codes(account_id: int, *, actor: Actor) -> list[str]:
    """Make ten new backup codes; the old ones are dead. Raises Refused: SECOND_FACTOR_OFF, RATE_LIMITED."""
    await rate_limits.spend("second-factor-set-up", by=[of(account_id)])
    async with in_transaction():
        factor = await locked(account_id)
        if factor is None or factor.confirmed_at is None:
            raise factor_off()
        account = await Account.get(id=account_id)
        await outbox.send_mail("backup-codes-made", account, account=account.email)
        return await _backup_codes(account_id, actor)


async def _begin(account_id: int, method: SecondFactorMethod, sealed: str) -> Account:
    async with in_transaction():
        # There may be no factor to lock yet: the account stands in for it.
        account = await Account.select_for_update().get(id=account_id)
        factor = await locked(account_id)
        if factor is not None:
            if factor.confirmed_at is not None:
                raise _already_on()
            await factor.delete()
        await SecondFactor.create(account_id=account_id, method=method, sealed=sealed, created_at=clock.now())
        return account


def _pending(factor: SecondFactor | None, method: SecondFactorMethod) -> SecondFactor:
    if factor is not None and factor.confirmed_at is not None:
        raise _already_on()
    if factor is None or factor.method is not method or factor.created_at + SETUP_LIFETIME <= clock.now():
        raise refused(ErrorCode.SECOND_FACTOR_OFF, "No such set-up was begun within the last hour.")
    return factor


async def _put_in_force(factor: SecondFactor, session_id: int, actor: Actor) -> Confirmed:
    account_id: int = factor.pk
    factor.confirmed_at = clock.now()
    await factor.save(update_fields=["confirmed_at", "last_step"])
    fresh = await _backup_codes(account_id, actor)
    secret = await sessions.renew(session_id)
    await sessions.end_all(account_id, but=session_id)
    account = await Account.get(id=account_id)
    await outbox.send_mail("second-factor-on", account, account=account.email)
    await audit.record("second-factor.on", actor=actor, account_id=account_id, method=factor.method.value)
    return Confirmed(factor.method, factor.confirmed_at, fresh, secret)


async def _backup_codes(account_id: int, actor: Actor) -> list[str]:
    made = await backup_codes.make(account_id)
    await audit.record("second-factor.backup-codes-made", actor=actor, account_id=account_id, count=len(made))
    return made


def _already_on() -> Refused:
    return refused(
        ErrorCode.SECOND_FACTOR_ALREADY_ON, "There is a second factor already: deactivate it before you set up another."
    )
