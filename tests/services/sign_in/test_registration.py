"""Signing up, and how it is attacked: docs/rules/sign-in.md#sign-up."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from models.accounts import Account
from models.audit import AuditEntry
from models.database import Database
from models.outbox import OutboxMessage
from models.passwords import Password
from models.profiles import Profile, Visibility
from models.verification_codes import MailedCode, SignUp
from services.accounts import support
from services.accounts.accounts import create_account
from services.accounts.companies import create_company
from services.auth import passwords, sessions
from services.core import clock
from services.errors import ErrorCode, Refused
from services.sign_in import authentication, pending_sign_ups, registration
from tests.helpers.factories import total
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
)


async def begin(email: str = ADA, password: str = GOOD, name: str = "Ada Okafor", **more: Any) -> str:
    return await registration.begin(email, password, name, BROWSER, marketing=more.pop("marketing", False), **more)


async def verified(secret: str, code: str) -> authentication.SignedIn | ErrorCode:
    try:
        return await registration.verify(secret, code, BROWSER)
    except Refused as why:
        return codes_of(why)[0]


async def test_somebody_signs_up(database: Database) -> None:
    # given
    company = await make_domain("people.example")
    secret = await begin(" Ada@People.example ", name=" Ada Okafor ", marketing=True, referral_code="friend")
    assert await Account.all().count() == 0
    # when
    done = await registration.verify(secret, await mailed_code("Ada@people.example"), BROWSER)
    # then
    account = await Account.get(email_key=ADA).select_related("profile", "company")
    assert account.profile is not None
    assert (account.id, account.name, account.marketing, account.company) == (
        done.account_id,
        "Ada Okafor",
        True,
        company,
    )
    assert account.verified_at is not None and account.last_sign_in_at is not None
    assert (account.profile.name, account.profile.visibility) == ("Ada Okafor", Visibility.PRIVATE)
    facts = await sessions.authenticate(done.secret)
    assert facts is not None and facts.account_id == account.id and not facts.elevated
    assert await passwords.is_correct(account.id, GOOD)
    assert await SignUp.all().count() == 0
    assert [entry.action for entry in await AuditEntry.filter(account_id=account.id).order_by("id")] == [
        "account.created",
        "sign-in",
    ]
    assert done.secret not in repr(done)


async def test_a_taken_address_gets_the_same_answer(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    await make_login(ADA)
    before = await Password.all().values()
    worked = []
    hashed = passwords.hash_password

    async def counted(password: str) -> str:
        worked.append(password)
        return await hashed(password)

    monkeypatch.setattr(passwords, "hash_password", counted)
    # when
    taken, free = await begin(ADA, OTHER), await begin("ben@people.example", OTHER)
    # then: same shape, same work, another mail
    assert len(taken) == len(free) == 32
    assert worked == [OTHER, OTHER]
    assert await SignUp.all().count() == await MailedCode.all().count() == 2
    assert [(mail.kind, mail.to) for mail in await mails()] == [
        ("sign-up-taken", ADA),
        ("sign-up-code", "ben@people.example"),
    ]
    # and: resending and guessing say the same, too
    for secret in (taken, free):
        await registration.resend(secret, BROWSER)
        assert await verified(secret, "no code") is ErrorCode.BAD_CODE
    assert await kinds() == ["sign-up-taken", "sign-up-code", "sign-up-taken", "sign-up-code"]
    assert await Password.all().values() == before


async def test_an_account_without_a_password_is_taken_as_well(database: Database) -> None:
    await create_account(ADA, name="Ada")
    await begin(ADA)
    assert await kinds() == ["sign-up-taken"]


async def test_everything_that_is_wrong_is_told_at_once(database: Database) -> None:
    with pytest.raises(Refused) as refusal:
        await begin("no address", "short", "  ", referral_code="x" * 65)
    assert {(problem.code.value, *problem.path) for problem in refusal.value.problems} == {
        ("BAD_INPUT", "email"),
        ("BAD_INPUT", "name"),
        ("BAD_INPUT", "referralCode"),
        ("PASSWORD_TOO_SHORT", "password"),
        ("PASSWORD_NEEDS_DIGIT", "password"),
        ("PASSWORD_NEEDS_SPECIAL", "password"),
        ("PASSWORD_NEEDS_UPPERCASE", "password"),
    }
    assert await kinds() == []


async def test_a_domain_of_an_identity_provider_signs_up_there(database: Database) -> None:
    await make_domain("people.example", sso=True)
    with pytest.raises(Refused) as refusal:
        await begin()
    assert codes_of(refusal.value) == [ErrorCode.MANAGED_BY_IDP]


async def test_who_registers_anothers_address_first_gains_nothing(database: Database) -> None:
    # given: somebody else began with the address, and the owner signs up after them
    thief = await begin(ADA, OTHER, "Mallory")
    first_code = await mailed_code()
    owner = await begin(ADA, GOOD, "Ada Okafor")
    code = await mailed_code()
    # when
    assert await verified(thief, first_code) is ErrorCode.BAD_CODE
    assert await verified(thief, code) is ErrorCode.BAD_CODE
    assert first_code == code or await verified(owner, first_code) is ErrorCode.BAD_CODE
    done = await verified(owner, code)
    # then
    assert isinstance(done, authentication.SignedIn)
    assert await passwords.is_correct(done.account_id, GOOD)
    assert not await passwords.is_correct(done.account_id, OTHER)
    # and: it does not help the thief to wait either
    assert await verified(thief, code) is ErrorCode.BAD_CODE


async def test_an_unverified_address_never_signs_in(database: Database) -> None:
    await begin()
    with pytest.raises(Refused) as refusal:
        await authentication.sign_in(ADA, GOOD, BROWSER)
    assert codes_of(refusal.value) == [ErrorCode.BAD_CREDENTIALS]


async def test_a_new_code_kills_the_old_one(database: Database) -> None:
    secret = await begin()
    old = new = await mailed_code()
    while new == old:
        await registration.resend(secret, BROWSER)
        new = await mailed_code()
    assert await verified(secret, old) is ErrorCode.BAD_CODE
    assert isinstance(await verified(secret, new), authentication.SignedIn)
    await registration.resend("unknown", BROWSER)


async def test_five_guesses_and_even_the_right_code_is_dead(database: Database) -> None:
    secret = await begin()
    code = await mailed_code()
    # when
    answers = await asyncio.gather(*(verified(secret, other_than(code)) for _ in range(20)))
    # then
    assert set(answers) == {ErrorCode.BAD_CODE}
    assert await verified(secret, code) is ErrorCode.BAD_CODE
    assert await Account.all().count() == 0


async def test_fifty_guesses_are_fifty_tries(database: Database) -> None:
    secret = await begin()
    code = await mailed_code()
    answers = [await verified(secret, other_than(code)) for _ in range(50)]
    assert answers[:5] == [ErrorCode.BAD_CODE] * 5
    assert answers[-1] is ErrorCode.RATE_LIMITED


async def test_two_verifications_at_once_make_one_account(database: Database) -> None:
    secret = await begin()
    code = await mailed_code()
    # when
    answers = await asyncio.gather(*(verified(secret, code) for _ in range(4)))
    # then
    assert sum(isinstance(answer, authentication.SignedIn) for answer in answers) == 1
    assert {answer for answer in answers if isinstance(answer, ErrorCode)} == {ErrorCode.BAD_CODE}
    assert await Account.all().count() == await Profile.all().count() == 1


async def test_two_attempts_at_once_leave_one(database: Database) -> None:
    secrets = await asyncio.gather(*(begin() for _ in range(4)))
    assert len(set(secrets)) == 4
    assert await SignUp.all().count() == await MailedCode.all().count() == 1


async def test_an_account_that_came_between(database: Database) -> None:
    # given
    secret = await begin()
    code = await mailed_code()
    await create_account(ADA, name="Ada")
    # then: whoever reads that mailbox may know
    assert await verified(secret, code) is ErrorCode.ALREADY_EXISTS
    assert await Password.all().count() == 0


async def test_namesakes_at_once(database: Database) -> None:
    emails = [f"ada{n}@people.example" for n in range(5)]
    secrets = [await begin(email) for email in emails]
    found = [await mailed_code(email) for email in emails]
    # when
    answers = await asyncio.gather(*(verified(*each) for each in zip(secrets, found, strict=True)))
    # then
    assert all(isinstance(answer, authentication.SignedIn) for answer in answers)
    assert len(set(await Profile.all().values_list("handle", flat=True))) == 5


async def test_exactly_one_is_the_first_of_their_company(database: Database) -> None:
    # given
    await make_domain("people.example")
    emails = [f"{name}@people.example" for name in ("ada", "ben", "cleo", "dora")]
    secrets = [await begin(email, name=email[:3]) for email in emails]
    found = [await mailed_code(email) for email in emails]
    # when
    await asyncio.gather(*(verified(*each) for each in zip(secrets, found, strict=True)))
    # then
    points = sorted([await total(profile.id) for profile in await Profile.all()])
    assert points == [0, 0, 0, 25]
    # and: when the first one has gone, nobody is first again
    await Account.all().update(company_id=None)
    late = await begin("eli@people.example")
    await verified(late, await mailed_code("eli@people.example"))
    assert await total((await Account.get(email_key="eli@people.example")).own_profile_id) == 0


async def signs_up(email: str) -> int:
    """Somebody signs up; returns the points that it gave."""
    done = await verified(await begin(email, name=email), await mailed_code(email))
    assert isinstance(done, authentication.SignedIn)
    return await total((await Account.get(id=done.account_id)).own_profile_id)


async def test_the_admin_that_an_operator_named_is_not_the_first(database: Database) -> None:
    # given
    made = await support.create_admin("boss@people.example", name="Boss", company="Harbor", domain="people.example")
    # then
    assert [await signs_up("ada@people.example"), await signs_up("ben@people.example")] == [25, 0]
    assert await total(made.account.own_profile_id) == 0


async def test_nobody_is_first_where_the_operator_brought_members_in(database: Database) -> None:
    # given: a colleague who had signed up before there was a company
    boss = await create_account("boss@elsewhere.example", name="Boss")
    colleague = await make_login("cleo@people.example")
    await create_company("Harbor", domain="people.example", admin_email=boss.email)
    # then
    assert await signs_up("ada@people.example") == 0
    assert await total(colleague.own_profile_id) == 0


async def test_nobody_is_first_without_a_company(database: Database) -> None:
    secret = await begin()
    done = await verified(secret, await mailed_code())
    assert isinstance(done, authentication.SignedIn)
    assert await total((await Account.get(id=done.account_id)).own_profile_id) == 0


async def test_no_secret_is_readable_in_the_database(database: Database) -> None:
    secret = await begin(password=GOOD)
    code = await mailed_code()
    stored = repr([await table.all().values() for table in (SignUp, MailedCode, OutboxMessage, AuditEntry)])
    assert not [each for each in (secret, GOOD, f"'{code}'") if each in stored]


async def test_abandoned_attempts_are_forgotten(database: Database) -> None:
    await begin()
    assert await pending_sign_ups.forget_abandoned(clock.now()) == 0
    assert await pending_sign_ups.forget_abandoned(clock.now() + timedelta(days=1)) == 1


async def test_too_many_sign_ups_are_refused(database: Database) -> None:
    for _ in range(5):
        await begin()
    with pytest.raises(Refused) as refusal:
        await begin()
    assert codes_of(refusal.value) == [ErrorCode.RATE_LIMITED]
