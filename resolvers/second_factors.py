"""Two-factor authentication of the viewer's account."""

from collections.abc import Sequence
from typing import Any

from models.second_factors import BackupCode, SecondFactor
from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from resolvers.viewer import viewer_row
from services.auth import second_factor_removal, second_factor_setup


@columns("is_enabled", "method", "confirmed_at", "backup_codes_left")
async def of_accounts(account_ids: Sequence[int], context: Context) -> list[Row | None]:
    """
    The second factor of the viewer's account; a row with `is_enabled` false if there is none.

    None for any other account, and for tokens and API keys, which must not learn of it. This is no permission, because one
    would exclude every operation with this field from plans for anonymous callers.
    """
    own = context.viewer.account_id
    if context.viewer.session_id is None:
        return [None] * len(account_ids)
    factor = await SecondFactor.get_or_none(account_id=own, confirmed_at__not_isnull=True)
    if factor is None:
        row: Row = {"is_enabled": False, "method": None, "confirmed_at": None, "backup_codes_left": 0}
    else:
        left = await BackupCode.filter(account_id=own, used_at=None).count()
        row = {
            "is_enabled": True,
            "method": factor.method,
            "confirmed_at": factor.confirmed_at,
            "backup_codes_left": left,
        }
    return [row if account_id == own else None for account_id in account_ids]


async def begin_totp(context: Context) -> Row:
    """Begin the setup of an authenticator app. Its secret is returned only here."""
    begun = await second_factor_setup.begin_totp(_account_id(context))
    return {"secret": begun.secret, "uri": begun.uri, "qr_code": begun.qr_code}


async def confirm_totp(context: Context, *, input: Any) -> Row:
    """Turn the authenticator app on. The backup codes are returned only here."""
    done = await second_factor_setup.confirm_totp(
        _account_id(context), input.code, session_id=_session_id(context), actor=actor_of(context)
    )
    return _confirmed_row(context, done)


async def begin_sms(context: Context, *, input: Any) -> Row:
    """Send a code to a phone number."""
    await second_factor_setup.begin_sms(_account_id(context), input.phone_number)
    return {}


async def confirm_sms(context: Context, *, input: Any) -> Row:
    """Turn text messages on. The backup codes are returned only here."""
    done = await second_factor_setup.confirm_sms(
        _account_id(context), input.code, session_id=_session_id(context), actor=actor_of(context)
    )
    return _confirmed_row(context, done)


async def regenerate_backup_codes(context: Context) -> Row:
    """Replace the backup codes. They are returned only here."""
    codes = await second_factor_setup.renew_backup_codes(_account_id(context), actor=actor_of(context))
    return {"viewer": viewer_row(context), "backup_codes": codes}


async def request_deactivation(context: Context) -> Row:
    """Mail a link that turns the second factor off."""
    await second_factor_removal.request(_account_id(context), actor=actor_of(context))
    return {}


async def deactivate(context: Context, *, input: Any) -> Row:
    """Turn the second factor off."""
    context.cookie = await second_factor_removal.deactivate(
        _account_id(context), input.token, session_id=_session_id(context), actor=actor_of(context)
    )
    return {"viewer": viewer_row(context)}


def _confirmed_row(context: Context, done: second_factor_setup.ConfirmedFactor) -> Row:
    context.cookie = done.session_secret
    return {"viewer": viewer_row(context), "backup_codes": done.backup_codes}


def _account_id(context: Context) -> int:
    return context.viewer.account_id or 0


def _session_id(context: Context) -> int:
    return context.viewer.session_id or 0
