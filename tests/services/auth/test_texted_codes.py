"""Two-factor authentication by text messages: docs/rules/sign-in.md#second-factor."""

from datetime import timedelta

import pytest

from models.outbox import OutboxMessage
from models.second_factors import SecondFactor, SecondFactorMethod
from models.verification_codes import Purpose
from services.auth import second_factor_setup, second_factors
from services.core import clock, phone_numbers
from services.errors import ErrorCode
from tests.helpers.second_factors import (
    NUMBER,
    OTHER_NUMBER,
    START,
    code_of,
    sent,
    signed_in,
    texted,
    tried,
    with_sms,
    with_totp,
)

pytestmark = pytest.mark.usefixtures("start")


async def test_a_phone_is_set_up_by_the_code_that_was_texted() -> None:
    # given
    ada = await signed_in()
    await second_factor_setup.begin_sms(ada.id, " +31 20 123 4567 ")
    assert await second_factors.method_of(ada.id) is None
    # when
    done = await second_factor_setup.confirm_sms(ada.id, await texted(), **ada.who)
    # then
    assert (done.method, len(done.backup_codes)) == (SecondFactorMethod.SMS, 10)
    await second_factors.send_code(ada.id)
    code = await texted()
    assert await tried(ada, code) is None
    assert await tried(ada, code) is ErrorCode.BAD_CODE
    assert await tried(ada, done.backup_codes[0]) is None


async def test_a_texted_code_is_good_for_what_it_was_asked_for() -> None:
    ada = await with_sms()
    await second_factors.send_code(ada.id, purpose=Purpose.SIGN_IN_SMS)
    code = await texted()
    assert await tried(ada, code, purpose=Purpose.ELEVATION_SMS) is ErrorCode.BAD_CODE
    assert await tried(ada, code, purpose=Purpose.SIGN_IN_SMS) is None


async def test_a_code_is_bound_to_its_number() -> None:
    # given
    ada = await signed_in()
    await second_factor_setup.begin_sms(ada.id, NUMBER)
    first = await texted()
    await second_factor_setup.begin_sms(ada.id, OTHER_NUMBER)
    # when, then
    assert await code_of(second_factor_setup.confirm_sms(ada.id, first, **ada.who)) is ErrorCode.BAD_CODE
    assert await code_of(second_factor_setup.confirm_sms(ada.id, await texted(OTHER_NUMBER), **ada.who)) is None


async def test_the_number_of_a_pending_set_up_cannot_be_swapped_under_a_code() -> None:
    ada = await signed_in()
    await second_factor_setup.begin_sms(ada.id, NUMBER)
    code = await texted()
    await SecondFactor.filter(account_id=ada.id).update(sealed=phone_numbers.sealed(OTHER_NUMBER))
    assert await code_of(second_factor_setup.confirm_sms(ada.id, code, **ada.who)) is ErrorCode.BAD_CODE
    assert await second_factors.method_of(ada.id) is None


async def test_a_set_up_is_confirmed_by_its_own_kind_of_code() -> None:
    ada = await signed_in()
    await second_factor_setup.begin_sms(ada.id, NUMBER)
    assert (
        await code_of(second_factor_setup.confirm_totp(ada.id, await texted(), **ada.who))
        is ErrorCode.SECOND_FACTOR_OFF
    )
    ada.secret = (await second_factor_setup.begin_totp(ada.id)).secret
    assert (
        await code_of(second_factor_setup.confirm_sms(ada.id, await texted(), **ada.who)) is ErrorCode.SECOND_FACTOR_OFF
    )
    assert await code_of(second_factor_setup.confirm_totp(ada.id, ada.code(), **ada.who)) is None


@pytest.mark.parametrize(
    "number", ["", "0201234567", "+31", "+3120123456789012", "ada", "+31201234567;ext=5", "+" + "9" * 500]
)
async def test_what_is_no_number_is_refused(number: str) -> None:
    ada = await signed_in()
    assert await code_of(second_factor_setup.begin_sms(ada.id, number)) is ErrorCode.BAD_INPUT
    assert await OutboxMessage.all().count() == 0


async def test_text_messages_are_limited_by_account_and_by_number() -> None:
    ada, ben = await signed_in(), await signed_in("ben@people.example")
    assert [await code_of(second_factor_setup.begin_sms(ada.id, NUMBER)) for _ in range(6)] == [None] * 5 + [
        ErrorCode.RATE_LIMITED
    ]
    assert await code_of(second_factor_setup.begin_sms(ben.id, NUMBER)) is ErrorCode.RATE_LIMITED
    assert await code_of(second_factor_setup.begin_sms(ben.id, OTHER_NUMBER)) is None
    assert len(await sent("sms-code")) == 6


async def test_nothing_is_texted_to_whoever_has_no_confirmed_phone() -> None:
    ada, ben = await with_totp(), await signed_in("ben@people.example")
    for person in (ada, ben):
        assert await code_of(second_factors.send_code(person.id)) is ErrorCode.SECOND_FACTOR_OFF
    assert await sent("sms-code") == []


async def test_wrong_texted_codes_close_the_factor_too(unlimited: None) -> None:
    ada = await with_sms()
    for _ in range(5):
        await second_factors.send_code(ada.id)
        wrong = f"{(int(await texted()) + 7) % 10**6:06}"
        assert await tried(ada, wrong) is ErrorCode.BAD_CODE
    await second_factors.send_code(ada.id)
    assert await tried(ada, await texted()) is ErrorCode.RATE_LIMITED
    with clock.frozen(START + timedelta(minutes=1)):
        assert await tried(ada, await texted()) is None
