"""Two-factor authentication by an authenticator app, its backup codes, and guessing: docs/rules/sign-in.md#second-factor."""

from asyncio import gather
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest

from models.audit import AuditEntry
from models.database import Database
from models.second_factors import BackupCode, SecondFactorMethod
from models.statements import Statement
from services.auth import backup_codes, second_factor_removal, second_factor_setup, second_factors, totp
from services.core import clock
from services.errors import ErrorCode, Refused
from tests.helpers.second_factors import (
    NUMBER,
    OTHER_NUMBER,
    START,
    code_of,
    link,
    sent,
    signed_in,
    tried,
    with_sms,
    with_totp,
)

pytestmark = pytest.mark.usefixtures("start")


async def test_an_authenticator_is_set_up_by_its_first_code() -> None:
    # given
    ada = await signed_in()
    begun = await second_factor_setup.begin_totp(ada.id)
    ada.secret = begun.secret
    # when
    done = await second_factor_setup.confirm_totp(ada.id, f" {ada.code()[:3]} {ada.code()[3:]}", **ada.who)
    # then
    assert begun.uri == f"otpauth://totp/graph.example:ada%40people.example?secret={begun.secret}&issuer=graph.example"
    assert begun.qr_code.startswith("data:image/svg+xml")
    assert await second_factors.method_of(ada.id) is SecondFactorMethod.TOTP
    assert (done.confirmed_at, len(set(done.backup_codes))) == (START, 10)
    assert [each.to for each in await sent("second-factor-on")] == ["ada@people.example"]
    [line] = await AuditEntry.filter(action="second-factor.on")
    assert (line.account_id, line.actor_id, line.address, line.facts) == (
        ada.id,
        ada.id,
        "192.0.2.1",
        {"method": "TOTP"},
    )


async def test_what_is_shown_once_is_not_in_the_database(database: Database) -> None:
    # given
    ada = await with_totp()
    ben = await with_sms("ben@people.example")
    await second_factor_removal.request(ben.id, actor=ben.actor)
    secrets = [
        ada.secret,
        *ada.backup_codes,
        *(each.replace("-", "") for each in ada.backup_codes),
        NUMBER,
        NUMBER[1:],
        await link(),
    ]
    # when
    tables = ("second_factor", "backup_code", "mailed_code", "mailed_link", "session", "audit_entry", "outbox_message")
    rows: list[Any] = [row for table in tables for row in await database.fetch_long(_all(table))]
    held = repr([list(row) for row in rows])
    # then
    assert "second-factor.on" in held
    assert [each for each in secrets if each in held] == []
    assert ada.secret not in repr(second_factor_setup.PendingTotp(ada.secret, "", ""))


def _all(table: str) -> Statement:
    return Statement.of(f"SELECT * FROM {table}")


async def test_a_pending_factor_is_neither_demanded_nor_usable() -> None:
    ada = await signed_in()
    ada.secret = (await second_factor_setup.begin_totp(ada.id)).secret
    assert await second_factors.method_of(ada.id) is None
    assert await tried(ada, ada.code()) is ErrorCode.BAD_CODE
    assert await code_of(second_factor_setup.renew_backup_codes(ada.id, actor=ada.actor)) is ErrorCode.SECOND_FACTOR_OFF
    assert await code_of(second_factor_removal.request(ada.id, actor=ada.actor)) is ErrorCode.SECOND_FACTOR_OFF


async def test_a_set_up_that_waited_an_hour_is_over() -> None:
    ada = await signed_in()
    ada.secret = (await second_factor_setup.begin_totp(ada.id)).secret
    with clock.frozen(START + timedelta(hours=1)):
        assert (
            await code_of(second_factor_setup.confirm_totp(ada.id, ada.code(), **ada.who))
            is ErrorCode.SECOND_FACTOR_OFF
        )
    with clock.frozen(START + timedelta(minutes=59)):
        assert await code_of(second_factor_setup.confirm_totp(ada.id, ada.code(), **ada.who)) is None


async def test_beginning_again_makes_a_new_secret() -> None:
    # given
    ada = await signed_in()
    first = (await second_factor_setup.begin_totp(ada.id)).secret
    ada.secret = (await second_factor_setup.begin_totp(ada.id)).secret
    # when, then
    assert first != ada.secret
    old = pyotp.TOTP(first).at(clock.now())
    assert await code_of(second_factor_setup.confirm_totp(ada.id, old, **ada.who)) is ErrorCode.BAD_CODE
    assert await second_factors.method_of(ada.id) is None
    assert await code_of(second_factor_setup.confirm_totp(ada.id, ada.code(), **ada.who)) is None


async def test_another_app_or_number_needs_deactivation_first() -> None:
    ada = await with_totp()
    ben = await with_sms("ben@people.example")
    for person in (ada, ben):
        for work in (
            second_factor_setup.begin_totp(person.id),
            second_factor_setup.begin_sms(person.id, OTHER_NUMBER),
            second_factor_setup.confirm_totp(person.id, "123456", **person.who),
            second_factor_setup.confirm_sms(person.id, "123456", **person.who),
        ):
            assert await code_of(work) is ErrorCode.SECOND_FACTOR_ALREADY_ON
    assert await second_factors.method_of(ada.id) is SecondFactorMethod.TOTP
    assert await tried(ada, ada.code()) is None


@pytest.mark.parametrize(("steps", "expected"), [(-2, "BAD_CODE"), (-1, None), (0, None), (1, None), (2, "BAD_CODE")])
async def test_a_clock_may_be_off_by_one_step(steps: int, expected: str | None) -> None:
    ada = await with_totp()
    refused = await tried(ada, ada.code(steps))
    assert (refused and refused.value) == expected


async def test_a_code_works_once_and_earlier_ones_no_more() -> None:
    ada = await with_totp()
    assert await tried(ada, ada.code(1)) is None
    assert [await tried(ada, ada.code(steps)) for steps in (1, 0, -1)] == [ErrorCode.BAD_CODE] * 3
    with clock.frozen(START + timedelta(seconds=60)):
        assert await tried(ada, ada.code(-1)) is ErrorCode.BAD_CODE
        assert await tried(ada, ada.code()) is None


async def test_the_code_of_the_set_up_does_not_sign_in() -> None:
    ada = await signed_in()
    ada.secret = (await second_factor_setup.begin_totp(ada.id)).secret
    await second_factor_setup.confirm_totp(ada.id, ada.code(), **ada.who)
    assert await tried(ada, ada.code()) is ErrorCode.BAD_CODE
    assert await tried(ada, ada.code(1)) is None


async def test_one_code_twenty_times_at_once_is_accepted_once(unlimited: None) -> None:
    ada = await with_totp()
    answers = await gather(*(tried(ada, ada.code()) for _ in range(20)))
    assert answers.count(None) == 1
    assert set(answers) == {None, ErrorCode.BAD_CODE, ErrorCode.RATE_LIMITED}


@pytest.mark.parametrize(
    "code", ["", "1", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "123456\n", "x" * 5_000]
)
async def test_what_is_no_code_is_refused(code: str) -> None:
    ada = await with_totp()
    assert await tried(ada, code) is ErrorCode.BAD_CODE


async def test_a_code_of_somebody_else_is_refused() -> None:
    ada, ben = await with_totp(), await with_totp("ben@people.example")
    assert await tried(ada, ben.code()) is ErrorCode.BAD_CODE
    assert await tried(ada, ben.backup_codes[0]) is ErrorCode.BAD_CODE
    assert await tried(ben, ben.code()) is None


# Guessing


async def test_five_wrong_codes_close_the_factor_for_longer_each_time(unlimited: None) -> None:
    # given
    ada = await with_totp()
    wrong = f"{(int(ada.code()) + 7) % 10**6:06}"
    assert [await tried(ada, wrong) for _ in range(5)] == [ErrorCode.BAD_CODE] * 5
    # when, then: closed also for the right one
    assert await tried(ada, ada.code()) is ErrorCode.RATE_LIMITED
    now = START
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        with clock.frozen(now + timedelta(minutes=minutes, seconds=-1)), pytest.raises(Refused) as closed:
            await second_factors.check(ada.id, ada.code(), actor=ada.who["actor"])
        assert closed.value.problems[0].facts == {"retry_after": 1}
        now += timedelta(minutes=minutes)
        with clock.frozen(now):
            assert await tried(ada, "12345") is ErrorCode.BAD_CODE
    with clock.frozen(now + timedelta(hours=1)):
        assert await tried(ada, ada.code()) is None
        assert await tried(ada, "12345") is ErrorCode.BAD_CODE
        assert await tried(ada, ada.code(1)) is None


async def test_a_hundred_guesses_at_once_are_all_counted(unlimited: None) -> None:
    ada = await with_totp()
    answers = await gather(*(tried(ada, f"{(int(ada.code()) + n) % 10**6:06}") for n in range(5, 105)))
    assert (answers.count(ErrorCode.BAD_CODE), answers.count(ErrorCode.RATE_LIMITED)) == (5, 95)
    assert await tried(ada, ada.code()) is ErrorCode.RATE_LIMITED


async def test_a_closed_factor_still_takes_a_backup_code(unlimited: None) -> None:
    ada = await with_totp()
    for _ in range(5):
        await tried(ada, "12345")
    assert await tried(ada, ada.backup_codes[0]) is None
    assert await tried(ada, ada.code()) is ErrorCode.RATE_LIMITED


async def test_tries_are_limited_whatever_they_are() -> None:
    ada = await with_totp()
    with clock.frozen(START):
        answers = [await tried(ada, "ABCDE-FGHJK") for _ in range(40)]
    assert answers[0] is ErrorCode.BAD_CODE and answers[-1] is ErrorCode.RATE_LIMITED


# Backup codes


async def test_a_backup_code_works_once_however_it_is_typed() -> None:
    ada = await with_totp()
    first, second, *_ = ada.backup_codes
    assert await tried(ada, first) is None
    assert await tried(ada, first) is ErrorCode.BAD_CODE
    assert await tried(ada, f" {second.lower().replace('-', ' ')} ") is None
    assert await backup_codes.count_unused(ada.id) == 8


async def test_a_backup_code_twenty_times_at_once_is_accepted_once(unlimited: None) -> None:
    ada = await with_totp()
    answers = await gather(*(tried(ada, ada.backup_codes[0]) for _ in range(20)))
    assert (answers.count(None), answers.count(ErrorCode.BAD_CODE)) == (1, 19)


async def test_new_backup_codes_kill_the_old_ones() -> None:
    ada = await with_totp()
    fresh = await second_factor_setup.renew_backup_codes(ada.id, actor=ada.actor)
    assert await tried(ada, ada.backup_codes[0]) is ErrorCode.BAD_CODE
    assert await tried(ada, fresh[0]) is None
    assert await BackupCode.filter(account_id=ada.id).count() == 10
    made = await AuditEntry.filter(action="second-factor.backup-codes-made", account_id=ada.id)
    assert [each.facts for each in made] == [{"count": 10}, {"count": 10}]
    [mail] = await sent("backup-codes-made")
    assert mail.to == "ada@people.example" and "ada@people.example" in mail.text


async def test_a_used_backup_code_is_told_and_in_the_trail() -> None:
    # given
    ada = await with_totp()
    # when
    assert await tried(ada, ada.backup_codes[0]) is None
    assert await tried(ada, ada.backup_codes[0]) is ErrorCode.BAD_CODE
    # then: once, though it was tried twice
    [mail] = await sent("backup-code-used")
    assert mail.to == "ada@people.example" and "the account ada@people.example" in mail.text and "left: 9" in mail.text
    [line] = await AuditEntry.filter(action="second-factor.backup-code-used")
    assert (line.account_id, line.actor_id, line.facts) == (ada.id, ada.actor.account_id, {"left": 9})


@pytest.mark.parametrize("digits", ["755224", "287082", "359152", "969429", "338314"])
async def test_codes_are_those_of_the_standard(digits: str) -> None:
    """The vectors of RFC 4226, appendix D: the secret is the ASCII text 12345678901234567890."""
    step = ["755224", "287082", "359152", "969429", "338314"].index(digits)
    now = datetime.fromtimestamp(step * 30, UTC)
    assert totp.step_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", digits, now=now, after=-1) == step
