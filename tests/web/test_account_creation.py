"""Adding an account to the own profile over HTTP: docs/rules/accounts.md#creating-another-account."""

from typing import Any

import pytest

from models.accounts import Account
from resolvers.base import ids
from services.auth import sessions
from services.sign_in import account_creation
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session
from tests.helpers.racing_merges import merge_now
from tests.helpers.sessions_by_http import ADA_HERSELF, ELEVATE, ME, error_codes, sign_in
from tests.helpers.sign_in import ADA, GOOD, OTHER, kinds, mailed_code, make_domain, make_login, other_than

NEW = "ada@work.example"
CREATE = "mutation C($input: CreateAccountInput!) { createAccount(input: $input) { errors { code path message } } }"
RESEND = "mutation R($input: ResendNewAccountCodeInput!) { resendNewAccountCode(input: $input) { errors { code } } }"
VERIFY = """
mutation V($input: VerifyNewAccountInput!) {
  verifyNewAccount(input: $input) {
    account { id email isCurrent usesSso lastSignInAt allowsMarketing company { name } }
    viewer { account { email } accounts { email } }
    errors { code path }
  }
}
"""


async def create(client: GraphQLClient, email: str = NEW, **more: Any) -> list[dict[str, Any]]:
    given = {"email": email, "password": OTHER, "allowsMarketing": True, **more}
    return (await client.data(CREATE, input=given))["createAccount"]["errors"]


async def test_a_person_adds_an_account(checked_client: GraphQLClient) -> None:
    # given
    await make_domain("work.example")
    await make_login()
    await sign_in(checked_client)
    given = {"email": NEW, "password": OTHER, "allowsMarketing": True, "idempotencyKey": "a key"}
    assert await checked_client.code(CREATE, input=given) == "ELEVATION_REQUIRED"
    await checked_client.data(ELEVATE, input={"password": GOOD})
    # when
    assert await create(checked_client, idempotencyKey="a key") == []
    assert await create(checked_client, idempotencyKey="a key") == []
    assert await kinds() == ["new-account-code"]
    code = await mailed_code(NEW)
    wrong = {"email": NEW, "code": other_than(code)}
    assert await error_codes(checked_client, VERIFY, "verifyNewAccount", **wrong) == ["BAD_CODE"]
    done = (await checked_client.data(VERIFY, input={"email": NEW, "code": code}))["verifyNewAccount"]
    # then
    account = await Account.get(email_key=NEW)
    assert done == {
        "account": {
            "id": ids.encode("Account", account.id),
            "email": NEW,
            "isCurrent": False,
            "usesSso": False,
            "lastSignInAt": None,
            "allowsMarketing": True,
            "company": {"name": "Harbor Works"},
        },
        "viewer": {"account": {"email": ADA}, "accounts": [{"email": ADA}, {"email": NEW}]},
        "errors": [],
    }
    assert await checked_client.data(ME) == ADA_HERSELF
    [taken] = await create(checked_client)
    assert (taken["code"], taken["path"]) == ("ALREADY_EXISTS", ["email"])
    # and: signed in with the new account, it is the same person
    checked_client.http.session.cookie_jar.clear()
    assert (await sign_in(checked_client, NEW, OTHER))["viewer"] == {"account": {"email": NEW}}


async def test_another_persons_address_is_answered_like_a_free_one(checked_client: GraphQLClient) -> None:
    # given
    await make_login("ben@people.example")
    headers = await in_session(await make_login(), elevated=True)
    for email in (NEW, "ben@people.example"):
        given = {"email": email, "password": OTHER, "allowsMarketing": False}
        # when, then
        body = await checked_client.data(CREATE, headers=headers, input=given)
        assert body == {"createAccount": {"errors": []}}
        body = await checked_client.data(RESEND, headers=headers, input={"email": email})
        assert body == {"resendNewAccountCode": {"errors": []}}
        body = await checked_client.data(VERIFY, headers=headers, input={"email": email, "code": "none"})
        assert body["verifyNewAccount"]["errors"] == [{"code": "BAD_CODE", "path": None}]
    assert await kinds() == ["new-account-code"] * 2 + ["new-account-taken"] * 2


async def test_an_account_that_lands_on_a_merged_profile_is_in_the_answer(
    checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: her profile is merged into his after her request was authenticated, and she confirms again that it is her
    ada, ben = await make_login(), await make_login("ben@people.example")
    headers = await in_session(ada, elevated=True)
    given = {"email": NEW, "password": OTHER, "allowsMarketing": True}
    await checked_client.data(CREATE, headers=headers, input=given)
    verify = account_creation.verify

    async def verify_late(by: account_creation.Initiator, email: str, code: str) -> Account:
        await merge_now(ada.own_profile_id, ben.own_profile_id)
        await sessions.elevate(by.session_id)
        return await verify(by, email, code)

    monkeypatch.setattr(account_creation, "verify", verify_late)
    # when
    verified = {"email": NEW, "code": await mailed_code(NEW)}
    done = (await checked_client.data(VERIFY, headers=headers, input=verified))["verifyNewAccount"]
    # then
    assert done["account"]["email"] == NEW and done["errors"] == []
    assert {each["email"] for each in done["viewer"]["accounts"]} == {ADA, NEW, ben.email}


async def test_single_sign_on_says_what_to_do(checked_client: GraphQLClient) -> None:
    await make_domain("work.example", sso=True)
    headers = await in_session(await make_login(), elevated=True)
    given = {"email": NEW, "password": OTHER, "allowsMarketing": False}
    [error] = (await checked_client.data(CREATE, headers=headers, input=given))["createAccount"]["errors"]
    assert (error["code"], error["path"]) == ("MANAGED_BY_IDP", ["email"])
    assert "Sign up" in error["message"] and "merge" in error["message"]


async def test_fifty_guesses_in_one_document_are_ten_tries(checked_client: GraphQLClient) -> None:
    # given
    headers = await in_session(await make_login(), elevated=True)
    given = {"email": NEW, "password": OTHER, "allowsMarketing": False}
    await checked_client.data(CREATE, headers=headers, input=given)
    code = await mailed_code(NEW)
    guesses = [other_than(code)] * 5 + [code] * 45
    document = " ".join(
        f'g{number}: verifyNewAccount(input: {{email: "{NEW}", code: "{guess}"}}) {{ errors {{ code }} }}'
        for number, guess in enumerate(guesses)
    )
    # when
    data = await checked_client.data(f"mutation {{ {document} }}", headers=headers)
    # then: the right one comes too late
    found = [each["errors"][0]["code"] for each in data.values()]
    assert found == ["BAD_CODE"] * 10 + ["RATE_LIMITED"] * 40
    assert await Account.all().count() == 1
