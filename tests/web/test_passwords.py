"""Changing and resetting passwords over HTTP: docs/rules/sign-in.md#passwords."""

from datetime import datetime, timedelta
from typing import Any

from models.passwords import Password
from tests.helpers.factories import make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, with_key
from tests.helpers.sessions_by_http import (
    ADA_HERSELF,
    ELEVATE,
    ME,
    cookie,
    error_codes,
    sign_in,
    viewer_with,
    with_cookie,
)
from tests.helpers.sign_in import ADA, GOOD, OTHER, mailed_token, mails, make_login

CHANGE = """
mutation Change($input: ChangePasswordInput!) {
  changePassword(input: $input) { viewer { account { email } passwordExpiresAt } errors { code path message } }
}
"""
REQUEST = "mutation R($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { errors { code } } }"
RESET = "mutation R($input: ResetPasswordInput!) { resetPassword(input: $input) { errors { code path } } }"


async def reset(client: GraphQLClient, token: str, new: str = OTHER) -> list[str]:
    data = await client.data(RESET, input={"token": token, "newPassword": new})
    return [error["code"] for error in data["resetPassword"]["errors"]]


async def test_a_password_is_changed(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_login()
    elsewhere = await in_session(ada)
    await sign_in(checked_client)
    given = {"currentPassword": GOOD, "newPassword": OTHER}
    assert await checked_client.code(CHANGE, input=given) == "ELEVATION_REQUIRED"
    assert await error_codes(checked_client, ELEVATE, "elevateSession", password=GOOD) == []
    before = cookie(checked_client)
    # when
    answer = (await checked_client.data(CHANGE, input=given))["changePassword"]
    # then
    row = await Password.get(account_id=ada.id)
    assert answer["errors"] == [] and answer["viewer"]["account"]["email"] == ADA
    assert datetime.fromisoformat(answer["viewer"]["passwordExpiresAt"]) == row.changed_at + timedelta(days=90)
    assert cookie(checked_client) not in {before, None}
    assert await checked_client.data(ME) == ADA_HERSELF
    for dead in (elsewhere, with_cookie(before)):
        assert await viewer_with(checked_client, dead) == {"viewer": None}
    assert (await sign_in(checked_client, password=GOOD))["errors"][0]["code"] == "BAD_CREDENTIALS"
    assert (await sign_in(checked_client, password=OTHER))["errors"] == []


async def test_every_broken_rule_is_told_and_no_password_is(checked_client: GraphQLClient) -> None:
    # given
    await make_login()
    await sign_in(checked_client)
    assert await error_codes(checked_client, ELEVATE, "elevateSession", password=GOOD) == []
    # when
    answer = (await checked_client.data(CHANGE, input={"currentPassword": GOOD, "newPassword": "  ada tt  "}))[
        "changePassword"
    ]
    # then
    assert {error["code"]: error["path"] for error in answer["errors"]} == {
        code: ["newPassword"]
        for code in (
            "PASSWORD_TOO_SHORT", "PASSWORD_NEEDS_SPECIAL", "PASSWORD_NEEDS_DIGIT", "PASSWORD_NEEDS_UPPERCASE"
        )
    }  # fmt: skip
    assert "ada tt" not in str(answer)
    # when
    answer = (await checked_client.data(CHANGE, input={"currentPassword": OTHER, "newPassword": OTHER}))[
        "changePassword"
    ]
    # then
    assert [(error["code"], error["path"]) for error in answer["errors"]] == [("BAD_CREDENTIALS", ["currentPassword"])]


async def test_only_a_session_changes_a_password(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_login()
    token, key = await make_token(ada, "mx:user:profile:v1:read"), await with_key(ada)
    given: dict[str, Any] = {"currentPassword": GOOD, "newPassword": OTHER}
    # then
    assert await checked_client.code(CHANGE, input=given) == "UNAUTHENTICATED"
    assert await checked_client.code(CHANGE, token=token, input=given) == "INSUFFICIENT_SCOPE"
    body = await (await checked_client.post(CHANGE, headers=key, input=given)).json()
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_lost_password_is_replaced_by_mail(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_login()
    elsewhere = await in_session(ada)
    # when
    answers = [(await checked_client.data(REQUEST, input={"email": email})) for email in (ADA, "nobody@people.example")]
    # then
    assert answers == [{"requestPasswordReset": {"errors": []}}] * 2
    assert [mail.to for mail in await mails()] == [ADA]
    # when
    token = await mailed_token()
    assert await reset(checked_client, token, GOOD) == ["PASSWORD_REUSED"]
    assert await reset(checked_client, token) == []
    # then
    assert await reset(checked_client, token, "Once more 1 secret!") == ["BAD_CODE"]
    assert cookie(checked_client) is None
    assert await viewer_with(checked_client, elsewhere) == {"viewer": None}
    assert (await sign_in(checked_client, password=OTHER))["viewer"] == ADA_HERSELF["viewer"]


async def test_links_cannot_be_guessed_in_one_document(checked_client: GraphQLClient) -> None:
    guesses = " ".join(
        f'g{n}: resetPassword(input: {{token: "{n}", newPassword: "{OTHER}"}}) {{ errors {{ code }} }}'
        for n in range(50)
    )
    data = await checked_client.data(f"mutation {{ {guesses} }}")
    found = [each["errors"][0]["code"] for each in data.values()]
    assert (found[0], found[-1]) == ("BAD_CODE", "RATE_LIMITED")
