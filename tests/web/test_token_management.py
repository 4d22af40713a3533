"""Personal access tokens, as their owner keeps them over HTTP: docs/rules/tokens.md."""

from datetime import timedelta
from typing import Any

import pytest

from catalogue.scopes import SCOPES
from models.accounts import Account, AccountStatus
from models.audit import AuditEntry
from models.passwords import Password
from models.tables import AccessToken
from services.auth import access_tokens, credential_last_used
from services.core import clock
from services.core.crypto import digest
from tests.helpers.factories import make_person, make_service, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, make_company_with_admin, with_key

READ = "mx:user:profile:v1:read"
READ_NAME = "MX_USER_PROFILE_V1_READ"
CREATE = """
mutation Create($input: CreatePersonalAccessTokenInput!) { createPersonalAccessToken(input: $input) {
  secret token { id name scopes hint createdAt expiresAt lastUsedAt isUsable problem } errors { code path message }
} }
"""
DELETE = """
mutation Delete($input: DeletePersonalAccessTokenInput!) { deletePersonalAccessToken(input: $input) {
  deletedTokenId errors { code path }
} }
"""
LIST = "{ viewer { personalAccessTokens { id name scopes hint lastUsedAt isUsable problem } } }"
WHO = "{ viewer { account { email } } }"
INTROSPECT = """
mutation Introspect($input: IntrospectTokenInput!) { introspectToken(input: $input) {
  isActive scopes accountId email errors { code }
} }
"""


async def create(client: GraphQLClient, headers: dict[str, str], *scopes: str, **more: Any) -> Any:
    given = {"name": "Pull", "scopes": list(scopes or (READ_NAME,)), **more}
    return (await client.data(CREATE, headers=headers, input=given))["createPersonalAccessToken"]


async def test_a_token_is_made_used_listed_and_deleted(checked_client: GraphQLClient) -> None:
    # given
    account = await make_person("ada@people.example")
    headers = await in_session(account, elevated=True)
    # when
    made = await create(checked_client, headers)
    # then
    token, secret = made["token"], made["secret"]
    assert (token["name"], token["scopes"], token["isUsable"], token["problem"]) == ("Pull", [READ_NAME], True, None)
    assert (token["lastUsedAt"], token["expiresAt"], token["hint"]) == (None, None, secret[-4:])
    assert (await checked_client.data(WHO, token=secret))["viewer"]["account"]["email"] == "ada@people.example"
    await credential_last_used.write_uses()
    [listed] = (await checked_client.data(LIST, headers=headers))["viewer"]["personalAccessTokens"]
    assert listed["lastUsedAt"] and listed["id"] == token["id"]
    # when
    deleted = await checked_client.data(DELETE, headers=headers, input={"tokenId": token["id"]})
    # then
    assert deleted["deletePersonalAccessToken"] == {"deletedTokenId": token["id"], "errors": []}
    assert (await checked_client.post(WHO, token=secret)).status == 403
    again = await checked_client.data(DELETE, headers=headers, input={"tokenId": token["id"]})
    assert again["deletePersonalAccessToken"]["errors"] == [{"code": "NOT_FOUND", "path": ["tokenId"]}]


async def test_the_secret_is_shown_once_and_stands_nowhere(checked_client: GraphQLClient) -> None:
    # given
    headers = await in_session(await make_person("ada@people.example"), elevated=True)
    # when
    secret = (await create(checked_client, headers))["secret"]
    # then
    body = str(await checked_client.data(LIST, headers=headers))
    assert secret not in body and secret[4:20] not in body
    trail = str(await AuditEntry.all().values())
    assert "token.created" in trail and secret[4:] not in trail and digest(secret) not in trail


async def test_the_owner_is_told_by_mail(checked_client: GraphQLClient) -> None:
    from models.outbox import OutboxMessage
    from services.messages.outbox import opened

    headers = await in_session(await make_person("ada@people.example"), elevated=True)
    made = await create(checked_client, headers)
    [mail] = [opened(row) for row in await OutboxMessage.filter(kind="new-token")]
    assert mail.to == "ada@people.example"
    assert made["secret"] not in mail.text + mail.html + mail.subject


async def test_somebody_elses_token_does_not_exist(checked_client: GraphQLClient) -> None:
    # given
    ada, eve = await make_person(), await make_person()
    theirs = (await create(checked_client, await in_session(ada, elevated=True)))["token"]["id"]
    headers = await in_session(eve)
    # when, then
    for wanted in (theirs, graph_id("pat", 999), graph_id("acc", 1)):
        answer = await checked_client.data(DELETE, headers=headers, input={"tokenId": wanted})
        assert answer["deletePersonalAccessToken"]["errors"] == [{"code": "NOT_FOUND", "path": ["tokenId"]}]
    assert await AccessToken.all().count() == 1
    assert (await checked_client.data(LIST, headers=headers))["viewer"]["personalAccessTokens"] == []
    node = "query N($id: ID!) { node(id: $id) { id } }"
    assert await checked_client.data(node, headers=headers, id=theirs) == {"node": None}


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({"scopes": []}, {"BAD_INPUT"}),
        ({"scopes": [READ_NAME, READ_NAME]}, {"BAD_INPUT"}),
        ({"scopes": [READ_NAME, "MX_POINTS_INGEST", "MX_TOKEN_INTROSPECT"]}, {"BAD_INPUT"}),
        ({"name": " ", "scopes": [READ_NAME]}, {"BAD_INPUT"}),
        ({"scopes": [READ_NAME], "expiresAt": "2020-01-01T00:00:00Z"}, {"BAD_INPUT"}),
    ],
)
async def test_what_cannot_be_a_token_is_refused(checked_client: GraphQLClient, given: Any, codes: set[str]) -> None:
    made = await create(
        checked_client, await in_session(await make_person(), elevated=True), **{"name": "Pull", **given}
    )
    assert made["secret"] is None and made["token"] is None
    assert {each["code"] for each in made["errors"]} == codes
    assert await AccessToken.all().count() == 0


async def test_a_scope_that_does_not_exist_is_refused_by_its_type(checked_client: GraphQLClient) -> None:
    headers = await in_session(await make_person(), elevated=True)
    for scope in ("MX_ALL", READ):
        body = await checked_client.ask(CREATE, headers=headers, input={"name": "Pull", "scopes": [scope]})
        assert (
            body["errors"][0]["extensions"]["code"] == "BAD_INPUT" and "TokenScopeName" in body["errors"][0]["message"]
        )
    assert await AccessToken.all().count() == 0


async def test_neither_a_token_nor_a_key_makes_or_deletes_tokens(checked_client: GraphQLClient) -> None:
    # given
    account = await make_person()
    every = [scope.name for scope in SCOPES.values() if not scope.service_only]
    token = await make_token(account, *every)
    key = await with_key(account)
    # when, then
    for document, given in ((CREATE, {"name": "x", "scopes": [READ_NAME]}), (DELETE, {"tokenId": graph_id("pat", 1)})):
        assert await checked_client.code(document, token=token, input=given) == "INSUFFICIENT_SCOPE"
        body = await checked_client.ask(document, headers=key, input=given)
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await checked_client.code(CREATE, input={"name": "x", "scopes": [READ_NAME]}) == "UNAUTHENTICATED"
    assert await checked_client.code(LIST, token=token) == "INSUFFICIENT_SCOPE"
    assert await AccessToken.all().count() == 1


async def test_too_many_in_an_hour_are_refused_with_the_wait(checked_client: GraphQLClient) -> None:
    headers = await in_session(await make_person(), elevated=True)
    answers = [await create(checked_client, headers, name=f"Pull {n}") for n in range(21)]
    assert [each["errors"] for each in answers[:20]] == [[]] * 20
    assert answers[20]["errors"][0]["code"] == "RATE_LIMITED"


async def deactivate(account: Account) -> None:
    await Account.filter(id=account.id).update(status=AccountStatus.DEACTIVATED)


async def let_password_expire(account: Account) -> None:
    await Password.create(account_id=account.id, hash="x", changed_at=clock.now() - timedelta(days=90))


@pytest.mark.parametrize("spoil", [deactivate, let_password_expire])
async def test_a_token_dies_with_its_owners_right_to_sign_in(checked_client: GraphQLClient, spoil: Any) -> None:
    # given
    account = await make_person()
    token, key = await make_token(account, READ), await with_key(account)
    assert (await checked_client.post(WHO, token=token)).status == 200
    assert (await checked_client.post(WHO, headers=key)).status == 200
    # when
    await spoil(account)
    # then
    for response in (await checked_client.post(WHO, token=token), await checked_client.post(WHO, headers=key)):
        assert (response.status, await response.read()) == (403, b'{"error": ""}')
    [listed] = await access_tokens.of_account(account.id)
    assert listed["unusable"] is not None


async def test_a_companys_rule_decides_about_the_password(checked_client: GraphQLClient) -> None:
    # given
    company, admin = await make_company_with_admin()
    token = await make_token(admin, READ)
    await let_password_expire(admin)
    assert (await checked_client.post(WHO, token=token)).status == 403
    # when
    for days, status in ((None, 200), (91, 200), (90, 403)):
        company.password_days = days
        await company.save()
        # then
        assert (await checked_client.post(WHO, token=token)).status == status, days


async def test_the_scopes_are_a_catalogue_with_those_of_platform_services(checked_client: GraphQLClient) -> None:
    data = await checked_client.data("{ tokenScopes { name text group description opens isServiceOnly } }")
    scopes = {each["text"]: each for each in data["tokenScopes"]}
    assert set(scopes) == set(SCOPES)
    assert {"Projects", "Catalog", "App Repository"} <= {each["group"] for each in scopes.values()}
    assert scopes["mx:app:metadata:read"]["opens"] == []
    assert scopes["mx:token:introspect"]["isServiceOnly"] is True
    assert scopes["mx:audit-logging:read"]["name"] == "MX_AUDIT_LOGGING_READ"


async def test_a_service_asks_what_a_token_is_worth(checked_client: GraphQLClient) -> None:
    # given
    account = await make_person("ada@people.example")
    secret = await make_token(account, "mx:app:create", "mx:catalog:read")
    service = await make_token(await make_service(), "mx:token:introspect")
    # when
    good = (await checked_client.data(INTROSPECT, token=service, input={"token": secret}))["introspectToken"]
    # then
    assert good == {
        "isActive": True, "scopes": ["MX_APP_CREATE", "MX_CATALOG_READ"], "accountId": graph_id("acc", account.id),
        "email": "ada@people.example", "errors": [],
    }  # fmt: skip
    nothing: Any = {"isActive": False, "scopes": None, "accountId": None, "email": None, "errors": []}
    for bad in (access_tokens.new_secret(), "", "nonsense", "é", secret[:-1] + ("a" if secret[-1] != "a" else "b")):
        assert (await checked_client.data(INTROSPECT, token=service, input={"token": bad}))[
            "introspectToken"
        ] == nothing
    await deactivate(account)
    assert (await checked_client.data(INTROSPECT, token=service, input={"token": secret}))["introspectToken"] == nothing
    await credential_last_used.write_uses()
    assert (await AccessToken.get(account_id=account.id)).last_used_at is None  # asking about it is not using it


async def test_only_services_ask_what_a_token_is_worth(checked_client: GraphQLClient) -> None:
    account = await make_person()
    secret = await make_token(account, READ)
    given = {"token": secret}
    assert await checked_client.code(INTROSPECT, input=given) == "UNAUTHENTICATED"
    assert await checked_client.code(INTROSPECT, token=secret, input=given) == "INSUFFICIENT_SCOPE"
    body = await checked_client.ask(INTROSPECT, headers=await in_session(account), input=given)
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
