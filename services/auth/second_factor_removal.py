"""
Removing a second factor: by a mailed link, followed while signed in. It takes the session and the mailbox.

The company's admins are notified of the request and of the removal.
"""

from datetime import timedelta
from typing import Final

from tortoise.transactions import in_transaction

from models.accounts import Account, AccountStatus
from models.second_factors import SecondFactor
from models.verification_codes import MailedLink, Purpose
from services.auth import backup_codes, sessions, verification_codes
from services.auth.second_factors import account_key, factor_off, lock_factor
from services.core import audit, rate_limits
from services.core.audit import OPERATOR, Actor
from services.errors import ErrorCode, Refused, refused
from services.messages import outbox

LINK_LIFETIME: Final = timedelta(minutes=30)
SMS_PURPOSES: Final = (Purpose.SECOND_FACTOR_SMS, Purpose.SIGN_IN_SMS, Purpose.ELEVATION_SMS, Purpose.MERGE_SMS)


async def request(account_id: int, *, actor: Actor) -> None:
    """
    Mail the link to the account's address, and notify the company's admins.

    Raises Refused: SECOND_FACTOR_OFF, RATE_LIMITED.
    """
    await rate_limits.spend("second-factor-link", by=[account_key(account_id)])
    async with in_transaction():
        factor = await lock_factor(account_id)
        if factor is None or factor.confirmed_at is None:
            raise factor_off()
        account = await Account.get(id=account_id)
        secret = await verification_codes.issue_link(
            Purpose.DEACTIVATE_SECOND_FACTOR, account_id, _version_of(factor), LINK_LIFETIME
        )
        link = outbox.client_link("/second-factor/deactivate", token=secret)
        await outbox.send_mail("second-factor-off-link", account, account=account.email, link=link)
        await _notify_admins(account, "second-factor-off-begun")
        await audit.record("second-factor.off-requested", actor=actor, account_id=account_id)


async def deactivate(account_id: int, token: str, *, session_id: int, actor: Actor) -> str:
    """
    Remove the factor by the link that was mailed to this account for this factor. Ends the account's other sessions and
    returns this session's new secret. Raises Refused: BAD_CODE; the link stays usable then.
    """
    async with in_transaction():
        factor = await lock_factor(account_id)
        used = await verification_codes.use_link(Purpose.DEACTIVATE_SECOND_FACTOR, token)
        if used.account_id != account_id or factor is None or used.target != _version_of(factor):
            raise _bad_link()
        await _remove(factor, actor, mail="second-factor-off")
        secret = await sessions.renew(session_id)
        await sessions.end_all(account_id, except_for=session_id)
        return secret


async def reset(account_id: int) -> None:
    """
    Remove the factor as an operator, for a person who lost the phone and the backup codes; also one that is being set
    up. All sessions of the account end. Raises Refused: SECOND_FACTOR_OFF.
    """
    async with in_transaction():
        factor = await lock_factor(account_id)
        if factor is None:
            raise factor_off()
        await _remove(factor, OPERATOR, mail="second-factor-reset")
        await sessions.end_all(account_id)


async def _remove(factor: SecondFactor, actor: Actor, *, mail: str) -> None:
    account = await Account.get(id=factor.pk)
    method, was_confirmed = factor.method.value, factor.confirmed_at is not None
    await backup_codes.delete_all(account.id)
    await MailedLink.filter(purpose=Purpose.DEACTIVATE_SECOND_FACTOR, account_id=account.id).delete()
    for purpose in SMS_PURPOSES:
        await verification_codes.revoke(purpose, account_key(account.id))
    await factor.delete()
    if was_confirmed:  # an unconfirmed factor protected nothing: no mail
        await outbox.send_mail(mail, account, account=account.email)
        await _notify_admins(account, "second-factor-off-member")
    await audit.record("second-factor.off", actor=actor, account_id=account.id, method=method)


async def _notify_admins(account: Account, kind: str) -> None:
    company_id: int | None = account.company_id
    if company_id is None:
        return
    admins = Account.filter(company_id=company_id, company_admin=True, status=AccountStatus.ACTIVE).exclude(
        id=account.id
    )
    for admin in await admins.order_by("id"):
        await outbox.send_mail(kind, admin, account=account.email)


def _version_of(factor: SecondFactor) -> str:
    """Distinguishes this factor from one that the account sets up later."""
    return "" if factor.confirmed_at is None else factor.confirmed_at.isoformat()


def _bad_link() -> Refused:
    return refused(ErrorCode.BAD_CODE, "The link is wrong, used, or expired.", path=("token",))
