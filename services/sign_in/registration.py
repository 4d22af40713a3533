"""
Sign-up: an address, a password, and a mailed code. The account is created when the code is entered.

Until then there is one pending sign-up per address, the latest. For an address that has an account it is stored with
the same work; only its mail differs. Rule: docs/rules/sign-in.md#sign-up.
"""

from tortoise.transactions import in_transaction

from catalogue import languages
from catalogue.languages import Text
from models.accounts import Account
from models.audit import Origin
from models.profile_changes import ChangedField
from models.profiles import Profile
from models.verification_codes import SignUp
from services.accounts.accounts import MAX_PERSON_NAME, open_account
from services.accounts.companies import company_of_domain
from services.auth import identity_providers, passwords, verification_codes
from services.auth.principals import Client
from services.core import audit, clock, rate_limits
from services.core.audit import Actor, Change
from services.core.crypto import digest
from services.core.email_addresses import Address, address_of
from services.errors import ErrorCode, Problem, Refused, refused
from services.invites import referrals
from services.media.text_rules import name_problems
from services.messages import outbox
from services.profiles import profile_changes
from services.sign_in import first_of_company, pending_sign_ups
from services.sign_in.authentication import SignedIn, begin_session


async def begin(
    email: str, password: str, name: str, client: Client, *, marketing: bool, referral_code: str = ""
) -> str:
    """
    Begin a sign-up and mail a code; returns a secret for `verify`.

    Raises Refused: all problems of the input at once (BAD_INPUT, the password's rules); MANAGED_BY_IDP (the domain's
    company has an identity provider); RATE_LIMITED. The result is the same if the address has an account.
    """
    address = _check_input(email, password, name, referral_code)
    await rate_limits.spend("sign-up", by=[f"address:{client.address}", f"email:{address.key}"])
    if await identity_providers.manages(address.domain):
        raise identity_providers.managed_refusal()
    password_hash = await passwords.hash_password(password)
    secret = verification_codes.new_secret()
    attempt = SignUp(
        digest=digest(secret),
        email=address.email,
        email_key=address.key,
        name=name.strip(),
        password_hash=password_hash,
        marketing=marketing,
        referral_code=referral_code,
        created_at=clock.now(),
    )
    await pending_sign_ups.save(attempt, _mail_code)
    return secret


async def resend(secret: str, client: Client) -> None:
    """Mail another code, which replaces the previous one. An unknown secret is no error. Raises Refused: RATE_LIMITED."""
    known = await SignUp.get_or_none(digest=digest(secret), session_id=None)
    key = known.email_key if known else digest(secret)
    await rate_limits.spend("resend", by=[f"address:{client.address}", f"email:{key}"])
    async with in_transaction():
        attempt = await SignUp.select_for_update().get_or_none(digest=digest(secret), session_id=None)
        if attempt is not None:
            await pending_sign_ups.mail_new_code(attempt, _mail_code)


async def verify(secret: str, code: str, client: Client) -> SignedIn:
    """
    Create the account of a sign-up, with a private profile, and sign in. It joins the company of its domain, and counts
    for the referrer (services/invites/referrals.py).

    Raises Refused: BAD_CODE, ALREADY_EXISTS (the address has an account by now), RATE_LIMITED.
    """
    await rate_limits.spend("code", by=[f"address:{client.address}"])
    attempt = await SignUp.get_or_none(digest=digest(secret), session_id=None)
    if attempt is None:
        raise verification_codes.bad_code()
    await pending_sign_ups.use_code(attempt, code)
    return await pending_sign_ups.finish(lambda: _create_account(attempt, client))


async def _create_account(attempt: SignUp, client: Client) -> SignedIn:
    await pending_sign_ups.lock(attempt)
    if await Account.exists(email_key=attempt.email_key):
        raise refused(ErrorCode.ALREADY_EXISTS, "This address already has an account: sign in.", path=("signUpToken",))
    address = address_of(attempt.email)
    first = await first_of_company.would_be_first(await company_of_domain(address.domain))
    account = await open_account(address, name=attempt.name, marketing=attempt.marketing)
    actor = Actor(account.id, Origin.SESSION, client.address)
    await passwords.store(account.id, attempt.password_hash)
    if languages.current_language() != languages.ENGLISH:  # mails will use the language of the sign-up
        await Profile.filter(id=account.profile_id).update(language=languages.current_language())
        await profile_changes.record(
            account.own_profile_id, {ChangedField.LANGUAGE: Change(None, languages.current_language())}, actor=actor
        )
    await attempt.delete()
    if first:
        await first_of_company.award(account)
    await referrals.attribute(account, attempt.referral_code)
    await profile_changes.record_account(account, actor=actor)
    await audit.record("account.created", actor=actor, account_id=account.id, referral=attempt.referral_code or None)
    return SignedIn(account.id, await begin_session(account.id, client))


async def _mail_code(attempt: SignUp, code: str) -> None:
    account = await Account.get_or_none(email_key=attempt.email_key)
    if account is None:
        await outbox.send_mail("sign-up-code", attempt, code=code, name=attempt.name)
    else:
        await outbox.send_mail("sign-up-taken", account)


def _check_input(email: str, password: str, name: str, referral_code: str) -> Address:
    problems: list[Problem] = []
    address = None
    try:
        address = address_of(email)
    except Refused as why:
        problems += why.problems
    problems += name_problems(name, Text("A name"), MAX_PERSON_NAME)
    if len(referral_code) > referrals.MAX_CODE:
        text = Text("A referral code must have at most {max_code} characters.", max_code=referrals.MAX_CODE)
        problems.append(Problem(ErrorCode.BAD_INPUT, text, ("referralCode",)))
    problems += passwords.problems_of(password, address.email if address else email)
    if address is None or problems:
        raise Refused(*problems)
    return address
