"""Switching a second factor off: docs/rules/sign-in.md#switching-it-off."""

from datetime import timedelta

import pytest

from models.accounts import Account
from models.audit import AuditEntry, Origin
from models.second_factors import BackupCode, SecondFactor, SecondFactorMethod
from models.sessions import Session
from models.verification_codes import MailedCode, MailedLink
from services.auth import second_factor_removal, second_factor_setup, second_factors, sessions
from services.auth.principals import Client
from services.core import clock
from services.errors import ErrorCode
from tests.helpers.factories import make_company, make_person
from tests.helpers.second_factors import (
    NUMBER,
    START,
    code_of,
    link,
    sent,
    signed_in,
    texted,
    tried,
    with_sms,
    with_totp,
)

pytestmark = pytest.mark.usefixtures("start")


@pytest.mark.parametrize("off", [False, True])
async def test_switching_on_or_off_renews_the_session_and_ends_the_others(off: bool) -> None:
    # given
    ada = await (with_totp() if off else signed_in())
    others = [await sessions.begin(ada.id, Client()) for _ in range(2)]
    ben = await signed_in("ben@people.example")
    before = (await Session.get(id=ada.session_id)).digest
    # when
    if off:
        await second_factor_removal.request(ada.id, actor=ada.actor)
        secret = await second_factor_removal.deactivate(ada.id, await link(), **ada.who)
    else:
        ada.secret = (await second_factor_setup.begin_totp(ada.id)).secret
        secret = (await second_factor_setup.confirm_totp(ada.id, ada.code(), **ada.who)).session_secret
    # then
    assert (await Session.get(id=ada.session_id)).digest != before
    facts = await sessions.authenticate(secret)
    assert facts and facts.session_id == ada.session_id
    assert [await sessions.authenticate(each) for each in others] == [None, None]
    assert await Session.filter(account_id=ben.id).count() == 1


async def test_a_mailed_link_switches_the_factor_off() -> None:
    # given
    ada = await with_totp()
    # when
    await second_factor_removal.request(ada.id, actor=ada.actor)
    token = await link()
    assert await second_factors.method_of(ada.id) is SecondFactorMethod.TOTP
    await second_factor_removal.deactivate(ada.id, token, **ada.who)
    # then
    assert await second_factors.method_of(ada.id) is None
    assert await tried(ada, ada.code()) is await tried(ada, ada.backup_codes[0]) is ErrorCode.BAD_CODE
    assert (await SecondFactor.all().count(), await BackupCode.all().count(), await MailedLink.all().count()) == (
        0,
        0,
        0,
    )
    [mail] = await sent("second-factor-off")
    assert mail.to == "ada@people.example" and "ada@people.example" in mail.text
    assert [each.action for each in await AuditEntry.filter(account_id=ada.id).order_by("id")] == [
        "second-factor.backup-codes-made", "second-factor.on", "second-factor.off-requested", "second-factor.off",
    ]  # fmt: skip
    assert await code_of(second_factor_removal.deactivate(ada.id, token, **ada.who)) is ErrorCode.BAD_CODE
    assert await code_of(second_factor_setup.begin_sms(ada.id, NUMBER)) is None


async def test_the_link_of_another_account_does_nothing() -> None:
    # given
    ada, eve = await with_totp(), await with_totp("eve@people.example")
    await second_factor_removal.request(ada.id, actor=ada.actor)
    token = await link()
    # when, then: and stays good for its own account
    assert await code_of(second_factor_removal.deactivate(eve.id, token, **eve.who)) is ErrorCode.BAD_CODE
    assert {await second_factors.method_of(each.id) for each in (ada, eve)} == {SecondFactorMethod.TOTP}
    assert await code_of(second_factor_removal.deactivate(ada.id, token, **ada.who)) is None


async def test_a_link_is_dead_after_half_an_hour() -> None:
    ada = await with_totp()
    await second_factor_removal.request(ada.id, actor=ada.actor)
    with clock.frozen(START + timedelta(minutes=30)):
        assert await code_of(second_factor_removal.deactivate(ada.id, await link(), **ada.who)) is ErrorCode.BAD_CODE
    with clock.frozen(START + timedelta(minutes=29, seconds=59)):
        assert await code_of(second_factor_removal.deactivate(ada.id, await link(), **ada.who)) is None


async def test_a_link_is_dead_once_the_factor_was_switched_off_and_on() -> None:
    # given
    ada = await with_totp()
    await second_factor_removal.request(ada.id, actor=ada.actor)
    first = await link()
    await second_factor_removal.request(ada.id, actor=ada.actor)
    row = await MailedLink.filter(account_id=ada.id).order_by("id").first()
    await second_factor_removal.deactivate(ada.id, await link(), **ada.who)
    ada.secret = (await second_factor_setup.begin_totp(ada.id)).secret
    await second_factor_setup.confirm_totp(ada.id, ada.code(), **ada.who)
    # when, then
    assert await code_of(second_factor_removal.deactivate(ada.id, first, **ada.who)) is ErrorCode.BAD_CODE
    # and even had its row been left behind
    assert row is not None
    await MailedLink.create(
        purpose=row.purpose,
        account_id=ada.id,
        digest=row.digest,
        target=row.target,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
    assert await code_of(second_factor_removal.deactivate(ada.id, first, **ada.who)) is ErrorCode.BAD_CODE
    assert await second_factors.method_of(ada.id) is SecondFactorMethod.TOTP


async def test_a_texted_code_of_before_is_dead_after_switching_off_and_on(unlimited: None) -> None:
    ada = await with_sms()
    await second_factors.send_code(ada.id)
    old = await texted()
    await second_factor_removal.request(ada.id, actor=ada.actor)
    await second_factor_removal.deactivate(ada.id, await link(), **ada.who)
    assert await MailedCode.all().count() == 0
    await second_factor_setup.begin_sms(ada.id, NUMBER)
    await second_factor_setup.confirm_sms(ada.id, await texted(), **ada.who)
    assert await tried(ada, old) is ErrorCode.BAD_CODE


async def test_the_admins_of_the_company_are_told_twice() -> None:
    # given
    company, other = await make_company(), await make_company("Elsewhere")
    ada = await with_totp()
    for email, where, admin in (
        ("boss@people.example", company, True),
        ("colleague@people.example", company, False),
        ("boss@elsewhere.example", other, True),
    ):
        account = await make_person(email)
        await Account.filter(id=account.id).update(company_id=where.id, company_admin=admin)
    await Account.filter(id=ada.id).update(company_id=company.id)
    # when
    await second_factor_removal.request(ada.id, actor=ada.actor)
    begun = await sent("second-factor-off-begun")
    await second_factor_removal.deactivate(ada.id, await link(), **ada.who)
    # then
    done = await sent("second-factor-off-member")
    assert [each.to for each in [*begun, *done]] == ["boss@people.example"] * 2
    assert all("ada@people.example" in each.text for each in [*begun, *done])  # whose factor it is
    assert [each.to for each in await sent("second-factor-off")] == ["ada@people.example"]


async def test_an_operator_resets_a_factor() -> None:
    # given
    ada = await with_totp()
    # when
    await second_factor_removal.reset(ada.id)
    # then
    assert await second_factors.method_of(ada.id) is None
    assert await Session.filter(account_id=ada.id).count() == 0
    [mail] = await sent("second-factor-reset")
    assert mail.to == "ada@people.example" and "operator" in mail.text
    assert await sent("second-factor-off") == []
    [line] = await AuditEntry.filter(action="second-factor.off")
    assert (line.origin, line.actor_id, line.account_id) == (Origin.OPERATOR, None, ada.id)
    assert await code_of(second_factor_removal.reset(ada.id)) is ErrorCode.SECOND_FACTOR_OFF


async def test_nobody_is_told_that_a_factor_is_off_that_was_never_on() -> None:
    # given
    ada = await signed_in()
    await second_factor_setup.begin_totp(ada.id)
    # when
    await second_factor_removal.reset(ada.id)
    # then
    assert await sent("second-factor-reset") == await sent("second-factor-off") == []
