"""
Password reset by a mailed link, for a lost password or a first one.

The response and its time reveal nothing about which addresses have accounts.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from tortoise.expressions import Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from models.accounts import Account, AccountKind, AccountStatus
from models.audit import Origin
from models.verification_codes import Purpose
from services.auth import passwords, sessions, verification_codes
from services.auth.principals import Client
from services.auth.recent_credentials import Revocation, revoke_recent
from services.core import audit, rate_limits
from services.core.audit import Actor
from services.core.email_addresses import Address, address_of
from services.messages import outbox

LINK_LIFETIME = timedelta(minutes=30)
MIN_REQUEST_SECONDS = 0.25
"""Every request for a link takes at least this long, so that its time does not reveal whether a mail was written."""
MAX_ACCOUNTS_PER_ADDRESS = 10
"""Accounts that one request mails links for: several may share a recovery address."""


async def request(email: str, client: Client) -> None:
    """
    Mail a link to the address if it is an account's, or the verified recovery address of its profile.

    Deactivated accounts and those with an identity provider get none. Raises Refused: BAD_INPUT (malformed address),
    RATE_LIMITED; neither depends on which accounts exist.
    """
    address = address_of(email)
    await rate_limits.spend("forgot-password", by=[f"address:{client.address}", f"email:{address.key}"])
    loop = asyncio.get_running_loop()
    begun = loop.time()
    try:
        async with in_transaction():
            for account in await _accounts_reachable_at(address):
                secret = await verification_codes.issue_link(
                    Purpose.RESET_PASSWORD, account.id, address.key, LINK_LIFETIME
                )
                link = outbox.client_link("/reset-password", token=secret)
                own = account.email_key == address.key
                to = account if own or account.profile is None else account.profile
                await outbox.send_mail("password-reset", to, account=account.email, link=link)
                await audit.record(
                    "password.reset-requested",
                    actor=Actor(None, Origin.ANONYMOUS, client.address),
                    account_id=account.id,
                    recovery_email=not own,
                )
    finally:
        await asyncio.sleep(max(0.0, begun + MIN_REQUEST_SECONDS - loop.time()))


async def reset(token: str, new: str, client: Client) -> Revocation:
    """
    Set a new password by the secret of a mailed link; returns revoked and remaining tokens and keys.

    All sessions of the account end and none begins: sign-in still needs the second factor. Tokens and keys of the last 7
    days are revoked. A refused password leaves the link usable.

    Raises Refused: BAD_CODE, every rule that the password breaks, PASSWORD_REUSED, RATE_LIMITED.
    """
    await rate_limits.spend("code", by=[f"address:{client.address}"])
    link = await verification_codes.link_of(Purpose.RESET_PASSWORD, token)
    account = await _account_of(link)
    new_hash = await passwords.hash_new(account.id, account.email, new)
    async with in_transaction():
        await _account_of(await verification_codes.use_link(Purpose.RESET_PASSWORD, token))
        await Account.select_for_update(no_key=True).get(
            id=account.id
        )  # a concurrent creation of a token waits, and then finds no session
        await passwords.store(account.id, new_hash)
        await sessions.end_all(account.id)
        actor = Actor(None, Origin.ANONYMOUS, client.address)
        await audit.record("password.reset", actor=actor, account_id=account.id)
        revocation = await revoke_recent(account.id, actor=actor)
        await outbox.send_mail(
            "password-reset-done",
            account,
            account=account.email,
            revoked=revocation.revoked.names_for_mail,
            kept=revocation.remaining.names_for_mail,
        )
        return revocation


async def _accounts_reachable_at(address: Address) -> Sequence[Account]:
    """Indexes: unique (email_key), profile (recovery_email_key)."""
    by_recovery = Q(profile__recovery_email_key=address.key, profile__recovery_email_verified_at__not_isnull=True)
    found = (
        await _may_have_password()
        .filter(Q(email_key=address.key) | by_recovery)
        .order_by("id")
        .limit(MAX_ACCOUNTS_PER_ADDRESS)
    )
    return [account for account in found if account.company is None or not account.company.sso]


async def _account_of(link: verification_codes.Link) -> Account:
    """The account of a link, if the link's address may still reset its password. Raises Refused: BAD_CODE."""
    account = await _may_have_password().get_or_none(id=link.account_id)
    if account is None or (account.company is not None and account.company.sso):
        raise verification_codes.bad_code()
    profile = account.profile
    recovery = profile.recovery_email_key if profile and profile.recovery_email_verified_at else None
    if link.target not in {account.email_key, recovery}:
        raise verification_codes.bad_code()
    return account


def _may_have_password() -> QuerySet[Account]:
    return Account.filter(
        kind=AccountKind.PERSON, status=AccountStatus.ACTIVE, verified_at__not_isnull=True
    ).select_related("company", "profile")
