"""
Setting up a second factor: begin, then confirm it with a first code, which puts it in force.

To change the app or the number, the factor must be removed first (services/auth/second_factor_removal.py).
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
    account_key,
    factor_off,
    lock_factor,
    spend_text,
    step_of,
    text_code,
    verify_texted,
    wrong_code,
)
from services.core import audit, clock, phone_numbers, rate_limits
from services.core.audit import Actor
from services.core.crypto import TOTP_SECRET, seal
from services.errors import ErrorCode, Refused, refused
from services.messages import outbox

SETUP_LIFETIME: Final = timedelta(hours=1)
"""Time in which a set-up must be confirmed."""


@dataclass(frozen=True, repr=False)
class PendingTotp:
    """The data for an authenticator app. The secret is not returned again."""

    secret: str
    uri: str
    qr_code: str


@dataclass(frozen=True, repr=False)
class ConfirmedFactor:
    """A factor that is in force. The codes and the session's new secret are not returned again."""

    method: SecondFactorMethod
    confirmed_at: datetime
    backup_codes: list[str]
    session_secret: str


async def begin_totp(account_id: int) -> PendingTotp:
    """
    Create a secret for an authenticator app; replaces an unconfirmed set-up.

    Raises Refused: SECOND_FACTOR_ALREADY_ON, RATE_LIMITED.
    """
    await rate_limits.spend("second-factor-set-up", by=[account_key(account_id)])
    secret = totp.new_secret()
    account = await _create_factor(account_id, SecondFactorMethod.TOTP, seal(TOTP_SECRET, secret))
    uri = totp.uri(secret, account.email)
    return PendingTotp(secret, uri, totp.qr_code(uri))


async def begin_sms(account_id: int, phone_number: str) -> None:
    """
    Text a code to a number; replaces an unconfirmed set-up.

    Raises Refused: BAD_INPUT, SECOND_FACTOR_ALREADY_ON, RATE_LIMITED.
    """
    number = phone_numbers.number_of(phone_number)
    await spend_text(account_id, number)
    async with in_transaction():
        await _create_factor(account_id, SecondFactorMethod.SMS, phone_numbers.sealed(number))
        await text_code(account_id, number, Purpose.SECOND_FACTOR_SMS)


async def confirm_totp(account_id: int, code: str, *, session_id: int, actor: Actor) -> ConfirmedFactor:
    """
    Put an authenticator app in force by its first code, which cannot be used again.

    Creates ten backup codes, renews the session's secret and ends the account's other sessions. Raises Refused: BAD_CODE,
    SECOND_FACTOR_OFF (no set-up within the last hour), SECOND_FACTOR_ALREADY_ON, RATE_LIMITED.
    """
    await rate_limits.spend("second-factor", by=[account_key(account_id)])
    async with in_transaction():
        factor = _pending(await lock_factor(account_id), SecondFactorMethod.TOTP)
        step = step_of(factor, code)
        if step is None:
            raise wrong_code()
        factor.last_step = step
        return await _put_in_force(factor, session_id, actor)


async def confirm_sms(account_id: int, code: str, *, session_id: int, actor: Actor) -> ConfirmedFactor:
    """Put a phone number in force by the code that was texted to it; otherwise as `confirm_totp`."""
    await rate_limits.spend("second-factor", by=[account_key(account_id)])
    factor = _pending(await SecondFactor.get_or_none(account_id=account_id), SecondFactorMethod.SMS)
    # Outside of the transaction: the count of failures must outlive the refusal.
    await verify_texted(Purpose.SECOND_FACTOR_SMS, factor, code)
    async with in_transaction():
        current = _pending(await lock_factor(account_id), SecondFactorMethod.SMS)
        if current.sealed != factor.sealed:  # replaced meanwhile: the code was for the other number
            raise wrong_code()
        return await _put_in_force(current, session_id, actor)


async def renew_backup_codes(account_id: int, *, actor: Actor) -> list[str]:
    """Replace the backup codes by ten new ones. Raises Refused: SECOND_FACTOR_OFF, RATE_LIMITED."""
    await rate_limits.spend("second-factor-set-up", by=[account_key(account_id)])
    async with in_transaction():
        factor = await lock_factor(account_id)
        if factor is None or factor.confirmed_at is None:
            raise factor_off()
        account = await Account.get(id=account_id)
        await outbox.send_mail("backup-codes-made", account, account=account.email)
        return await _create_backup_codes(account_id, actor)


async def _create_factor(account_id: int, method: SecondFactorMethod, sealed: str) -> Account:
    async with in_transaction():
        # There may be no factor to lock yet: lock the account.
        account = await Account.select_for_update(no_key=True).get(id=account_id)
        factor = await lock_factor(account_id)
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
        raise refused(ErrorCode.SECOND_FACTOR_OFF, "No such set-up was begun in the last hour.")
    return factor


async def _put_in_force(factor: SecondFactor, session_id: int, actor: Actor) -> ConfirmedFactor:
    account_id: int = factor.pk
    factor.confirmed_at = clock.now()
    await factor.save(update_fields=["confirmed_at", "last_step"])
    codes = await _create_backup_codes(account_id, actor)
    secret = await sessions.renew(session_id)
    await sessions.end_all(account_id, except_for=session_id)
    account = await Account.get(id=account_id)
    await outbox.send_mail("second-factor-on", account, account=account.email)
    await audit.record("second-factor.on", actor=actor, account_id=account_id, method=factor.method.value)
    return ConfirmedFactor(factor.method, factor.confirmed_at, codes, secret)


async def _create_backup_codes(account_id: int, actor: Actor) -> list[str]:
    made = await backup_codes.create(account_id)
    await audit.record("second-factor.backup-codes-made", actor=actor, account_id=account_id, count=len(made))
    return made


def _already_on() -> Refused:
    return refused(
        ErrorCode.SECOND_FACTOR_ALREADY_ON, "A second factor is already on. Switch it off before you set up another."
    )
