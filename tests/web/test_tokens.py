"""Tokens over HTTP: a partner's pull, and everyone who is kept out. docs/rules/tokens.md."""

from typing import Any

import pytest

from models.tokens import AccessToken
from services.core.crypto import digest
from tests.helpers.credentials import RANK, dead_credentials
from tests.helpers.factories import give, make_person, make_profile, make_service, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session

BOARD = """
{ leaderboard(board: FORUM) { board period asOf entries(first: 10) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { cursor node { rank points profile {
      id handle name jobTitle country { code name } company { id name } score { points level { number pointsToNext progressPercent } } } } } } } }
"""


async def test_a_partner_pulls_the_forum_board(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile()
    await give(ada, times=3)
    token = await make_token(await make_person(), RANK)
    # when
    data = await checked_client.data(BOARD, token=token)
    # then
    [edge] = data["leaderboard"]["entries"]["edges"]
    assert (edge["node"]["rank"], edge["node"]["points"], edge["node"]["profile"]["id"]) == (
        1,
        45,
        graph_id("prf", ada),
    )


@pytest.mark.parametrize("scheme", ["mxtoken", "MxToken", "MXTOKEN", "Bearer", "bearer", "mxtoken ", "  mxtoken"])
async def test_the_scheme_is_taken_in_any_case(checked_client: GraphQLClient, scheme: str) -> None:
    token = await make_token(await make_person(), RANK)
    response = await checked_client.post("{ __typename }", headers={"Authorization": f"{scheme} {token}"})
    assert response.status == 200


async def test_every_bad_credential_gets_the_same_answer(checked_client: GraphQLClient) -> None:
    for name, credential in (await dead_credentials()).items():
        for response in (
            await checked_client.post("{ __typename }", headers={"Authorization": credential}),
            await checked_client.http.get(
                "/graphql", params={"query": "{ __typename }"}, headers={"Authorization": credential}
            ),
        ):
            assert (response.status, await response.read()) == (403, b'{"error": ""}'), name
            assert response.content_type == "application/json"


@pytest.mark.parametrize(
    "empty",
    [
        {"Authorization": ""},
        {"Authorization": "  "},
        {"Mendix-Username": "", "Mendix-ApiKey": ""},
        {"Authorization": "", "Mendix-Username": "", "Mendix-ApiKey": " "},
    ],
)
async def test_an_empty_credential_is_none(checked_client: GraphQLClient, empty: dict[str, str]) -> None:
    account = await make_person("ada@people.example")
    who = "{ viewer { account { email } } }"
    assert await checked_client.ask(who, headers=empty) == {"data": {"viewer": None}}
    # beside one that is not empty it does not count either
    token = await make_token(account, "mx:user:profile:v1:read")
    for shown in (await in_session(account), {"Authorization": f"Bearer {token}"}):
        body = await checked_client.ask(who, headers={**empty, **shown})
        assert body["data"]["viewer"]["account"]["email"] == "ada@people.example"


async def test_two_credentials_are_refused(checked_client: GraphQLClient) -> None:
    token = await make_token(await make_person(), RANK)
    headers = [("Authorization", f"mxtoken {token}"), ("Authorization", f"mxtoken {token}")]
    response = await checked_client.http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert (response.status, await response.read()) == (403, b'{"error": ""}')


async def test_a_token_in_the_address_is_no_credential(checked_client: GraphQLClient) -> None:
    token = await make_token(await make_person(), "mx:user:profile:v1:read")
    for name in ("token", "access_token", "authorization"):
        response = await checked_client.http.get(
            "/graphql", params={"query": "{ viewer { account { id } } }", name: token}
        )
        assert await response.json() == {"data": {"viewer": None}}


async def test_a_deleted_token_is_dead_on_the_next_request(checked_client: GraphQLClient) -> None:
    token = await make_token(await make_person(), RANK)
    assert (await checked_client.post(BOARD, token=token)).status == 200
    await AccessToken.filter(secret_hash=digest(token)).delete()
    assert (await checked_client.post(BOARD, token=token)).status == 403


async def test_a_missing_scope_names_what_is_required_and_what_was_given(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile(details={"about": "Mine"})
    token = await make_token(await make_person(), RANK)
    # when
    body = await checked_client.ask(
        "query P($id: ID!) { profile(by: {id: $id}) { name about } }", token=token, id=graph_id("prf", ada)
    )
    # then
    [error] = body["errors"]
    assert body["data"] is None and "Mine" not in str(body)
    assert error["extensions"] == {
        "code": "INSUFFICIENT_SCOPE",
        "fields": [{"field": "Profile.about", "anyOf": ["MX_USER_PROFILE_V1_READ", "MX_PROFILE_WRITE"]}],
        "given": ["MX_LEADERBOARD_READ"],
    }
    assert error["message"] == (
        "The scopes of this token do not allow Profile.about (needs mx:user:profile:v1:read or mx:profile:write)."
    )


async def test_only_scopes_that_the_account_can_have_are_named(checked_client: GraphQLClient) -> None:
    # given
    document = (
        "{ tokenScopes { name } levels { number } viewer { sessions { device createdAt } pointsToday { __typename } } }"
    )
    for account, listing in ((await make_person(), []), (await make_service(), ["MX_TOKEN_INTROSPECT"])):
        # when
        body = await checked_client.ask(document, token=await make_token(account, RANK))
        # then
        [error] = body["errors"]
        fields = {each["field"]: each["anyOf"] for each in error["extensions"]["fields"]}
        assert (fields["Query.tokenScopes"], fields["TokenScope.name"]) == (listing, listing)
        assert (fields["Viewer.sessions"], fields["Session.device"]) == ([], [])
        assert fields["Viewer.pointsToday"] == ["MX_POINTS_READ", "MX_USER_PROFILE_V1_READ"]
        assert "Query.levels" not in fields
        assert error["message"].startswith("The scopes of this token do not allow Query.tokenScopes (")
        assert error["message"].endswith(", ….")


HIDDEN: list[Any] = [
    "{ viewer { account { email } } }",
    "{ viewer { recoveryEmail } }",
    "{ leaderboard(board: FORUM) { entries { edges { node { profile { about } } } } } }",
    "{ leaderboard(board: FORUM) { entries { edges { node { profile { score { categories { points } } } } } } } }",
    "{ leaderboard(board: FORUM) { entries { edges { node { profile { ...P } } } } } } fragment P on Profile { pointHistory { edges { cursor } } }",
    'query ($id: ID = "prf_5k2v9x0qcm") { node(id: $id) { ... on Profile { about } } }',
    'query ($id: ID = "acc_5k2v9x0qcm") { node(id: $id) { ... on Account { email } } }',
    "mutation { recordActivities(input: {activities: []}) { errors { code } } }",
]


@pytest.mark.parametrize("document", HIDDEN)
async def test_a_board_token_opens_nothing_else_whatever_the_way_in(
    checked_client: GraphQLClient, document: str
) -> None:
    await make_person()
    body = await checked_client.ask(
        document.replace("$id: ID =", "$id: ID! ="), token=await make_token(await make_person(), RANK)
    )
    assert body["data"] is None
    assert body["errors"][0]["extensions"]["code"] == "INSUFFICIENT_SCOPE"


async def test_a_field_that_is_skipped_needs_no_scope(checked_client: GraphQLClient) -> None:
    token = await make_token(await make_person(), RANK)
    document = "query Q($full: Boolean!) { levels { number } viewer @include(if: $full) { account { email } } }"
    assert "levels" in await checked_client.data(document, token=token, full=False)
    assert await checked_client.code(document, token=token, full=True) == "INSUFFICIENT_SCOPE"


async def test_a_token_can_look_at_the_schema(checked_client: GraphQLClient) -> None:
    data = await checked_client.data(
        "{ __schema { queryType { name } } __typename }", token=await make_token(await make_person(), RANK)
    )
    assert data["__schema"]["queryType"]["name"] == "Query"


async def test_a_token_finds_again_by_id_what_it_may_read(checked_client: GraphQLClient) -> None:
    ada = await make_profile("Ada")
    token = await make_token(await make_person(), RANK)
    data = await checked_client.data(
        "query N($id: ID!) { node(id: $id) { id ... on Profile { name } } }", token=token, id=graph_id("prf", ada)
    )
    assert data == {"node": {"id": graph_id("prf", ada), "name": "Ada"}}
