"""
Another account of the own profile: an address, a password, and a code that is mailed to the address.

It is a pending sign-up like that of a new person (pending_sign_ups.py), but bound to the session in which it was started: the
code is worth nothing in another one. For an address that has an account it is stored with the same work; its mail says how to
merge. It signs no one in. Rule: docs/rules/accounts.md#creating-another-account.
"""

from dataclasses import dataclass
from typing import Any

from tortoise.transactions import in_transaction

from models.accounts import Account, AccountStatus
from models.transactions import require_transaction
from models.verification_codes import SignUp
from services.accounts import accounts
from services.accounts.companies import company_of_domain
from services.auth import identity_providers, passwords, sessions, verification_codes
from services.core import audit, clock, rate_limits
from services.core.audit import Actor
from services.core.crypto import digest, keyed_digest
from services.core.email_addresses import Address, address_of
from services.core.idempotency import Answer, run_once
from services.errors import ErrorCode, Problem, Refused, refused
from services.invites import invites
from services.messages import outbox
from services.messages.outbox import NewMail
from services.profiles import profile_changes
from services.progress.scores import lock_score_rows
from services.sign_in import first_of_company, pending_sign_ups


@dataclass(frozen=True)
class Initiator:
    """The account and the session of the person who adds an account. `actor` is for the audit trail."""

    account_id: int
    session_id: int
    actor: Actor


async def begin(by: Initiator, email: str, password: str, *, marketing: bool, key: str | None = None) -> None:
    """
    Mail a code to the address of a new account. A second call for an address replaces the first.

    Raises Refused: all problems of the input at once (BAD_INPUT, the password's rules); ALREADY_EXISTS (an own address);
    TOO_MANY_ITEMS (the profile has 20 accounts); MANAGED_BY_IDP (the company of the address or of the account has an identity
    provider); RATE_LIMITED; UNAUTHENTICATED (the session has ended); and the errors of services/core/idempotency.py for `key`. The
    result is the same if another person has an account with the address.
    """
    address = _check_input(email, password)
    password_hashes: list[str] = []

    async def prepare() -> None:
        await _spend_mail(by, address)
        await _require_possible(by, address)
        await _require_unmanaged(by, address)
        password_hashes.append(await passwords.hash_password(password))

    async def store() -> Answer:
        # Hashed here only if the key of a repeated call expired after it was looked up.
        password_hash = password_hashes[0] if password_hashes else await passwords.hash_password(password)
        sign_up = SignUp(
            digest=digest(verification_codes.new_secret()),
            email=address.email,
            email_key=address.key,
            name="",
            password_hash=password_hash,
            marketing=marketing,
            session_id=by.session_id,
            created_at=clock.now(),
        )
        await pending_sign_ups.save(sign_up, _mail_by(by))
        return {}

    arguments = {
        "session": by.session_id,
        "email": address.email,
        "password": keyed_digest("create-account-password", password),
        "marketing": marketing,
    }
    await run_once(by.account_id, key, "createAccount", arguments, store, spend_first=prepare)


async def resend(by: Initiator, email: str) -> None:
    """
    Mail another code, which replaces the previous one. An address that waits for none in this session is no error. Raises
    Refused: BAD_INPUT, RATE_LIMITED, UNAUTHENTICATED (the session has ended).
    """
    address = address_of(email)
    await _spend_mail(by, address)
    async with in_transaction():
        sign_up = await SignUp.select_for_update().get_or_none(email_key=address.key, session_id=by.session_id)
        if sign_up is not None:
            await pending_sign_ups.mail_new_code(sign_up, _mail_by(by))


async def verify(by: Initiator, email: str, code: str) -> Account:
    """
    Create the account on the profile that the initiator has now. It joins the company of its domain. It counts for no
    referrer, because it is no new person. Its owner and the other accounts of the profile are notified.

    Raises Refused: BAD_INPUT, BAD_CODE (also in another session), ALREADY_EXISTS (the address has an account by now), TOO_MANY_ITEMS,
    MANAGED_BY_IDP, RATE_LIMITED; NotAllowed: UNAUTHENTICATED (the session has ended), ELEVATION_REQUIRED.
    """
    address = address_of(email)
    await rate_limits.spend("create-account-code", by=[f"account:{by.account_id}"])
    sign_up = await SignUp.get_or_none(email_key=address.key, session_id=by.session_id)
    if sign_up is None:
        raise verification_codes.bad_code()
    await pending_sign_ups.use_code(sign_up, code)
    return await pending_sign_ups.finish(lambda: _create_account(by, sign_up))


async def _create_account(by: Initiator, sign_up: SignUp) -> Account:
    await pending_sign_ups.lock(sign_up)
    address = address_of(sign_up.email)
    await _require_unmanaged(by, address)
    first = await first_of_company.would_be_first(await company_of_domain(address.domain))
    initiator = await _lock_account(by)
    profile_id = initiator.own_profile_id
    await lock_score_rows([profile_id])
    if await Account.exists(email_key=address.key):
        text = "This address already has an account: merge its profile into yours."
        raise refused(ErrorCode.ALREADY_EXISTS, text, path=("email",))
    others = await Account.filter(profile_id=profile_id, status=AccountStatus.ACTIVE).order_by("id")
    account = await accounts.add_account(address, profile_id, marketing=sign_up.marketing)
    await passwords.store(account.id, sign_up.password_hash)
    await sign_up.delete()
    if first:
        await first_of_company.award(account)
    await invites.withdraw_own(profile_id, address.key)
    await profile_changes.record_account(account, actor=by.actor)
    await audit.record("account.created", actor=by.actor, account_id=account.id)
    await outbox.send_mails(
        [
            NewMail("new-account-added", account, {"account": initiator.email}),
            *(NewMail("other-account-added", each, {"account": account.email}) for each in others),
        ]
    )
    return account


async def _lock_account(by: Initiator) -> Account:
    """
    Lock the initiator's account until the transaction ends: its profile is the one that the person has now, and what ends all its
    sessions, and a merge, wait. Raises NotAllowed: UNAUTHENTICATED (the session has ended), ELEVATION_REQUIRED.
    Requires a transaction.
    """
    require_transaction()
    # Weakly: rows of other calls refer to it. After the sign-up and the company, and before score rows, like other writers.
    account = await Account.select_for_update(no_key=True).get_or_none(id=by.account_id)
    await sessions.require_elevated(by.session_id)
    if account is None:
        raise RuntimeError("A session without an account.")
    return account


def _mail_by(by: Initiator) -> pending_sign_ups.MailCode:
    """Return what writes the mails of both cases and withholds one of them, so that the work is the same for every address."""

    async def mail(sign_up: SignUp, code: str) -> None:
        initiator = await _lock_account(by)
        taken = await Account.get_or_none(email_key=sign_up.email_key)
        facts, about = {"account": initiator.email}, initiator.own_profile_id
        is_free = taken is None
        await outbox.send_mails(
            [
                NewMail(
                    "new-account-code", sign_up, {"code": code, **facts}, withheld=not is_free, about_profile_id=about
                ),
                NewMail("new-account-taken", taken or initiator, facts, withheld=is_free, about_profile_id=about),
            ]
        )

    return mail


async def _spend_mail(by: Initiator, address: Address) -> None:
    network = f"address:{by.actor.address}"
    await rate_limits.spend("create-account", by=[f"account:{by.account_id}", network, f"email:{address.key}"])


async def _require_possible(by: Initiator, address: Address) -> None:
    """Refuse what the person knows: an own address, or too many accounts."""
    own: Any = Account.filter(profile_id=(await Account.get(id=by.account_id)).profile_id)
    keys = await own.values_list("email_key", flat=True)
    if address.key in keys:
        raise refused(ErrorCode.ALREADY_EXISTS, "You already have an account with this address.", path=("email",))
    accounts.require_room(len(keys))


async def _require_unmanaged(by: Initiator, address: Address) -> None:
    if await identity_providers.manages_account(by.account_id):
        text = "Your company uses single sign-on. Sign up with the other address as usual, then merge its profile into yours."
        raise refused(ErrorCode.MANAGED_BY_IDP, text)
    if await identity_providers.manages(address.domain):
        text = "The company of this address uses single sign-on. Sign up with it as usual, then merge its profile into yours."
        raise refused(ErrorCode.MANAGED_BY_IDP, text, path=("email",))


def _check_input(email: str, password: str) -> Address:
    problems: list[Problem] = []
    address = None
    try:
        address = address_of(email)
    except Refused as why:
        problems += why.problems
    problems += passwords.problems_of(password, address.email if address else email)
    if address is None or problems:
        raise Refused(*problems)
    return address
