"""What somebody prefers, over HTTP."""

import pytest

from catalogue.scopes import SCOPES
from models.accounts import Account
from models.audit import Origin
from models.profiles import Profile
from services.auth.api_keys import create as create_api_key
from services.core.audit import Actor
from tests.helpers.factories import make_person, make_token
from tests.helpers.graphql_client import Body, GraphQLClient
from tests.helpers.sessions import sign_in

EVERY: dict[str, tuple[str, Body]] = {
    "updateMarketing": (
        "mutation M($input: UpdateMarketingInput!) { updateMarketing(input: $input) { marketing errors { code path } } }",
        {"marketing": True},
    ),
    "updateLanguage": (
        "mutation M($input: UpdateLanguageInput!) { updateLanguage(input: $input) { profile { language } errors { code path } } }",
        {"language": "nl"},
    ),
}


async def test_consent_and_language_are_changed_in_a_session(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person()
    await sign_in(checked_client, ada, elevated=False)
    # when
    answers = {
        name: (await checked_client.data(document, input=given))[name] for name, (document, given) in EVERY.items()
    }
    # then
    assert answers == {
        "updateMarketing": {"marketing": True, "errors": []},
        "updateLanguage": {"profile": {"language": "nl"}, "errors": []},
    }
    assert (await Account.get(id=ada.id)).marketing
    refused = await checked_client.data(EVERY["updateLanguage"][0], input={"language": "english"})
    assert refused["updateLanguage"] == {"profile": None, "errors": [{"code": "UNKNOWN_TERM", "path": ["language"]}]}


@pytest.mark.parametrize("name", EVERY)
async def test_a_key_may_and_no_token(checked_client: GraphQLClient, name: str) -> None:
    # given
    account = await make_person("ada@people.example")
    token = await make_token(account, *(each.name for each in SCOPES.values() if not each.service_only))
    key = await create_api_key(account.id, name="A key", actor=Actor(account.id, Origin.SESSION))
    by_key = {"Mendix-Username": account.email, "Mendix-ApiKey": key.secret}
    document, given = EVERY[name]
    # when, then
    assert await checked_client.code(document, input=given) == "UNAUTHENTICATED"
    assert await checked_client.code(document, token=token, input=given) == "INSUFFICIENT_SCOPE"
    assert not (await Account.get(id=account.id)).marketing
    assert (await Profile.get(id=account.profile_id)).language is None
    body = await (await checked_client.post(document, headers=by_key, input=given)).json()
    assert body["data"][name]["errors"] == []
