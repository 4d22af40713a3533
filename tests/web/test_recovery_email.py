"""The recovery email over HTTP: docs/rules/sign-in.md#recovery-email."""

import re
from typing import Any

import pytest

from catalogue.scopes import SCOPES
from models.accounts import Account
from models.audit import Origin
from models.outbox import OutboxMessage
from models.profiles import Profile
from models.verification_codes import MailedCode
from services.auth.api_keys import create as create_api_key
from services.core.audit import Actor
from services.messages import outbox
from tests.helpers.factories import make_person, make_token
from tests.helpers.graphql_client import Body, GraphQLClient
from tests.helpers.sessions import sign_in

ERRORS = "errors { code message path }"
EVERY: dict[str, tuple[str, Body]] = {
    "setRecoveryEmail": (
        f"mutation Set($input: SetRecoveryEmailInput!) {{ setRecoveryEmail(input: $input) {{ {ERRORS} }} }}",
        {"email": "ada@home.example"},
    ),
    "verifyRecoveryEmail": (
        f"mutation Verify($input: VerifyRecoveryEmailInput!) {{ verifyRecoveryEmail(input: $input) {{ viewer {{ recoveryEmail }} {ERRORS} }} }}",
        {"code": "123456"},
    ),
    "removeRecoveryEmail": (
        f"mutation Remove {{ removeRecoveryEmail {{ viewer {{ recoveryEmail }} {ERRORS} }} }}",
        {},
    ),
}
OWN = "{ viewer { recoveryEmail } }"


async def do(client: GraphQLClient, name: str, given: Body | None = None) -> Any:
    document, usual = EVERY[name]
    return (await client.data(document, input=usual if given is None else given))[name]


async def mailed() -> str:
    row = await OutboxMessage.filter(kind="recovery-email-code").order_by("-id").first()
    found = row and re.search(r"\b[0-9]{6}\b", outbox.opened(row).text)
    assert found
    return found[0]


@pytest.fixture
async def ada(checked_client: GraphQLClient) -> Account:
    """Signed in and elevated."""
    account = await make_person("ada@people.example")
    await sign_in(checked_client, account)
    return account


async def own(client: GraphQLClient) -> str | None:
    return (await client.data(OWN))["viewer"]["recoveryEmail"]


async def test_set_verify_and_remove(checked_client: GraphQLClient, ada: Account) -> None:
    # set
    assert await do(checked_client, "setRecoveryEmail") == {"errors": []}
    assert await own(checked_client) is None
    # verify
    done = await do(checked_client, "verifyRecoveryEmail", {"code": await mailed()})
    assert done == {"viewer": {"recoveryEmail": "ada@home.example"}, "errors": []}
    assert await own(checked_client) == "ada@home.example"
    # remove
    assert await do(checked_client, "removeRecoveryEmail") == {"viewer": {"recoveryEmail": None}, "errors": []}
    assert await own(checked_client) is None


async def test_a_wrong_code_changes_nothing(checked_client: GraphQLClient, ada: Account) -> None:
    await do(checked_client, "setRecoveryEmail")
    answer = await do(checked_client, "verifyRecoveryEmail", {"code": "12345"})
    assert answer["viewer"] is None
    assert [each["code"] for each in answer["errors"]] == ["BAD_CODE"]
    assert await own(checked_client) is None


async def test_nobody_learns_whether_an_address_is_a_login(checked_client: GraphQLClient, ada: Account) -> None:
    await make_person("ben@people.example")
    bodies = [
        await (await checked_client.post(EVERY["setRecoveryEmail"][0], input={"email": email})).read()
        for email in ("ben@people.example", "nobody@people.example")
    ]
    assert bodies[0] == bodies[1] == b'{"data":{"setRecoveryEmail":{"errors":[]}}}'
    answer = await do(checked_client, "setRecoveryEmail", {"email": "ada@people.example"})
    assert [(each["code"], each["path"]) for each in answer["errors"]] == [("BAD_INPUT", ["email"])]


async def test_guessing_by_aliases_in_one_document_is_counted(checked_client: GraphQLClient, ada: Account) -> None:
    # given
    await do(checked_client, "setRecoveryEmail")
    right = await mailed()
    guesses = [f"{(int(right) + n) % 10**6:06}" for n in range(1, 6)] + [right]
    document = " ".join(
        f'g{n}: verifyRecoveryEmail(input: {{code: "{guess}"}}) {{ errors {{ code }} }}'
        for n, guess in enumerate(guesses)
    )
    # when
    data = await checked_client.data(f"mutation {{ {document} }}")
    # then
    assert {each["code"] for answer in data.values() for each in answer["errors"]} == {"BAD_CODE"}
    assert all(answer["errors"] for answer in data.values())
    assert await own(checked_client) is None


@pytest.mark.parametrize("name", EVERY)
async def test_nobody_no_token_and_no_key_may(checked_client: GraphQLClient, name: str) -> None:
    # given
    account = await make_person("ada@people.example")
    await Profile.filter(id=account.profile_id).update(recovery_email="ada@old.example")
    token = await make_token(account, *(each.name for each in SCOPES.values() if not each.service_only))
    key = await create_api_key(account.id, name="A key", actor=Actor(account.id, Origin.SESSION))
    by_key = {"Mendix-Username": account.email, "Mendix-ApiKey": key.secret}
    document, given = EVERY[name]
    # when, then
    assert await checked_client.code(document, input=given) == "UNAUTHENTICATED"
    assert await checked_client.code(document, token=token, input=given) == "INSUFFICIENT_SCOPE"
    body = await (await checked_client.post(document, headers=by_key, input=given)).json()
    assert [each["extensions"]["code"] for each in body["errors"]] == ["FORBIDDEN"]
    await sign_in(checked_client, account, elevated=False)
    assert await checked_client.code(document, input=given) == "ELEVATION_REQUIRED"
    assert await MailedCode.all().count() == 0
    assert (await Profile.get(id=account.profile_id)).recovery_email == "ada@old.example"
