"""
Signing in: address and password, then the second factor where there is one.

A wrong address, a wrong password and a deactivated account get one answer, after the same work. Rule: docs/rules/sign-in.md#sign-in-steps.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from tortoise.transactions import in_transaction

from models.accounts import Account, AccountKind, AccountStatus
from models.audit import Origin
from models.passwords import Password
from models.second_factors import SecondFactorMethod
from models.verification_codes import Purpose
from services.auth import identity_providers, passwords, second_factors, sessions, verification_codes
from services.auth.principals import Client
from services.core import audit, rate_limits
from services.core.audit import Actor
from services.core.crypto import digest, keyed_digest
from services.core.email_addresses import Address, address_of
from services.errors import ErrorCode, Refused, refused

HALF_WAY = timedelta(minutes=10)
"""How long a sign-in waits for the second factor's code."""


@dataclass(frozen=True)
class SignedIn:
    """Somebody is signed in. `secret` is the cookie's value, here and nowhere else."""

    account_id: int
    secret: str

    def __repr__(self) -> str:
        return f"SignedIn(account_id={self.account_id}, secret=…)"


@dataclass(frozen=True)
class HalfWay:
    """The password was right; `complete` takes the token and a code of the second factor. No session yet."""

    token: str
    method: SecondFactorMethod

    def __repr__(self) -> str:
        return f"HalfWay(token=…, method={self.method})"


async def sign_in(email: str, password: str, client: Client) -> SignedIn | HalfWay:
    """
    Sign in by password. With a second factor the code is still missing; a texted one is sent.

    Raises Refused: BAD_CREDENTIALS, MANAGED_BY_IDP (by the address's domain alone), RATE_LIMITED.
    """
    address = _read(email)
    key = address.key if address else f"no address: {digest(email)}"  # which no account has
    await rate_limits.spend("sign-in", by=[f"address:{client.address}", f"email:{key}"])
    if address and await identity_providers.manages(address.domain):
        raise identity_providers.managed()
    account = await Account.get_or_none(email_key=key, kind=AccountKind.PERSON)
    stored = await passwords.verified_hash(account.id if account else 0, password)
    if account is None or stored is None or not _may_sign_in(account):
        await audit.record(
            "sign-in",
            actor=Actor(None, Origin.ANONYMOUS, client.address),
            account_id=account.id if account else None,
            company_id=account.company_id if account else None,  # no look-up tells them apart
            outcome=audit.REFUSED,
        )
        raise bad_credentials()
    method = await second_factors.method_of(account.id)
    if method is None:
        return await _begin(account, stored, client)
    if method is SecondFactorMethod.SMS:
        with suppress(Refused):  # texted too often: a backup code still gets them in
            await second_factors.send_code(account.id, purpose=Purpose.SIGN_IN_SMS)
    token = await verification_codes.issue_link(Purpose.SIGN_IN, account.id, _state(stored), HALF_WAY)
    return HalfWay(token, method)


async def complete(token: str, code: str, client: Client) -> SignedIn:
    """
    Finish a sign-in by a code of the second factor, or a backup code. Success uses the token up; a wrong code leaves it.

    Raises Refused: BAD_CODE (also when the token is used or too old, or the password was changed meanwhile), RATE_LIMITED.
    """
    await rate_limits.spend("code", by=[f"address:{client.address}"])
    link = await verification_codes.link_of(Purpose.SIGN_IN, token)
    account_id = link.account_id
    account = await Account.get_or_none(id=account_id, kind=AccountKind.PERSON)
    stored = await Password.get_or_none(account_id=account_id)
    if account is None or stored is None or not _may_sign_in(account):
        raise verification_codes.bad_code()
    if link.target != _state(stored.hash):
        raise verification_codes.bad_code()
    actor = Actor(None, Origin.ANONYMOUS, client.address)
    try:
        await second_factors.check(account_id, code, purpose=Purpose.SIGN_IN_SMS, actor=actor)
    except Refused:
        await audit.record("sign-in", actor=actor, account_id=account_id, outcome=audit.REFUSED, second_factor=True)
        raise
    return await _begin(account, stored.hash, client, token)


async def sign_out(account_id: int, session_id: int, *, actor: Actor) -> None:
    """End the session that asks."""
    async with in_transaction():
        await sessions.end(session_id)
        await audit.record("session.ended", actor=actor, account_id=account_id)


async def end_session(account_id: int, session_id: int, *, actor: Actor) -> None:
    """End a session of one's own. Raises Refused: NOT_FOUND."""
    async with in_transaction():
        await sessions.end_own(account_id, session_id)
        await audit.record("session.ended", actor=actor, account_id=account_id)


async def end_other_sessions(account_id: int, session_id: int, *, actor: Actor) -> int:
    """End all sessions of an account but the one that asks; returns how many."""
    async with in_transaction():
        ended = await sessions.end_all(account_id, but=session_id)
        await audit.record("session.others-ended", actor=actor, account_id=account_id, ended=ended)
    return ended


def bad_credentials() -> Refused:
    """The one answer to a sign-in that does not succeed."""
    return refused(ErrorCode.BAD_CREDENTIALS, "Address and password do not belong together.")


def wrong_password(path: str) -> Refused:
    """The answer to a wrong password of somebody who is signed in."""
    return refused(ErrorCode.BAD_CREDENTIALS, "That is not the password.", path=(path,))


async def _begin(account: Account, stored: str, client: Client, token: str | None = None) -> SignedIn:
    async with in_transaction():
        if not await passwords.still(account.id, stored):
            raise bad_credentials()
        if token is not None:
            await verification_codes.use_one(Purpose.SIGN_IN, token)
        secret = await sessions.begin(account.id, client)
        await audit.record(
            "sign-in",
            actor=Actor(account.id, Origin.SESSION, client.address),
            account_id=account.id,
            device=client.device,
        )
    return SignedIn(account.id, secret)


def _may_sign_in(account: Account) -> bool:
    return account.status is AccountStatus.ACTIVE and account.verified_at is not None


def _read(email: str) -> Address | None:
    try:
        return address_of(email)
    except Refused:
        return None


def _state(stored: str) -> str:
    """What changes with the password, so that a sign-in half-way does not outlive it."""
    return keyed_digest("sign-in-state", stored)
