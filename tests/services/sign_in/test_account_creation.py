"""Adding an account to the own profile, and how it is attacked: docs/rules/accounts.md#creating-another-account."""

import asyncio
from typing import Any

import pytest

from models.accounts import Account, AccountStatus
from models.audit import AuditEntry, Origin
from models.companies import Company
from models.invites import Invite, InviteState
from models.outbox import OutboxMessage
from models.passwords import Password
from models.profile_changes import ChangedField, ProfileChange
from models.profiles import Profile
from models.referrals import Referral
from models.sessions import Session
from models.verification_codes import MailedCode, SignUp
from services.accounts import accounts
from services.auth import passwords, sessions
from services.core.audit import OPERATOR, Actor
from services.deletion import engine as deletion
from services.errors import ErrorCode, Refused
from services.invites.invites import Sender
from services.invites.invites import send as send_invites
from services.sign_in import account_creation, registration
from services.sign_in.account_creation import Initiator
from tests.conftest import CountStatements
from tests.helpers.factories import make_person, make_service, total
from tests.helpers.racing_merges import merge_during, merge_now
from tests.helpers.sign_in import (
    ADA,
    BROWSER,
    GOOD,
    OTHER,
    codes_of,
    kinds,
    mailed_code,
    mails,
    make_domain,
    make_login,
    other_than,
    session_id,
    signed_in,
)

NEW = "ada@work.example"

pytestmark = pytest.mark.usefixtures("database")


async def initiator(account: Account) -> Initiator:
    """The person in a new session."""
    number = await session_id(await sessions.begin(account.id, BROWSER))
    await sessions.elevate(number)
    return Initiator(account.id, number, Actor(account.id, Origin.SESSION, BROWSER.address))


async def begin(by: Initiator, email: str = NEW, password: str = OTHER, **more: Any) -> None:
    await account_creation.begin(by, email, password, marketing=more.pop("marketing", False), **more)


async def tried(by: Initiator, code: str, email: str = NEW) -> Account | ErrorCode:
    try:
        return await account_creation.verify(by, email, code)
    except Refused as why:
        [found] = codes_of(why)
        return found


async def refusal_of(by: Initiator, email: str = NEW, password: str = OTHER, **more: Any) -> set[tuple[str, ...]]:
    with pytest.raises(Refused) as refusal:
        await begin(by, email, password, **more)
    return {(problem.code.value, *problem.path) for problem in refusal.value.problems}


async def test_an_account_is_added() -> None:
    # given
    harbor = await make_domain("work.example")
    ada = await make_login()
    await AuditEntry.all().delete()
    by = await initiator(ada)
    # when
    await begin(by, " Ada@Work.example ", marketing=True)
    assert (await kinds(), await Account.all().count()) == (["new-account-code"], 1)
    account = await account_creation.verify(by, NEW, await mailed_code("Ada@work.example"))
    # then
    stored = await Account.get(id=account.id)
    assert (stored.profile_id, stored.company_id, stored.email) == (ada.profile_id, harbor.id, "Ada@work.example")
    assert (stored.marketing, stored.name, stored.last_sign_in_at) == (True, ada.name, None)
    assert stored.verified_at is not None and await Profile.all().count() == 1
    [entry] = await AuditEntry.all()
    assert (entry.action, entry.actor_id, entry.account_id) == ("account.created", ada.id, account.id)
    [change] = await ProfileChange.filter(profile_id=ada.profile_id, actor_id=ada.id)
    assert (change.field, change.new) == (ChangedField.ACCOUNT, "Ada@work.example")
    # and: the person stays signed in as before, and can sign in with the new account, with its password only
    assert [each.account_id for each in await Session.all()] == [ada.id]
    assert (await signed_in(NEW, OTHER)).account_id == account.id
    assert not await passwords.is_correct(account.id, GOOD) and await passwords.is_correct(ada.id, GOOD)
    # and: both mailboxes are told
    assert [(each.kind, each.to) for each in await mails()][1:] == [
        ("new-account-added", "Ada@work.example"),
        ("other-account-added", ADA),
    ]
    assert await SignUp.all().count() == await MailedCode.all().count() == 0
    assert await refusal_of(by) == {("ALREADY_EXISTS", "email")}


async def test_only_active_accounts_are_told(quick_passwords: None) -> None:
    ada, ben = await make_login(), await make_person("ben@people.example")
    await Account.filter(id=ben.id).update(profile_id=ada.profile_id, status=AccountStatus.DEACTIVATED)
    by = await initiator(ada)
    await begin(by)
    await account_creation.verify(by, NEW, await mailed_code(NEW))
    assert {each.to for each in await mails() if each.kind == "other-account-added"} == {ADA}


# No oracle


async def test_a_taken_address_gets_the_same_answer_after_the_same_work(count_statements: CountStatements) -> None:
    # given
    by = await initiator(await make_login())
    taken = await make_login("ben@taken.example")
    gone = await make_person("cleo@taken.example")
    await Account.filter(id=gone.id).update(status=AccountStatus.DEACTIVATED)
    service = await make_service("robot@taken.example")
    addresses = ["free@work.example", taken.email, gone.email, service.email]
    before = await Password.all().values()
    begun, again, guessed = [], [], []
    # when
    for email in addresses:
        with count_statements() as first:
            await begin(by, email)
        with count_statements() as second:
            await account_creation.resend(by, email)
        with count_statements() as third:
            assert await tried(by, "no code", email) is ErrorCode.BAD_CODE
        begun.append(first.texts)
        again.append(second.texts)
        guessed.append(third.texts)
    # then
    for statements in (begun, again, guessed):
        assert statements[0] and all(each == statements[0] for each in statements)
    assert await OutboxMessage.all().count() == 4 * len(addresses)
    assert [(each.kind, each.to) for each in await mails()] == [
        (kind, email)
        for email in addresses
        for kind in ["new-account-code" if email.startswith("free") else "new-account-taken"] * 2
    ]
    assert await SignUp.all().count() == await MailedCode.all().count() == len(addresses)
    assert await Password.all().values() == before
    assert not [each for each in await mails() if each.kind == "new-account-taken" and any(map(str.isdigit, each.text))]


async def test_what_the_person_knows_is_said(quick_passwords: None, monkeypatch: pytest.MonkeyPatch) -> None:
    by = await initiator(await make_login())
    assert await refusal_of(by, ADA) == {("ALREADY_EXISTS", "email")}
    assert await refusal_of(by, "no address", "short") == {
        ("BAD_INPUT", "email"),
        ("PASSWORD_TOO_SHORT", "password"),
        ("PASSWORD_NEEDS_DIGIT", "password"),
        ("PASSWORD_NEEDS_SPECIAL", "password"),
        ("PASSWORD_NEEDS_UPPERCASE", "password"),
    }
    await begin(by)
    monkeypatch.setattr(accounts, "MAX_ACCOUNTS", 1)
    assert await refusal_of(by, "spare@work.example") == {("TOO_MANY_ITEMS", "email")}
    assert await tried(by, await mailed_code(NEW)) is ErrorCode.TOO_MANY_ITEMS
    assert await Account.all().count() == 1


async def test_mails_to_one_mailbox_are_limited_together_with_sign_ups(quick_passwords: None) -> None:
    by = await initiator(await make_login())
    for _ in range(3):
        await begin(by)
    await registration.begin(NEW, GOOD, "Ada", BROWSER, marketing=False)
    await account_creation.resend(by, NEW)
    assert await refusal_of(by) == {("RATE_LIMITED",)}
    assert len(await mails()) == 4  # the sign-up replaced the account, so nothing was sent again


# The code


async def test_a_code_is_worth_nothing_in_another_session(quick_passwords: None) -> None:
    # given
    ada, ben = await make_login(), await make_login("ben@people.example")
    by = await initiator(ada)
    await begin(by)
    code = await mailed_code(NEW)
    # when, then: in another session of hers, in his, and as a sign-up
    for other in (await initiator(ada), await initiator(ben)):
        assert await tried(other, code) is ErrorCode.BAD_CODE
        await account_creation.resend(other, NEW)
    with pytest.raises(Refused):
        await registration.verify((await SignUp.get()).digest, code, BROWSER)
    assert await kinds() == ["new-account-code"]
    # and: not after the session has ended either
    await sessions.end(by.session_id)
    assert await tried(by, code) is ErrorCode.UNAUTHENTICATED
    assert await Account.all().count() == 2


async def test_who_begins_later_with_the_address_counts(quick_passwords: None) -> None:
    # given: Ben, and then a stranger, begin with the address that Ada is adding
    ada, ben = await initiator(await make_login()), await initiator(await make_login("ben@people.example"))
    await begin(ada)
    first = await mailed_code(NEW)
    await begin(ben)
    second = await mailed_code(NEW)
    assert await tried(ada, second) is ErrorCode.BAD_CODE
    secret = await registration.begin(NEW, GOOD, "Cleo", BROWSER, marketing=False)
    third = await mailed_code(NEW)
    # then
    for by in (ada, ben):
        for code in (first, second, third):
            assert await tried(by, code) is ErrorCode.BAD_CODE
    done = await registration.verify(secret, third, BROWSER)
    assert (await Account.get(id=done.account_id)).profile_id not in {
        (await Account.get(id=by.account_id)).profile_id for by in (ada, ben)
    }


async def test_five_guesses_and_even_the_right_code_is_dead(quick_passwords: None, unlimited: None) -> None:
    by = await initiator(await make_login())
    await begin(by)
    code = await mailed_code(NEW)
    answers = await asyncio.gather(*(tried(by, other_than(code)) for _ in range(10)))
    assert set(answers) == {ErrorCode.BAD_CODE}
    assert await tried(by, code) is ErrorCode.BAD_CODE
    # and: a new code works, the dead one does not
    await account_creation.resend(by, NEW)
    new = await mailed_code(NEW)
    assert new == code or await tried(by, code) is ErrorCode.BAD_CODE
    assert isinstance(await tried(by, new), Account)


async def test_guesses_are_limited(quick_passwords: None) -> None:
    by = await initiator(await make_login())
    answers = [await tried(by, "000000", f"ada@work{number}.example") for number in range(11)]
    assert answers == [ErrorCode.BAD_CODE] * 10 + [ErrorCode.RATE_LIMITED]


# Single sign-on


async def test_single_sign_on_of_the_address_or_of_the_own_company_refuses(quick_passwords: None) -> None:
    # given
    ada, away = await make_login(), await make_domain("work.example", sso=True)
    own = await Company.create(name="Own", created_at=away.created_at)
    await Account.filter(id=ada.id).update(company_id=own.id)
    by = await initiator(ada)
    # when, then
    assert await refusal_of(by) == {("MANAGED_BY_IDP", "email")}
    await Company.filter(id=own.id).update(sso=True)
    assert await refusal_of(by, "ada@free.example") == {("MANAGED_BY_IDP",)}
    # and: switched on before the code is typed
    await Company.all().update(sso=False)
    for switched in (away, own):
        await begin(by)
        await Company.filter(id=switched.id).update(sso=True)
        assert await tried(by, await mailed_code(NEW)) is ErrorCode.MANAGED_BY_IDP
        await Company.filter(id=switched.id).update(sso=False)
    assert await Account.all().count() == 1


# Points


async def test_an_own_account_is_nobodys_referral(quick_passwords: None) -> None:
    # given: Ada and Ben have invited the address
    await make_domain("work.example")
    ada, ben = await make_login(), await make_login("ben@people.example")
    for account in (ada, ben):
        await send_invites(Sender(account.id, account.own_profile_id), [NEW])
    before = await total(ben.own_profile_id), await total(ada.own_profile_id)
    by = await initiator(ada)
    # when
    await begin(by)
    await account_creation.verify(by, NEW, await mailed_code(NEW))
    # then: the first of the company gets points for that, nobody for a referral, and Ben learns nothing
    assert (await total(ben.own_profile_id), await total(ada.own_profile_id)) == (before[0], before[1] + 25)
    assert await Referral.all().count() == 0
    assert (await Invite.get(sender_id=ben.profile_id)).state is InviteState.PENDING
    assert (await Invite.get(sender_id=ada.profile_id)).state is InviteState.WITHDRAWN


# Races


async def test_the_same_call_many_times_at_once(quick_passwords: None) -> None:
    by = await initiator(await make_login())
    await asyncio.gather(*(begin(by, key=f"key {number}") for number in range(4)))
    assert await SignUp.all().count() == await MailedCode.all().count() == 1
    code = await mailed_code(NEW)
    answers = await asyncio.gather(*(tried(by, code) for _ in range(4)))
    assert sorted(isinstance(each, Account) for each in answers) == [False, False, False, True]
    assert {each for each in answers if isinstance(each, ErrorCode)} == {ErrorCode.BAD_CODE}
    assert await Account.all().count() == 2
    # and: nothing waits for each other in a circle
    email = "ada@spare.example"
    await begin(by, email)
    calls = (tried(by, await mailed_code(email), email), account_creation.resend(by, email), begin(by, email))
    results: Any = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(results[0], Account) or results[0] is ErrorCode.BAD_CODE
    assert all(each is None or isinstance(each, Refused) for each in results[1:])


async def test_a_repeated_key_sends_nothing(quick_passwords: None) -> None:
    by = await initiator(await make_login())
    await begin(by, key="a key")
    await begin(by, key="a key")
    assert await kinds() == ["new-account-code"]
    for changed in ({"password": GOOD}, {"email": "spare@work.example"}, {"marketing": True}):
        assert await refusal_of(by, **changed, key="a key") == {("IDEMPOTENCY_MISMATCH", "idempotencyKey")}


async def test_an_address_that_got_an_account_meanwhile(quick_passwords: None) -> None:
    by = await initiator(await make_login())
    await begin(by)
    code = await mailed_code(NEW)
    await accounts.create_account(NEW, name="Ada")
    assert await tried(by, code) is ErrorCode.ALREADY_EXISTS
    assert await Account.filter(profile_id=(await Account.get(id=by.account_id)).profile_id).count() == 1


async def test_the_account_lands_on_the_profile_that_the_person_has_by_then(quick_passwords: None) -> None:
    ada, ben = await make_login(), await make_login("ben@people.example")
    by = await initiator(ada)
    await begin(by)
    await merge_now(ada.own_profile_id, ben.own_profile_id)
    await sessions.elevate(by.session_id)
    account = await account_creation.verify(by, NEW, await mailed_code(NEW))
    assert {each.profile_id for each in await Account.all()} == {account.profile_id} == {ben.profile_id}


@pytest.mark.postgres_only
async def test_a_merge_that_ends_while_the_code_is_verified(quick_passwords: None) -> None:
    # given
    ada, ben, cleo = [await make_login(f"{name}@people.example") for name in ("ada", "ben", "cleo")]
    as_ada, as_ben = await initiator(ada), await initiator(ben)
    codes = []
    for by, email in ((as_ada, NEW), (as_ben, "ben@work.example")):
        await begin(by, email)
        codes.append(await mailed_code(email))
    # when: hers is merged into his, and both are adding an account
    added = await merge_during(
        ada.own_profile_id,
        ben.own_profile_id,
        account_creation.verify(as_ada, NEW, codes[0]),
        account_creation.verify(as_ben, "ben@work.example", codes[1]),
    )
    # then: her session is not elevated any more
    refusal, account = added
    assert isinstance(refusal, Refused) and codes_of(refusal) == [ErrorCode.ELEVATION_REQUIRED]
    assert isinstance(account, Account) and account.profile_id == ben.profile_id
    assert await Account.filter(profile_id=ben.profile_id).count() == 3
    assert await Account.filter(profile_id=cleo.profile_id).count() == 1


async def test_a_deletion_takes_what_waits_for_its_code(quick_passwords: None) -> None:
    # given: Ben is adding an account, too
    ada, ben = await make_login(), await make_login("ben@people.example")
    by, other = await initiator(ada), await initiator(ben)
    await begin(by)
    await begin(other, "ben@work.example")
    code = await mailed_code(NEW)
    planned = {each.table: each.deleted for each in (await deletion.plan_account(ada.id)).tables}
    # when
    await deletion.delete_account(ada.id, actor=OPERATOR)
    # then
    assert (planned["sign_up"], planned["mailed_code"]) == (1, 1)
    assert await tried(by, code) is ErrorCode.BAD_CODE
    assert (await SignUp.get()).email_key == "ben@work.example" and await MailedCode.all().count() == 1
    assert not [each for each in await mails() if each.to == NEW]
    assert [each.id for each in await Account.all()] == [ben.id]


async def test_the_last_account_is_deleted_while_another_one_is_added(quick_passwords: None) -> None:
    ada = await make_login()
    by = await initiator(ada)
    await begin(by)
    code = await mailed_code(NEW)
    # when
    added, _ = await asyncio.gather(tried(by, code), deletion.delete_account(ada.id, actor=OPERATOR))
    # then: one of them was first, and there is never a profile without an account
    left = await Account.all()
    assert added in {ErrorCode.BAD_CODE, ErrorCode.UNAUTHENTICATED} or [each.email for each in left] == [NEW]
    assert len(left) == await Profile.all().count() == int(isinstance(added, Account))
