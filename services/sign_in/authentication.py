"""
Sign-in: address and password, then the second factor if there is one.

A wrong address, a wrong password and a deactivated account get the same refusal, after the same work. Rule: docs/rules/sign-in.md#sign-in-steps.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from tortoise.transactions import in_transaction

from models.accounts import Account, AccountKind, AccountStatus
from models.audit import Origin
from models.passwords import Password
from models.second_factors import SecondFactorMethod
from models.transactions import require_transaction
from models.verification_codes import Purpose
from services.auth import identity_providers, passwords, second_factors, sessions, verification_codes
from services.auth.principals import Client
from services.core import audit, clock, rate_limits
from services.core.audit import Actor
from services.core.crypto import digest, keyed_digest
from services.core.email_addresses import Address, address_of
from services.errors import ErrorCode, Refused, refused

PENDING_SIGN_IN_LIFETIME = timedelta(minutes=10)
"""Time for the second factor's code after the password."""


@dataclass(frozen=True)
class SignedIn:
    """A completed sign-in. `secret` is the cookie's value, which is not stored."""

    account_id: int
    secret: str

    def __repr__(self) -> str:
        return f"SignedIn(account_id={self.account_id}, secret=…)"


@dataclass(frozen=True)
class PendingSignIn:
    """The password was right, and `complete` needs this token and a code. There is no session yet."""

    token: str
    method: SecondFactorMethod

    def __repr__(self) -> str:
        return f"PendingSignIn(token=…, method={self.method})"


async def sign_in(email: str, password: str, client: Client) -> SignedIn | PendingSignIn:
    """
    Sign in by password. With a second factor the sign-in is pending until its code; a texted code is sent.

    Raises Refused: BAD_CREDENTIALS, MANAGED_BY_IDP (by the address's domain only), RATE_LIMITED.
    """
    address = _parse_address(email)
    key = address.key if address else f"no address: {digest(email)}"  # no account has this key
    await rate_limits.spend("sign-in", by=[f"address:{client.address}", f"email:{key}"])
    if address and await identity_providers.manages(address.domain):
        raise identity_providers.managed_refusal()
    account = await Account.get_or_none(email_key=key, kind=AccountKind.PERSON)
    stored = await passwords.verify(account.id if account else 0, password)
    if account is None or stored is None or not _may_sign_in(account):
        await audit.record_refusal(
            "sign-in",
            actor=Actor(None, Origin.ANONYMOUS, client.address),
            account_id=account.id if account else None,
            company_id=account.company_id if account else None,  # the same queries with and without an account
        )
        raise bad_credentials()
    method = await second_factors.method_of(account.id)
    if method is None:
        return await _begin_session(account, stored, client)
    if method is SecondFactorMethod.SMS:
        with suppress(Refused):  # rate limited: a backup code still works
            await second_factors.send_code(account.id, purpose=Purpose.SIGN_IN_SMS)
    async with in_transaction():
        token = await verification_codes.issue_link(
            Purpose.SIGN_IN, account.id, _password_version(stored), PENDING_SIGN_IN_LIFETIME
        )
    return PendingSignIn(token, method)


async def complete(token: str, code: str, client: Client) -> SignedIn:
    """
    Complete a sign-in by a code of the second factor, or a backup code. Success uses the token; a wrong code does not.

    Raises Refused: BAD_CODE (also if the token is used or expired, or the password has changed), RATE_LIMITED.
    """
    await rate_limits.spend("code", by=[f"address:{client.address}"])
    link = await verification_codes.link_of(Purpose.SIGN_IN, token)
    account_id = link.account_id
    account = await Account.get_or_none(id=account_id, kind=AccountKind.PERSON)
    stored = await Password.get_or_none(account_id=account_id)
    if account is None or stored is None or not _may_sign_in(account):
        raise verification_codes.bad_code()
    if link.target != _password_version(stored.hash):
        raise verification_codes.bad_code()
    actor = Actor(None, Origin.ANONYMOUS, client.address)
    try:
        await second_factors.check(account_id, code, purpose=Purpose.SIGN_IN_SMS, actor=actor)
    except Refused:
        await audit.record_refusal("sign-in", actor=actor, account_id=account_id, second_factor=True)
        raise
    return await _begin_session(account, stored.hash, client, token)


async def sign_out(account_id: int, session_id: int, *, actor: Actor) -> None:
    """End the caller's session."""
    async with in_transaction():
        await sessions.end(session_id)
        await audit.record("session.ended", actor=actor, account_id=account_id)


async def end_session(account_id: int, session_id: int, *, actor: Actor) -> None:
    """End a session of the caller's account. Raises Refused: NOT_FOUND."""
    async with in_transaction():
        await sessions.end_own(account_id, session_id)
        await audit.record("session.ended", actor=actor, account_id=account_id)


async def end_other_sessions(account_id: int, session_id: int, *, actor: Actor) -> int:
    """End all sessions of an account except the caller's; returns how many ended."""
    async with in_transaction():
        ended = await sessions.end_all(account_id, except_for=session_id)
        await audit.record("session.others-ended", actor=actor, account_id=account_id, ended=ended)
    return ended


def bad_credentials() -> Refused:
    """The refusal of any failed sign-in."""
    return refused(ErrorCode.BAD_CREDENTIALS, "The address or the password is wrong.")


def wrong_password(path: str) -> Refused:
    """The refusal of a signed-in person's wrong password."""
    return refused(ErrorCode.BAD_CREDENTIALS, "The password is wrong.", path=(path,))


async def begin_session(account_id: int, client: Client) -> str:
    """
    Complete a sign-in: begin a session, and record it and its time; returns the cookie's value, which is not stored.
    Requires a transaction.
    """
    require_transaction()
    secret = await sessions.begin(account_id, client)
    await Account.filter(id=account_id).update(last_sign_in_at=clock.now())
    actor = Actor(account_id, Origin.SESSION, client.address)
    await audit.record("sign-in", actor=actor, account_id=account_id, device=client.device)
    return secret


async def _begin_session(account: Account, stored: str, client: Client, token: str | None = None) -> SignedIn:
    async with in_transaction():
        if not await passwords.lock_if_unchanged(account.id, stored):
            raise bad_credentials()
        if token is not None:
            await verification_codes.use_single_link(Purpose.SIGN_IN, token)
        secret = await begin_session(account.id, client)
    return SignedIn(account.id, secret)


def _may_sign_in(account: Account) -> bool:
    return account.status is AccountStatus.ACTIVE and account.verified_at is not None


def _parse_address(email: str) -> Address | None:
    try:
        return address_of(email)
    except Refused:
        return None


def _password_version(stored: str) -> str:
    """Changes with the password, so that a pending sign-in ends with it."""
    return keyed_digest("sign-in-state", stored)
