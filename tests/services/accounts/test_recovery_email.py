"""The recovery email: docs/rules/sign-in.md#recovery-email."""

import re
from typing import Any

import pytest

from models.accounts import Account, AccountStatus
from models.audit import AuditEntry, Origin
from models.database import Database
from models.outbox import OutboxMessage
from models.profiles import Profile
from models.verification_codes import MailedCode
from services.accounts import recovery_email
from services.core.audit import Actor
from services.errors import ErrorCode, Refused
from services.messages import outbox
from tests.helpers.factories import make_person

HOME = "ada@home.example"


def by(account: Account) -> Actor:
    return Actor(account.id, Origin.SESSION, "192.0.2.1")


async def sent(kind: str) -> list[outbox.Message]:
    return [outbox.opened(row) for row in await OutboxMessage.filter(kind=kind).order_by("id")]


async def mailed(to: str = HOME) -> str:
    found = re.search(r"\b[0-9]{6}\b", [each for each in await sent("recovery-email-code") if each.to == to][-1].text)
    assert found
    return found[0]


async def stored(account: Account) -> tuple[str | None, bool]:
    profile = await Profile.get(id=account.profile_id)
    return profile.recovery_email, profile.recovery_email_verified_at is not None


async def code_of(work: Any) -> ErrorCode | None:
    try:
        await work
    except Refused as why:
        return why.problems[0].code
    return None


async def have(account: Account, email: str) -> None:
    await recovery_email.begin(account.id, email)
    await recovery_email.verify(account.id, await mailed(email), actor=by(account))


async def test_an_address_is_in_force_once_its_code_came_back(database: Database) -> None:
    # given
    ada = await make_person("ada@people.example")
    await recovery_email.begin(ada.id, f" {HOME} ")
    assert await stored(ada) == (None, False)
    # when
    await recovery_email.verify(ada.id, await mailed(), actor=by(ada))
    # then
    assert await stored(ada) == (HOME, True)
    [mail] = await sent("recovery-email-set")
    assert mail.to == "ada@people.example" and "the account ada@people.example" in mail.text
    assert "the account ada@people.example" in (await sent("recovery-email-code"))[0].text
    [line] = await AuditEntry.filter(action="recovery-email.set")
    assert (line.account_id, line.actor_id, line.facts) == (ada.id, ada.id, {})
    assert await MailedCode.all().count() == 0


async def test_a_change_is_told_to_the_one_before_and_to_all_logins(database: Database) -> None:
    # given
    ada = await make_person("ada@people.example")
    for email, status in (("ada@work.example", AccountStatus.ACTIVE), ("ada@old.example", AccountStatus.DEACTIVATED)):
        other = await make_person(email)
        await Account.filter(id=other.id).update(profile_id=ada.profile_id, status=status)
    await have(ada, HOME)
    await OutboxMessage.all().delete()
    # when
    await have(ada, "ada@new.example")
    # then
    assert await stored(ada) == ("ada@new.example", True)
    assert [each.to for each in await sent("recovery-email-changed")] == [
        HOME,
        "ada@people.example",
        "ada@work.example",
    ]


async def test_the_one_in_force_stays_until_the_new_one_is_proved(database: Database) -> None:
    ada = await make_person()
    await have(ada, HOME)
    await recovery_email.begin(ada.id, "mistyped@home.example")
    assert await code_of(recovery_email.verify(ada.id, "12345", actor=by(ada))) is ErrorCode.BAD_CODE
    assert await stored(ada) == (HOME, True)


async def test_somebody_elses_login_is_taken_like_any_other(database: Database) -> None:
    ada, ben = await make_person("ada@people.example"), await make_person("ben@people.example")
    assert await code_of(recovery_email.begin(ada.id, "ben@people.example")) is None
    assert await code_of(recovery_email.begin(ada.id, "nobody@people.example")) is None
    assert [each.to for each in await sent("recovery-email-code")] == ["ben@people.example", "nobody@people.example"]
    assert len({each.text.replace(await mailed(each.to), "") for each in await sent("recovery-email-code")}) == 1
    await have(ben, HOME)
    await have(ada, HOME)
    assert await stored(ada) == await stored(ben) == (HOME, True)


@pytest.mark.parametrize(
    "email", ["ada@people.example", " ADA@People.Example ", "ada@ｐeople。example", "ada", "", "a@b@c.example"]
)
async def test_neither_the_own_address_nor_none_at_all(database: Database, email: str) -> None:
    ada = await make_person("ada@people.example")
    assert await code_of(recovery_email.begin(ada.id, email)) is ErrorCode.BAD_INPUT
    assert await OutboxMessage.all().count() == 0


async def test_a_code_works_once_and_for_its_own_account(database: Database) -> None:
    ada, eve = await make_person("ada@people.example"), await make_person("eve@people.example")
    await recovery_email.begin(ada.id, HOME)
    code = await mailed()
    await recovery_email.begin(eve.id, "eve@home.example")
    if code != await mailed("eve@home.example"):
        assert await code_of(recovery_email.verify(eve.id, code, actor=by(eve))) is ErrorCode.BAD_CODE
    assert await code_of(recovery_email.verify(ada.id, code, actor=by(ada))) is None
    assert await code_of(recovery_email.verify(ada.id, code, actor=by(ada))) is ErrorCode.BAD_CODE
    assert await stored(eve) == (None, False)


async def test_a_new_address_kills_the_code_of_the_one_before(database: Database) -> None:
    ada = await make_person()
    await recovery_email.begin(ada.id, HOME)
    first = await mailed()
    await recovery_email.begin(ada.id, "ada@new.example")
    second = await mailed("ada@new.example")
    if first != second:
        assert await code_of(recovery_email.verify(ada.id, first, actor=by(ada))) is ErrorCode.BAD_CODE
    await recovery_email.verify(ada.id, second, actor=by(ada))
    assert await stored(ada) == ("ada@new.example", True)


async def test_five_wrong_codes_and_the_right_one_is_dead(database: Database) -> None:
    ada = await make_person()
    await recovery_email.begin(ada.id, HOME)
    wrong = f"{(int(await mailed()) + 1) % 10**6:06}"
    for _ in range(5):
        assert await code_of(recovery_email.verify(ada.id, wrong, actor=by(ada))) is ErrorCode.BAD_CODE
    assert await code_of(recovery_email.verify(ada.id, await mailed(), actor=by(ada))) is ErrorCode.BAD_CODE
    assert await stored(ada) == (None, False)


async def test_removing_is_told_once_and_kills_what_waits(database: Database) -> None:
    # given
    ada = await make_person("ada@people.example")
    await have(ada, HOME)
    await recovery_email.begin(ada.id, "ada@new.example")
    await OutboxMessage.filter(kind="recovery-email-changed").delete()
    # when
    for _ in range(2):
        await recovery_email.remove(ada.id, actor=by(ada))
    # then
    assert await stored(ada) == (None, False)
    assert [each.to for each in await sent("recovery-email-removed")] == [HOME, "ada@people.example"]
    assert await AuditEntry.filter(action="recovery-email.removed").count() == 1
    code = await mailed("ada@new.example")
    assert await code_of(recovery_email.verify(ada.id, code, actor=by(ada))) is ErrorCode.BAD_CODE


async def test_nobody_is_flooded(database: Database) -> None:
    ada, eve = await make_person("ada@people.example"), await make_person("eve@people.example")
    answers = [await code_of(recovery_email.begin(ada.id, HOME)) for _ in range(6)]
    assert answers == [None] * 5 + [ErrorCode.RATE_LIMITED]
    assert await code_of(recovery_email.begin(eve.id, HOME.upper())) is ErrorCode.RATE_LIMITED
    assert await OutboxMessage.all().count() == 5
