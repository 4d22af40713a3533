"""Preferences over HTTP."""

from catalogue.scopes import SCOPES
from models.accounts import Account
from models.audit import Origin
from models.profiles import Profile
from services.auth.api_keys import create as create_api_key
from services.core.audit import Actor
from tests.helpers.factories import make_person, make_token
from tests.helpers.graphql_client import Body, GraphQLClient
from tests.helpers.sessions import sign_in

UPDATE = """
mutation Update($input: UpdatePreferencesInput!) { updatePreferences(input: $input) {
  viewer { allowsMarketing language { code name } } errors { code path } } }
"""
BOTH: Body = {"allowsMarketing": True, "languageCode": "nl"}
DUTCH = {"code": "nl", "name": "Nederlands"}


async def updated(client: GraphQLClient, given: Body) -> Body:
    return (await client.data(UPDATE, input=given))["updatePreferences"]


async def test_consent_and_language_are_changed_in_a_session(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person()
    await sign_in(checked_client, ada, elevated=False)
    # when, then
    both = {"viewer": {"allowsMarketing": True, "language": DUTCH}, "errors": []}
    assert await updated(checked_client, BOTH) == both
    assert await updated(checked_client, {}) == both
    assert await updated(checked_client, {"allowsMarketing": None}) == both
    for given, language in (({"allowsMarketing": False}, DUTCH), ({"languageCode": None}, None)):
        assert (await updated(checked_client, given))["viewer"] == {"allowsMarketing": False, "language": language}


async def test_another_language_changes_nothing(checked_client: GraphQLClient) -> None:
    ada = await make_person()
    await sign_in(checked_client, ada, elevated=False)
    refused = await updated(checked_client, {"allowsMarketing": True, "languageCode": "english"})
    assert refused == {"viewer": None, "errors": [{"code": "UNKNOWN_TERM", "path": ["languageCode"]}]}
    assert not (await Account.get(id=ada.id)).marketing


async def test_an_api_key_may_and_a_token_may_not(checked_client: GraphQLClient) -> None:
    # given
    account = await make_person("ada@people.example")
    token = await make_token(account, *(each.name for each in SCOPES.values() if not each.service_only))
    key = await create_api_key(account.id, name="A key", actor=Actor(account.id, Origin.SESSION))
    by_key = {"Mendix-Username": account.email, "Mendix-ApiKey": key.secret}
    # when, then
    assert await checked_client.code(UPDATE, input=BOTH) == "UNAUTHENTICATED"
    assert await checked_client.code(UPDATE, token=token, input=BOTH) == "INSUFFICIENT_SCOPE"
    assert not (await Account.get(id=account.id)).marketing
    assert (await Profile.get(id=account.profile_id)).language is None
    body = await (await checked_client.post(UPDATE, headers=by_key, input=BOTH)).json()
    assert body["data"]["updatePreferences"]["errors"] == []
