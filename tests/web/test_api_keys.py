"""API keys over HTTP: all rights of the person, except what is never by key. docs/rules/tokens.md#api-keys."""

import pytest

from models.audit import AuditEntry, Origin
from models.tokens import ApiKey
from services.auth import api_keys, credential_last_used, secret_format
from tests.helpers.factories import make_person
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, with_key

CREATE = """
mutation Create($input: CreateApiKeyInput!) { createApiKey(input: $input) {
  secret apiKey { id name hint lastUsedAt isUsable problem } errors { code path }
} }
"""
DELETE = (
    "mutation D($input: DeleteApiKeyInput!) { deleteApiKey(input: $input) { deletedApiKeyId errors { code path } } }"
)
LIST = "{ viewer { apiKeys { id name hint lastUsedAt } } }"
WHO = "{ viewer { account { email } } }"


async def test_a_key_is_made_used_listed_and_deleted(checked_client: GraphQLClient) -> None:
    # given
    headers = await in_session(await make_person("ada@people.example"), elevated=True)
    # when
    made = (await checked_client.data(CREATE, headers=headers, input={"name": " Script "}))["createApiKey"]
    # then
    key = {"Mendix-Username": " ADA@people.example", "Mendix-ApiKey": made["secret"]}
    assert (made["apiKey"]["name"], made["errors"]) == ("Script", [])
    body = await checked_client.ask(WHO, headers=key)
    assert body == {"data": {"viewer": {"account": {"email": "ada@people.example"}}}}
    await credential_last_used.write_uses()
    listed = await checked_client.ask(LIST, headers=headers)
    assert made["secret"] not in str(listed) and listed["data"]["viewer"]["apiKeys"][0]["lastUsedAt"]
    trail = str(await AuditEntry.all().values())
    assert "api-key.created" in trail and made["secret"][4:] not in trail
    # when
    deleted = await checked_client.ask(DELETE, headers=headers, input={"apiKeyId": made["apiKey"]["id"]})
    # then
    assert deleted["data"]["deleteApiKey"]["errors"] == []
    assert (await checked_client.post(WHO, headers=key)).status == 403
    again = await checked_client.ask(DELETE, headers=headers, input={"apiKeyId": made["apiKey"]["id"]})
    assert again["data"]["deleteApiKey"]["errors"][0]["code"] == "NOT_FOUND"


async def test_somebody_elses_key_does_not_exist(checked_client: GraphQLClient) -> None:
    ada, eve = await make_person(), await make_person()
    await with_key(ada)
    [key] = await ApiKey.all()
    answer = await checked_client.ask(
        DELETE, headers=await in_session(eve), input={"apiKeyId": graph_id("key", key.id)}
    )
    assert answer["data"]["deleteApiKey"]["errors"] == [{"code": "NOT_FOUND", "path": ["apiKeyId"]}]
    assert await ApiKey.all().count() == 1


async def test_every_bad_pair_gets_the_same_answer_in_the_same_statements(
    checked_client: GraphQLClient, count_statements
) -> None:
    # given
    ada, eve = await make_person("ada@people.example"), await make_person("eve@people.example")
    good = await with_key(ada)
    await with_key(eve)
    secret = good["Mendix-ApiKey"]
    bad = {
        "unknown key": {**good, "Mendix-ApiKey": secret_format.new(api_keys.PREFIX)},
        "malformed key": {**good, "Mendix-ApiKey": "87a8a34d-0000"},
        "another's address": {**good, "Mendix-Username": eve.email},
        "no such address": {**good, "Mendix-Username": "nobody@people.example"},
        "no address": {**good, "Mendix-Username": "nonsense"},
        "letters of another script": {**good, "Mendix-ApiKey": secret[:-1] + "é"},
    }
    for name, headers in bad.items():
        # when
        with count_statements() as seen:
            response = await checked_client.post(WHO, headers=headers)
        # then
        assert (response.status, await response.read()) == (403, b'{"error": ""}'), name
        assert seen.total == 1, (name, seen.texts)


@pytest.mark.parametrize("missing", ["Mendix-Username", "Mendix-ApiKey"])
async def test_half_a_pair_is_refused(checked_client: GraphQLClient, missing: str) -> None:
    headers = await with_key(await make_person())
    del headers[missing]
    assert (await checked_client.post(WHO, headers=headers)).status == 403


async def test_a_key_neither_makes_nor_deletes_keys(checked_client: GraphQLClient) -> None:
    headers = await with_key(await make_person())
    for document, given in ((CREATE, {"name": "x"}), (DELETE, {"apiKeyId": graph_id("key", 1)})):
        body = await checked_client.ask(document, headers=headers, input=given)
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await ApiKey.all().count() == 1


async def test_the_trail_says_who_made_it_and_from_where(checked_client: GraphQLClient) -> None:
    account = await make_person()
    await checked_client.ask(CREATE, headers=await in_session(account, elevated=True), input={"name": "Script"})
    entry = await AuditEntry.get(action="api-key.created")
    assert (entry.actor_id, entry.account_id, entry.origin) == (account.id, account.id, Origin.SESSION)
    assert entry.address == "127.0.0.1"
