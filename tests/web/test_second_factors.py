"""Two-factor authentication over HTTP: docs/rules/sign-in.md#second-factor, and what it is attacked with."""

import re
from datetime import timedelta
from typing import Any

import orjson
import pyotp
import pytest

from catalogue.scopes import SCOPES
from models.accounts import Account
from models.audit import Origin
from models.outbox import OutboxMessage
from models.second_factors import SecondFactor
from models.sessions import Session
from services.auth import passwords, second_factors, sessions
from services.auth.api_keys import create as create_api_key
from services.auth.principals import NO_CLIENT
from services.core import clock
from services.core.audit import OPERATOR, Actor
from services.core.crypto import digest
from services.errors import Refused
from services.messages import outbox
from tests.helpers.factories import make_person, make_token
from tests.helpers.graphql_client import Body, GraphQLClient
from tests.helpers.sessions import sign_in
from tests.helpers.sign_in import GOOD

ERRORS = "errors { code message path }"
BEGIN_TOTP = f"mutation Begin {{ beginTotp {{ secret uri qrCode {ERRORS} }} }}"
CONFIRM_TOTP = f"mutation Confirm($input: ConfirmTotpInput!) {{ confirmTotp(input: $input) {{ viewer {{ secondFactor {{ isEnabled method confirmedAt backupCodesLeft }} }} backupCodes {ERRORS} }} }}"
BEGIN_SMS = f"mutation Begin($input: BeginSmsInput!) {{ beginSms(input: $input) {{ {ERRORS} }} }}"
CONFIRM_SMS = f"mutation Confirm($input: ConfirmSmsInput!) {{ confirmSms(input: $input) {{ viewer {{ secondFactor {{ method }} }} backupCodes {ERRORS} }} }}"
REGENERATE = f"mutation Renew {{ regenerateBackupCodes {{ viewer {{ secondFactor {{ backupCodesLeft }} }} backupCodes {ERRORS} }} }}"
REQUEST = f"mutation Ask {{ requestSecondFactorDeactivation {{ {ERRORS} }} }}"
DEACTIVATE = f"mutation Off($input: DeactivateSecondFactorInput!) {{ deactivateSecondFactor(input: $input) {{ viewer {{ secondFactor {{ isEnabled }} }} {ERRORS} }} }}"
STATUS = "{ viewer { secondFactor { isEnabled method confirmedAt backupCodesLeft } } }"
OFF = {"isEnabled": False, "method": None, "confirmedAt": None, "backupCodesLeft": 0}

EVERY: dict[str, tuple[str, Body]] = {
    "beginTotp": (BEGIN_TOTP, {}),
    "confirmTotp": (CONFIRM_TOTP, {"code": "123456"}),
    "beginSms": (BEGIN_SMS, {"phoneNumber": "+31201234567"}),
    "confirmSms": (CONFIRM_SMS, {"code": "123456"}),
    "regenerateBackupCodes": (REGENERATE, {}),
    "requestSecondFactorDeactivation": (REQUEST, {}),
    "deactivateSecondFactor": (DEACTIVATE, {"token": "x" * 32}),
}
ELEVATED = ("beginTotp", "confirmTotp", "beginSms", "confirmSms", "regenerateBackupCodes")


async def do(client: GraphQLClient, name: str, given: Body | None = None, *, token: str | None = None) -> Any:
    """Call one mutation; answer its payload."""
    document, usual = EVERY[name]
    return (await client.data(document, token=token, **asked(usual if given is None else given)))[name]


def asked(given: Body) -> Body:
    return {"input": given} if given else {}


async def errors(client: GraphQLClient, name: str, given: Body | None = None) -> list[str]:
    return [each["code"] for each in (await do(client, name, given))["errors"]]


async def status(client: GraphQLClient) -> Any:
    return (await client.data(STATUS))["viewer"]["secondFactor"]


def now_on(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30 * steps))


async def switch_on(client: GraphQLClient) -> tuple[str, list[str]]:
    """Set up an authenticator app by its code of a step ago; returns its secret and the backup codes."""
    secret = (await do(client, "beginTotp"))["secret"]
    done = await do(client, "confirmTotp", {"code": now_on(secret, -1)})
    assert done["errors"] == []
    return secret, done["backupCodes"]


async def found(kind: str, pattern: str) -> str:
    """What the last message of a kind says."""
    row = await OutboxMessage.filter(kind=kind).order_by("-id").first()
    assert row
    said = re.search(pattern, outbox.opened(row).text)
    assert said
    return said[1]


@pytest.fixture
async def ada(checked_client: GraphQLClient) -> Account:
    """Signed in and elevated."""
    account = await make_person("ada@people.example")
    await sign_in(checked_client, account)
    return account


async def test_an_authenticator_is_set_up_and_shown_as_on(checked_client: GraphQLClient, ada: Account) -> None:
    # given
    assert await status(checked_client) == OFF
    begun = await do(checked_client, "beginTotp")
    assert begun["uri"].startswith("otpauth://totp/graph.example:ada") and begun["secret"] in begun["uri"]
    assert begun["qrCode"].startswith("data:image/svg+xml")
    assert await status(checked_client) == OFF
    # when
    done = await do(checked_client, "confirmTotp", {"code": now_on(begun["secret"])})
    # then
    assert done["errors"] == [] and len(done["backupCodes"]) == 10
    shown = await status(checked_client)
    assert shown == done["viewer"]["secondFactor"]
    assert (shown["isEnabled"], shown["method"], shown["backupCodesLeft"]) == (True, "TOTP", 10)
    await second_factors.check(ada.id, done["backupCodes"][0], actor=OPERATOR)
    assert (await status(checked_client))["backupCodesLeft"] == 9


async def test_the_secret_is_never_answered_again(checked_client: GraphQLClient, ada: Account) -> None:
    # given
    secret, backup_codes = await switch_on(checked_client)
    # when
    bodies = [await checked_client.ask(EVERY[name][0], **asked(EVERY[name][1])) for name in EVERY] + [
        await checked_client.ask(STATUS)
    ]
    # then
    said = orjson.dumps(bodies).decode()
    assert "SECOND_FACTOR_ALREADY_ON" in said
    assert [each for each in (secret, *backup_codes) if each in said] == []


async def test_switching_on_changes_the_cookie_and_ends_the_other_sessions(
    checked_client: GraphQLClient, ada: Account
) -> None:
    # given
    before = await Session.get(account_id=ada.id)
    elsewhere = await sessions.begin(ada.id, NO_CLIENT)
    # when
    secret = (await do(checked_client, "beginTotp"))["secret"]
    response = await checked_client.post(CONFIRM_TOTP, input={"code": now_on(secret)})
    # then
    after = await Session.get(account_id=ada.id)
    assert (after.id, after.digest == before.digest) == (before.id, False)
    assert digest(response.cookies["session"].value) == after.digest
    assert await sessions.authenticate(elsewhere) is None
    assert (await status(checked_client))["isEnabled"]


async def test_a_refused_set_up_leaves_the_session_as_it_is(checked_client: GraphQLClient, ada: Account) -> None:
    await do(checked_client, "beginTotp")
    elsewhere = await sessions.begin(ada.id, NO_CLIENT)
    response = await checked_client.post(CONFIRM_TOTP, input={"code": "12345"})
    payload = (await response.json())["data"]["confirmTotp"]
    assert [(each["code"], each["path"]) for each in payload["errors"]] == [("BAD_CODE", ["code"])]
    assert (payload["viewer"], payload["backupCodes"]) == (None, None)
    assert "session" not in response.cookies
    assert await sessions.authenticate(elsewhere) is not None
    assert await status(checked_client) == OFF


async def test_codes_by_text_message(checked_client: GraphQLClient, ada: Account) -> None:
    # given
    assert await errors(checked_client, "beginSms", {"phoneNumber": "020 1234567"}) == ["BAD_INPUT"]
    assert await errors(checked_client, "beginSms") == []
    # when
    done = await do(checked_client, "confirmSms", {"code": await found("sms-code", r"\b([0-9]{6})\b")})
    # then
    assert (done["errors"], done["viewer"], len(done["backupCodes"])) == ([], {"secondFactor": {"method": "SMS"}}, 10)
    assert (await status(checked_client))["method"] == "SMS"
    assert await errors(checked_client, "beginSms", {"phoneNumber": "+31201234568"}) == ["SECOND_FACTOR_ALREADY_ON"]
    assert await errors(checked_client, "beginTotp") == ["SECOND_FACTOR_ALREADY_ON"]


async def test_new_backup_codes(checked_client: GraphQLClient, ada: Account) -> None:
    assert await errors(checked_client, "regenerateBackupCodes") == ["SECOND_FACTOR_OFF"]
    _, first = await switch_on(checked_client)
    await second_factors.check(ada.id, first[1], actor=OPERATOR)
    done = await do(checked_client, "regenerateBackupCodes")
    fresh = done["backupCodes"]
    assert done["viewer"] == {"secondFactor": {"backupCodesLeft": 10}}
    assert len({*first, *fresh}) == 20
    assert await accepted(ada, first[0]) is False
    assert await accepted(ada, fresh[0]) is True


async def accepted(account: Account, code: str) -> bool:
    try:
        await second_factors.check(account.id, code, actor=OPERATOR)
    except Refused:
        return False
    return True


async def test_a_mailed_link_switches_it_off(checked_client: GraphQLClient, ada: Account) -> None:
    # given
    assert await errors(checked_client, "requestSecondFactorDeactivation") == ["SECOND_FACTOR_OFF"]
    await switch_on(checked_client)
    before = await Session.get(account_id=ada.id)
    # when
    assert await errors(checked_client, "requestSecondFactorDeactivation") == []
    assert (await status(checked_client))["isEnabled"]
    token = await found("second-factor-off-link", r"token=(\w+)")
    done = await do(checked_client, "deactivateSecondFactor", {"token": token})
    assert done == {"viewer": {"secondFactor": {"isEnabled": False}}, "errors": []}
    # then
    assert await status(checked_client) == OFF
    assert (await Session.get(account_id=ada.id)).digest != before.digest
    assert await errors(checked_client, "deactivateSecondFactor", {"token": token}) == ["BAD_CODE"]


async def test_the_link_of_another_account_does_nothing(checked_client: GraphQLClient, ada: Account) -> None:
    # given
    await switch_on(checked_client)
    await do(checked_client, "requestSecondFactorDeactivation")
    token = await found("second-factor-off-link", r"token=(\w+)")
    eve = await make_person("eve@people.example")
    await sign_in(checked_client, eve)
    # when, then: whether she has a factor or not
    assert await errors(checked_client, "deactivateSecondFactor", {"token": token}) == ["BAD_CODE"]
    await switch_on(checked_client)
    assert await errors(checked_client, "deactivateSecondFactor", {"token": token}) == ["BAD_CODE"]
    assert await SecondFactor.filter(confirmed_at__not_isnull=True).count() == 2


async def test_guessing_by_aliases_in_one_document_is_counted_one_by_one(
    checked_client: GraphQLClient, ada: Account
) -> None:
    # given
    secret = (await do(checked_client, "beginTotp"))["secret"]
    right = now_on(secret)
    guesses = [f"{(int(right) + n) % 10**6:06}" for n in range(1_000, 1_040)] + [right]
    document = " ".join(
        f'g{n}: confirmTotp(input: {{code: "{guess}"}}) {{ backupCodes errors {{ code }} }}'
        for n, guess in enumerate(guesses)
    )
    # when
    data = await checked_client.data(f"mutation {{ {document} }}")
    # then
    answers = [[each["code"] for each in data[f"g{n}"]["errors"]] for n in range(len(guesses))]
    assert answers[0] == ["BAD_CODE"] and answers[-1] == ["RATE_LIMITED"]
    assert answers.count(["BAD_CODE"]) + answers.count(["RATE_LIMITED"]) == len(guesses)
    assert answers.count(["BAD_CODE"]) <= 10
    assert await status(checked_client) == OFF


SIGN_IN = "mutation In($input: SignInInput!) { signIn(input: $input) { secondFactor { token } errors { code } } }"


async def test_guessing_at_sign_in_by_aliases_in_one_document_gets_nobody_in(
    checked_client: GraphQLClient, ada: Account
) -> None:
    # given: a thief knows the password
    await passwords.set_password(ada.id, GOOD)
    secret, _ = await switch_on(checked_client)
    checked_client.http.session.cookie_jar.clear()
    half = (await checked_client.data(SIGN_IN, input={"email": ada.email, "password": GOOD}))["signIn"]
    with clock.frozen(clock.now()):
        right = now_on(secret)
        guesses = [f"{(int(right) + n) % 10**6:06}" for n in range(1_000, 1_020)] + [right]
        document = " ".join(
            f'g{n}: completeSignIn(input: {{token: "{half["secondFactor"]["token"]}", code: "{guess}"}}) {{ viewer {{ account {{ email }} }} errors {{ code }} }}'
            for n, guess in enumerate(guesses)
        )
        # when
        response = await checked_client.post(f"mutation {{ {document} }}")
    # then
    data = (await response.json())["data"]
    answers = [data[f"g{n}"]["errors"][0]["code"] for n in range(len(guesses))]
    assert answers == ["BAD_CODE"] * 5 + ["RATE_LIMITED"] * 16
    assert all(each["viewer"] is None for each in data.values())
    assert "session" not in response.cookies


async def test_a_code_that_confirmed_a_session_signs_nobody_in(checked_client: GraphQLClient, ada: Account) -> None:
    # given
    await passwords.set_password(ada.id, GOOD)
    secret, _ = await switch_on(checked_client)
    code = now_on(secret)
    elevate = f'mutation {{ elevateSession(input: {{code: "{code}"}}) {{ errors {{ code }} }} }}'
    assert (await checked_client.data(elevate))["elevateSession"]["errors"] == []
    # when: somebody looked over the shoulder
    checked_client.http.session.cookie_jar.clear()
    half = (await checked_client.data(SIGN_IN, input={"email": ada.email, "password": GOOD}))["signIn"]
    complete = f'mutation {{ completeSignIn(input: {{token: "{half["secondFactor"]["token"]}", code: "{code}"}}) {{ errors {{ code }} }} }}'
    # then
    assert (await checked_client.data(complete))["completeSignIn"]["errors"] == [{"code": "BAD_CODE"}]


# Who may


@pytest.mark.parametrize("name", EVERY)
async def test_nobody_no_token_and_no_key_may(checked_client: GraphQLClient, name: str) -> None:
    # given
    account = await make_person("ada@people.example")
    token = await make_token(account, *(each.name for each in SCOPES.values() if not each.service_only))
    key = await create_api_key(account.id, name="A key", actor=Actor(account.id, Origin.SESSION))
    by_key = {"Mendix-Username": account.email, "Mendix-ApiKey": key.secret}
    document, given = EVERY[name]
    # when, then
    assert await checked_client.code(document, **asked(given)) == "UNAUTHENTICATED"
    assert await checked_client.code(document, token=token, **asked(given)) == "INSUFFICIENT_SCOPE"
    body = await (await checked_client.post(document, headers=by_key, **asked(given))).json()
    assert [each["extensions"]["code"] for each in body["errors"]] == ["FORBIDDEN"]
    assert await SecondFactor.all().count() == 0
    assert set(await OutboxMessage.all().values_list("kind", flat=True)) <= {"new-token", "new-api-key"}


async def test_the_status_is_for_the_one_signed_in(checked_client: GraphQLClient) -> None:
    account = await make_person("ada@people.example")
    token = await make_token(account, "mx:user:profile:v1:read")
    key = await create_api_key(account.id, name="A key", actor=Actor(account.id, Origin.SESSION))
    by_key = {"Mendix-Username": account.email, "Mendix-ApiKey": key.secret}
    assert await checked_client.code(STATUS, token=token) == "INSUFFICIENT_SCOPE"
    assert await checked_client.code("{ viewer { secondFactor { __typename } } }", token=token) == "INSUFFICIENT_SCOPE"
    body = await (await checked_client.post(STATUS, headers=by_key)).json()
    assert body == {"data": {"viewer": {"secondFactor": None}}}
    assert (await checked_client.data(STATUS))["viewer"] is None


@pytest.mark.parametrize("name", EVERY)
async def test_what_changes_the_factor_needs_a_confirmed_session(checked_client: GraphQLClient, name: str) -> None:
    # given
    await sign_in(checked_client, await make_person(), elevated=False)
    document, given = EVERY[name]
    # when
    body = await checked_client.ask(document, **asked(given))
    # then
    assert [each["extensions"]["code"] for each in body["errors"]] == ["ELEVATION_REQUIRED"]
    assert await SecondFactor.all().count() == 0
