"""A new password by mail, and how it is attacked; and who is told that theirs expires: docs/rules/sign-in.md#password-reset."""

import asyncio
import re
import time
from contextlib import suppress
from datetime import timedelta

import pytest

from models.accounts import Account, AccountStatus
from models.audit import AuditEntry
from models.companies import Company
from models.database import Database
from models.outbox import OutboxMessage
from models.passwords import Password
from models.profiles import Profile
from models.tokens import AccessToken
from models.verification_codes import MailedLink
from services.accounts.accounts import create_account
from services.auth import access_tokens, api_keys, passwords, sessions
from services.auth.principals import Client
from services.auth.recent_credentials import Credentials
from services.core import clock
from services.core.audit import OPERATOR
from services.errors import ErrorCode, Refused
from services.sign_in import authentication, password_expiry, password_reset
from tests.helpers.factories import make_company, make_person, make_service
from tests.helpers.runtimes import forget_limits
from tests.helpers.sign_in import (
    ADA,
    BROWSER,
    GOOD,
    OTHER,
    codes_of,
    kinds,
    mailed_token,
    mails,
    make_domain,
    make_login,
    session_id,
    switch_on,
)

RECOVERY = "ada@home.example"


async def recoverable(account: Account, *, verified: bool = True) -> None:
    await Profile.filter(id=account.profile_id).update(
        recovery_email=RECOVERY,
        recovery_email_key=RECOVERY,
        recovery_email_verified_at=clock.now() if verified else None,
    )


async def resets(token: str, new: str = OTHER) -> bool:
    try:
        await password_reset.reset(token, new, BROWSER)
    except Refused as why:
        if codes_of(why) == [ErrorCode.BAD_CODE]:
            return False
        raise
    return True


async def test_a_lost_password_is_replaced(database: Database) -> None:
    # given
    ada = await make_login()
    session = await sessions.begin(ada.id, BROWSER)
    # when
    await password_reset.request(" ADA@people.example", BROWSER)
    token = await mailed_token()
    # then
    [mail] = await mails()
    assert (mail.kind, mail.to) == ("password-reset", ADA)
    assert f"http://graph.example/reset-password?token={token}" in mail.text
    assert await sessions.authenticate(session)
    # when
    await password_reset.reset(token, OTHER, BROWSER)
    # then
    assert await passwords.is_correct(ada.id, OTHER) and not await passwords.is_correct(ada.id, GOOD)
    assert await sessions.authenticate(session) is None
    assert await kinds() == ["password-reset", "password-reset-done"]
    assert not await resets(token, "Once more 1 secret!")
    trail = await AuditEntry.all().order_by("id")
    assert [entry.action for entry in trail] == ["password.reset-requested", "password.reset"]
    assert token not in repr(await AuditEntry.all().values())


async def test_an_account_without_a_password_gets_its_first(database: Database) -> None:
    # given
    account = await create_account(ADA, name="Ada")
    # when
    await password_reset.request(ADA, BROWSER)
    assert await resets(await mailed_token(), GOOD)
    # then
    assert isinstance(await authentication.sign_in(ADA, GOOD, BROWSER), authentication.SignedIn)
    assert await passwords.expires_at(account.id) is not None


async def test_nobody_gets_nothing_in_the_same_time(database: Database) -> None:
    # given
    gone = await make_login("gone@people.example")
    await Account.filter(id=gone.id).update(status=AccountStatus.DEACTIVATED)
    member, company = await make_login("ada@sso.example"), await make_domain("sso.example", sso=True)
    await Account.filter(id=member.id).update(company_id=company.id)
    await make_service("service@people.example")
    await make_login()
    took = {}
    # when
    for email in ("nobody@people.example", "gone@people.example", "ada@sso.example", "service@people.example", ADA):
        begun = time.perf_counter()
        await password_reset.request(email, BROWSER)
        took[email] = time.perf_counter() - begun
    # then
    assert [mail.to for mail in await mails()] == [ADA]
    assert min(took.values()) >= password_reset.MIN_REQUEST_SECONDS - 0.005
    assert max(took.values()) < password_reset.MIN_REQUEST_SECONDS + 0.2


async def test_a_verified_recovery_address_gets_a_link(database: Database) -> None:
    # given
    ada = await make_login()
    await recoverable(ada)
    # when
    await password_reset.request(RECOVERY, BROWSER)
    # then
    assert [mail.to for mail in await mails()] == [RECOVERY]
    assert await resets(await mailed_token(RECOVERY))
    assert await passwords.is_correct(ada.id, OTHER)
    assert [(mail.kind, mail.to) for mail in await mails()][1:] == [("password-reset-done", ADA)]


async def test_an_address_of_two_people_gets_a_mail_about_each(database: Database) -> None:
    # given: it is the login of one and the recovery address of another
    ada, ben = await make_login(), await make_login("ben@people.example")
    await Profile.filter(id=ben.profile_id).update(
        recovery_email=ADA, recovery_email_key=ADA, recovery_email_verified_at=clock.now()
    )
    # when
    await password_reset.request(ADA, BROWSER)
    # then: each names its account
    first, second = await mails()
    assert first.to == second.to == ADA
    assert f"account {ADA} at" in first.text and "account ben@people.example at" in second.text
    # then: each resets its own
    [for_ada, for_ben] = [re.findall(r"token=(\w+)", mail.text)[0] for mail in (first, second)]
    assert await resets(for_ben) and await resets(for_ada, "Once more 1 secret!")
    assert await passwords.is_correct(ben.id, OTHER) and await passwords.is_correct(ada.id, "Once more 1 secret!")


async def test_an_unverified_recovery_address_is_never_used(database: Database) -> None:
    ada = await make_login()
    await recoverable(ada, verified=False)
    await password_reset.request(RECOVERY, BROWSER)
    assert await mails() == []


async def test_a_link_dies_with_the_recovery_address(database: Database) -> None:
    # given
    ada = await make_login()
    await recoverable(ada)
    await password_reset.request(RECOVERY, BROWSER)
    token = await mailed_token(RECOVERY)
    # when
    await Profile.filter(id=ada.profile_id).update(
        recovery_email=None, recovery_email_key=None, recovery_email_verified_at=None
    )
    # then
    assert not await resets(token)


async def test_a_link_dies_with_its_account(database: Database) -> None:
    ada = await make_login()
    await password_reset.request(ADA, BROWSER)
    await Account.filter(id=ada.id).update(status=AccountStatus.DEACTIVATED)
    assert not await resets(await mailed_token())


async def test_a_link_dies_after_half_an_hour(database: Database) -> None:
    await make_login()
    await password_reset.request(ADA, BROWSER)
    token, now = await mailed_token(), clock.now()
    assert not await resets("")
    with clock.frozen(now + timedelta(minutes=30)):
        assert not await resets(token)
    with clock.frozen(now + timedelta(minutes=29)):
        forget_limits()
        assert await resets(token)


async def test_a_refused_password_leaves_the_link_usable(database: Database) -> None:
    # given
    await make_login()
    await password_reset.request(ADA, BROWSER)
    token = await mailed_token()
    # when
    for new, code in ((GOOD, ErrorCode.PASSWORD_REUSED), ("Short 1!", ErrorCode.PASSWORD_TOO_SHORT)):
        with pytest.raises(Refused) as refusal:
            await password_reset.reset(token, new, BROWSER)
        assert codes_of(refusal.value) == [code]
    # then
    assert await resets(token)


async def test_a_link_works_once_however_many_come(database: Database) -> None:
    # given
    ada = await make_login()
    await password_reset.request(ADA, BROWSER)
    token = await mailed_token()
    wishes = [f"Wish number {n}, secret" for n in range(5)]
    # when
    answers = await asyncio.gather(*(resets(token, wish) for wish in wishes))
    # then
    assert sum(answers) == 1
    assert await passwords.is_correct(ada.id, wishes[answers.index(True)])
    assert (await kinds()).count("password-reset-done") == 1


async def test_one_reset_kills_every_link(database: Database) -> None:
    await make_login()
    await password_reset.request(ADA, BROWSER)
    first = await mailed_token()
    await password_reset.request(ADA, BROWSER)
    assert await resets(await mailed_token())
    assert not await resets(first, "Yet another 1 secret!")
    assert await MailedLink.all().count() == 0


async def test_the_second_factor_is_still_demanded(database: Database) -> None:
    # given
    ada = await make_login()
    await switch_on(ada)
    await password_reset.request(ADA, BROWSER)
    # when
    assert await resets(await mailed_token())
    # then
    assert isinstance(await authentication.sign_in(ADA, OTHER, BROWSER), authentication.PendingSignIn)


async def test_tokens_are_not_stored_and_not_guessed(database: Database) -> None:
    # given
    await make_login()
    await password_reset.request(ADA, BROWSER)
    token = await mailed_token()
    stored = repr([await table.all().values() for table in (MailedLink, OutboxMessage, AuditEntry)])
    assert token not in stored
    # when
    answers = []
    for n in range(50):
        with pytest.raises(Refused) as refusal:
            await password_reset.reset(f"guess {n}", OTHER, BROWSER)
        answers += codes_of(refusal.value)
    # then
    assert answers[-1] is ErrorCode.RATE_LIMITED


async def test_a_mailbox_is_not_flooded(database: Database) -> None:
    await make_login()
    answers: list[ErrorCode] = []
    for n in range(8):
        try:
            await password_reset.request(ADA, Client(f"198.51.100.{n}"))
        except Refused as why:
            answers += codes_of(why)
    assert answers == [ErrorCode.RATE_LIMITED] * 3
    assert len(await mails()) == 5


async def test_people_are_told_twice_that_their_password_expires(database: Database) -> None:
    # given
    set_at = clock.now()
    with clock.frozen(set_at):
        await make_login()
    gone = await make_login("gone@people.example")
    await Account.filter(id=gone.id).update(status=AccountStatus.DEACTIVATED)
    await make_person()
    sent = {}
    # when: a job that runs every day, and twice on each
    for day in range(70, 95):
        now = set_at + timedelta(days=day)
        sent[day] = [await password_expiry.mail_expiring(now) for _ in range(2)]
    # then
    assert {day: times for day, times in sent.items() if any(times)} == {76: [1, 0], 89: [1, 0]}
    [first, second] = await mails()
    assert (first.kind, first.to) == (second.kind, second.to) == ("password-expires", ADA)
    assert "Days left: 14" in first.text and "Days left: 1." in second.text
    # when
    await passwords.set_password((await Account.get(email_key=ADA)).id, OTHER)
    # then: the count begins again
    later = clock.now() + timedelta(days=80)
    assert await password_expiry.mail_expiring(later) == 1


async def test_the_companys_rule_says_when(database: Database) -> None:
    # given
    ada, ben, company, relaxed = (
        await make_login(),
        await make_login("ben@x.example"),
        await make_company(),
        await make_company(),
    )
    await Company.filter(id=company.id).update(password_days=30)
    await Company.filter(id=relaxed.id).update(password_days=None)
    await Account.filter(id=ada.id).update(company_id=company.id)
    await Account.filter(id=ben.id).update(company_id=relaxed.id)
    # when
    for day in (20, 29, 80, 89):
        await password_expiry.mail_expiring(clock.now() + timedelta(days=day))
    # then
    assert [mail.to for mail in await mails()] == [ADA, ADA]


async def test_who_was_not_mailed_in_time_is_mailed_once(database: Database) -> None:
    await make_login()
    tomorrow = clock.now() + timedelta(days=89, hours=1)
    assert [await password_expiry.mail_expiring(tomorrow) for _ in range(2)] == [1, 0]
    assert (await Password.all().first()).warned_days == 1  # type: ignore[union-attr]


async def test_two_jobs_at_once_mail_once(database: Database) -> None:
    await make_login()
    soon = clock.now() + timedelta(days=80)
    assert sum(await asyncio.gather(*(password_expiry.mail_expiring(soon) for _ in range(3)))) == 1


async def test_a_reset_revokes_the_tokens_and_keys_of_the_last_days_and_says_so(database: Database) -> None:
    # given
    ada, eve = await make_login(), await make_login("eve@people.example")
    scopes = ["mx:leaderboard:read"]
    with clock.frozen(clock.now() - timedelta(days=7, seconds=1)):
        old = await access_tokens.create(ada.id, name="Old pull", scopes=scopes)
        await api_keys.create(ada.id, name="Old key", actor=OPERATOR)
    new = await access_tokens.create(ada.id, name="New pull", scopes=scopes)
    await api_keys.create(ada.id, name="New key", actor=OPERATOR)
    theirs = await access_tokens.create(eve.id, name="Eve's", scopes=scopes)
    await password_reset.request(ADA, BROWSER)
    # when
    done = await password_reset.reset(await mailed_token(), OTHER, BROWSER)
    # then
    assert (done.revoked.tokens, done.revoked.keys) == (("New pull",), ("New key",))
    assert (done.remaining.tokens, done.remaining.keys) == (("Old pull",), ("Old key",))
    assert await access_tokens.authenticate(new.secret) is None
    assert await access_tokens.authenticate(old.secret) and await access_tokens.authenticate(theirs.secret)
    [mail] = [each for each in await mails() if each.kind == "password-reset-done"]
    assert mail.to == ADA and f"the account {ADA}" in mail.text
    assert "revoked: New pull, New key" in mail.text and "still work: Old pull, Old key" in mail.text
    trail = await AuditEntry.filter(account_id=ada.id).order_by("id")
    assert [each.action for each in trail][-3:] == ["password.reset", "token.deleted", "api-key.deleted"]


async def test_a_long_list_is_cut_and_an_empty_one_is_a_dash() -> None:
    assert Credentials((), ()).names_for_mail == "–"
    assert Credentials(tuple(f"t{n}" for n in range(9)), ("k1", "k2", "k3")).names_for_mail.endswith("t8, k1 … (+2)")


async def test_a_token_made_while_the_password_is_reset_does_not_outlive_it(database: Database) -> None:
    # given
    ada = await make_login()
    own = await session_id(await sessions.begin(ada.id, BROWSER))
    await sessions.elevate(own)
    await password_reset.request(ADA, BROWSER)
    token = await mailed_token()

    async def make(number: int) -> None:
        with suppress(Refused):
            await access_tokens.create(ada.id, name=f"Mine {number}", scopes=["mx:leaderboard:read"], session_id=own)

    # when
    await asyncio.gather(password_reset.reset(token, OTHER, BROWSER), *(make(n) for n in range(8)))
    await make(9)
    # then: whatever came first
    assert await AccessToken.filter(account_id=ada.id).count() == 0
