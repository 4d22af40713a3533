"""Codes and links, and how they are attacked: docs/rules/email-addresses.md#codes."""

import asyncio
from datetime import timedelta

import pytest
from tortoise.transactions import in_transaction

from models.database import Database
from models.verification_codes import MailedCode, MailedLink, Purpose
from services.auth import verification_codes
from services.core import clock
from services.errors import ErrorCode, Refused
from tests.helpers.factories import make_person
from tests.helpers.transactions import committed

SIGN_UP, SMS, RESET = Purpose.SIGN_UP, Purpose.SIGN_IN_SMS, Purpose.RESET_PASSWORD
HALF_AN_HOUR = timedelta(minutes=30)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def holds(code: str, *, purpose: Purpose = SIGN_UP, subject: str = "sign-up:1") -> bool:
    try:
        await verification_codes.verify(purpose, subject, code)
    except Refused as why:
        if [problem.code for problem in why.problems] == [ErrorCode.BAD_CODE]:
            return False
        raise
    return True


async def test_a_code_proves_its_target_once(database: Database) -> None:
    # given
    code = await committed(verification_codes.issue(SIGN_UP, "sign-up:1", "ada@people.example"))
    assert len(code) == 6 and code.isdigit()
    # when
    target = await verification_codes.verify(SIGN_UP, "sign-up:1", f"{code[:3]} {code[3:]}")
    # then
    assert target == "ada@people.example"
    assert not await holds(code)


async def test_a_code_is_not_stored(database: Database) -> None:
    code = await committed(verification_codes.issue(SIGN_UP, "sign-up:1"))
    row = await MailedCode.get(subject="sign-up:1")
    assert f"'{code}'" not in repr(await MailedCode.all().values())
    assert len(row.digest) == 64


async def test_a_code_is_good_for_its_purpose_and_subject_alone(database: Database) -> None:
    # given
    code = await committed(verification_codes.issue(SIGN_UP, "sign-up:1"))
    await committed(verification_codes.issue(SMS, "sign-up:1"))
    # then
    assert not await holds(code, subject="sign-up:3")
    row, other = await MailedCode.get(purpose=SIGN_UP, subject="sign-up:1"), await MailedCode.get(purpose=SMS)
    assert row.digest != other.digest
    # when: the digest of one is put where another purpose is looked up
    await MailedCode.filter(purpose=SMS).update(digest=row.digest)
    # then
    assert not await holds(code, purpose=SMS)
    assert await holds(code)


async def test_a_new_code_kills_the_old_one(database: Database) -> None:
    old = await committed(verification_codes.issue(SIGN_UP, "sign-up:1"))
    new = old
    while new == old:
        new = await committed(verification_codes.issue(SIGN_UP, "sign-up:1"))
    assert not await holds(old)
    assert await holds(new)


async def test_a_code_dies_after_ten_minutes(database: Database) -> None:
    code = await committed(verification_codes.issue(SIGN_UP, "sign-up:1"))
    with clock.frozen(clock.now() + timedelta(minutes=10)):
        assert not await holds(code)
    with clock.frozen(clock.now() + timedelta(minutes=9)):
        assert await holds(code)


async def test_the_right_code_is_dead_after_five_wrong_ones(database: Database) -> None:
    # given
    code = await committed(verification_codes.issue(SIGN_UP, "sign-up:1"))
    # when
    for _ in range(4):
        assert not await holds(other_than(code))
    fourth = await MailedCode.get(subject="sign-up:1")
    assert not await holds("nonsense")
    # then
    assert fourth.tries == 4
    assert not await holds(code)


async def test_four_wrong_ones_leave_the_right_one(database: Database) -> None:
    code = await committed(verification_codes.issue(SIGN_UP, "sign-up:1"))
    for _ in range(4):
        assert not await holds(other_than(code))
    assert await holds(code)


async def test_fifty_guesses_at_once_are_all_counted(database: Database) -> None:
    # given
    code = await committed(verification_codes.issue(SIGN_UP, "sign-up:1"))
    # when: the right one comes after the first five have been let in
    answers = await asyncio.gather(*(holds(other_than(code)) for _ in range(50)))
    # then
    assert answers == [False] * 50
    assert (await MailedCode.get(subject="sign-up:1")).tries == 5
    assert not await holds(code)


async def test_the_same_code_at_once_works_once(database: Database) -> None:
    code = await committed(verification_codes.issue(SIGN_UP, "sign-up:1"))
    answers = await asyncio.gather(*(holds(code) for _ in range(5)))
    assert sorted(answers) == [False] * 4 + [True]


async def test_codes_issued_at_once_leave_one(database: Database) -> None:
    made = await asyncio.gather(*(committed(verification_codes.issue(SIGN_UP, "sign-up:1")) for _ in range(5)))
    assert await MailedCode.all().count() == 1
    assert sum([await holds(code) for code in dict.fromkeys(made)]) == 1


async def test_a_withdrawn_code_is_dead(database: Database) -> None:
    code = await committed(verification_codes.issue(SIGN_UP, "sign-up:1"))
    await committed(verification_codes.revoke(SIGN_UP, "sign-up:1"))
    assert not await holds(code)


async def use_link(purpose: Purpose, secret: str) -> verification_codes.Link:
    async with in_transaction():
        return await verification_codes.use_link(purpose, secret)


async def test_a_link_works_once_and_takes_its_siblings_along(database: Database) -> None:
    # given
    ada, ben = await make_person("ada@people.example"), await make_person()
    first, second = [
        await committed(verification_codes.issue_link(RESET, ada.id, "ada@people.example", HALF_AN_HOUR))
        for _ in range(2)
    ]
    bens = await committed(verification_codes.issue_link(RESET, ben.id, "", HALF_AN_HOUR))
    stored = repr(await MailedLink.all().values())
    assert first not in stored and second not in stored
    # when
    used = await use_link(RESET, first)
    # then
    assert used == verification_codes.Link(ada.id, "ada@people.example")
    for dead in (first, second):
        with pytest.raises(Refused, match="wrong, used, or expired"):
            await use_link(RESET, dead)
    assert (await verification_codes.link_of(RESET, bens)).account_id == ben.id


async def test_a_link_of_another_purpose_or_too_old_is_refused(database: Database) -> None:
    secret = await committed(verification_codes.issue_link(RESET, (await make_person()).id, "", HALF_AN_HOUR))
    for purpose, later in ((Purpose.DEACTIVATE_SECOND_FACTOR, timedelta()), (RESET, HALF_AN_HOUR)):
        with clock.frozen(clock.now() + later), pytest.raises(Refused):
            await use_link(purpose, secret)


async def test_a_refused_operation_leaves_the_link_usable(database: Database) -> None:
    # given
    secret = await committed(verification_codes.issue_link(RESET, (await make_person()).id, "", HALF_AN_HOUR))

    async def use_in_vain() -> None:
        async with in_transaction():
            await verification_codes.use_link(RESET, secret)
            raise ZeroDivisionError

    # when
    with pytest.raises(ZeroDivisionError):
        await use_in_vain()
    # then
    assert await use_link(RESET, secret)


async def test_two_links_of_one_account_at_once(database: Database) -> None:
    # given
    ada = await make_person()
    secrets = [await committed(verification_codes.issue_link(RESET, ada.id, "", HALF_AN_HOUR)) for _ in range(4)]

    async def use(secret: str) -> bool:
        try:
            async with in_transaction():
                await verification_codes.use_link(RESET, secret)
                await asyncio.sleep(0.01)
        except Refused:
            return False
        return True

    # when
    answers = await asyncio.gather(*(use(secret) for secret in secrets * 2))
    # then
    assert sum(answers) == 1


async def test_what_is_past_is_forgotten(database: Database) -> None:
    # given
    await committed(verification_codes.issue(SIGN_UP, "sign-up:1"))
    await committed(verification_codes.issue_link(RESET, (await make_person()).id, "", HALF_AN_HOUR))
    now = clock.now()
    # then
    assert await verification_codes.forget_expired(now) == 0
    assert await verification_codes.forget_expired(now + timedelta(minutes=11)) == 1
    assert await verification_codes.forget_expired(now + HALF_AN_HOUR * 2) == 1
