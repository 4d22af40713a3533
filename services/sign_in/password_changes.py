"""Password changes by a signed-in person. Rule: docs/rules/sign-in.md#password-change."""

from tortoise.transactions import in_transaction

from models.accounts import Account
from services.auth import identity_providers, passwords, sessions
from services.core import audit, rate_limits
from services.core.audit import Actor
from services.errors import ErrorCode, NotAllowed
from services.messages import outbox
from services.sign_in.authentication import wrong_password


async def change(account_id: int, session_id: int, *, current: str, new: str, actor: Actor) -> str:
    """
    Set a new password; returns the session's new secret. Other sessions end; tokens and keys stay.

    Raises Refused: BAD_CREDENTIALS (the current one is wrong), every rule that the new one breaks, PASSWORD_REUSED,
    MANAGED_BY_IDP, RATE_LIMITED, UNAUTHENTICATED (the session has ended).
    """
    account = await Account.get_or_none(id=account_id).select_related("company")
    if account is None:
        raise NotAllowed(ErrorCode.UNAUTHENTICATED, "Sign in again.")
    if account.company is not None and account.company.sso:
        raise identity_providers.managed_refusal("newPassword")
    await rate_limits.spend("confirm-password", by=[f"account:{account_id}"])
    stored = await passwords.verify(account_id, current)
    if stored is None:
        await audit.record_refusal("password.changed", actor=actor, account_id=account_id)
        raise wrong_password("currentPassword")
    new_hash = await passwords.hash_new(account_id, account.email, new)
    async with in_transaction():
        if not await passwords.lock_if_unchanged(account_id, stored):
            raise wrong_password("currentPassword")
        await passwords.store(account_id, new_hash)
        secret = await sessions.renew(session_id)
        await sessions.end_all(account_id, except_for=session_id)
        await outbox.send_mail("password-changed", account)
        await audit.record("password.changed", actor=actor, account_id=account_id)
    return secret
