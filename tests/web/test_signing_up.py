"""Signing up over HTTP: docs/rules/sign-in.md#sign-up."""

from models.accounts import Account
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.sessions_by_http import ADA_HERSELF, ME, cookie, sign_in
from tests.helpers.sign_in import ADA, kinds, mailed_code, make_domain, make_login, other_than
from tests.helpers.sign_up import sign_up, verify

RESEND = "mutation R($input: ResendSignUpCodeInput!) { resendSignUpCode(input: $input) { errors { code } } }"


async def test_somebody_signs_up_and_is_in(checked_client: GraphQLClient) -> None:
    # given
    await make_domain("people.example")
    # when
    begun = await sign_up(checked_client, allowsMarketing=True, referralCode=None)
    # then
    assert begun["errors"] == [] and await kinds() == ["sign-up-code"]
    code = await mailed_code()
    assert code not in str(begun)
    assert (await sign_in(checked_client))["errors"][0]["code"] == "BAD_CREDENTIALS"
    # when
    assert (await verify(checked_client, begun["signUpToken"], other_than(code)))["errors"] == [
        {"code": "BAD_CODE", "path": None}
    ]
    done = await verify(checked_client, begun["signUpToken"], code)
    # then
    assert done == {"viewer": {"account": {"email": ADA, "company": {"name": "Harbor Works"}}}, "errors": []}
    assert cookie(checked_client)
    assert await checked_client.data(ME) == ADA_HERSELF
    checked_client.http.session.cookie_jar.clear()
    assert (await sign_in(checked_client))["errors"] == []


async def test_who_has_an_account_is_not_told_to_others(checked_client: GraphQLClient) -> None:
    # given
    await make_login()
    # when
    taken, free = await sign_up(checked_client), await sign_up(checked_client, "ben@people.example")
    # then
    assert [{**each, "signUpToken": len(each["signUpToken"])} for each in (taken, free)] == [
        {"signUpToken": 32, "errors": []}
    ] * 2
    for secret in (taken["signUpToken"], free["signUpToken"], "unknown"):
        data = await checked_client.data(RESEND, input={"signUpToken": secret})
        assert data["resendSignUpCode"]["errors"] == []
        assert (await verify(checked_client, secret, "none"))["errors"] == [{"code": "BAD_CODE", "path": None}]
    assert await kinds() == ["sign-up-taken", "sign-up-code"] * 2


async def test_what_is_wrong_is_told_at_once(checked_client: GraphQLClient) -> None:
    answer = await sign_up(checked_client, "nonsense", password="short", name=" ")
    assert answer["signUpToken"] is None
    assert [tuple(error["path"]) for error in answer["errors"]][:2] == [("email",), ("name",)]
    assert "PASSWORD_TOO_SHORT" in {error["code"] for error in answer["errors"]}


async def test_an_identity_providers_domain_is_named(checked_client: GraphQLClient) -> None:
    await make_domain("sso.example", sso=True)
    answer = await sign_up(checked_client, "ada@sso.example")
    assert answer == {"signUpToken": None, "errors": [{"code": "MANAGED_BY_IDP", "path": ["email"]}]}


async def test_fifty_guesses_in_one_document_are_fifty_tries(checked_client: GraphQLClient) -> None:
    # given
    secret = (await sign_up(checked_client))["signUpToken"]
    code = await mailed_code()
    guesses = [other_than(code)] * 5 + [code] * 45
    document = " ".join(
        f'g{n}: verifyEmail(input: {{signUpToken: "{secret}", code: "{guess}"}}) {{ errors {{ code }} }}'
        for n, guess in enumerate(guesses)
    )
    # when
    data = await checked_client.data(f"mutation {{ {document} }}")
    # then: the right one comes too late
    found = [each["errors"][0]["code"] for each in data.values()]
    assert found == ["BAD_CODE"] * 30 + ["RATE_LIMITED"] * 20
    assert await Account.all().count() == 0
    assert cookie(checked_client) is None
