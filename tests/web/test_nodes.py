"""Private objects by their ids: to their owner, with the rights of the list that contains them; to others as if there were none."""

from typing import Any

import pytest

from models.portfolio import ProjectImage
from models.sessions import Session
from services.auth import sessions
from services.auth.principals import Client
from tests.conftest import CountStatements
from tests.helpers.factories import make_person, make_service, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import Headers, in_session, with_key
from tests.helpers.private_objects import everything
from tests.helpers.projects import make_project

NODES = """
query($ids: [ID!]!) { nodes(ids: $ids) { __typename id
  ... on PersonalAccessToken { name hint } ... on ApiKey { name hint } ... on Session { device }
  ... on ShopOrder { price } ... on CreditEntry { amount } ... on ProjectImage { url caption } } }
"""
IDS = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
READ = "mx:user:profile:v1:read"


async def read(client: GraphQLClient, ids: list[str], headers: Headers, document: str = NODES) -> list[Any]:
    body = await client.ask(document, headers=headers, ids=ids)
    assert "errors" not in body, body
    nodes: list[Any] = body["data"]["nodes"]
    return nodes


async def test_the_owner_reads_them_by_id_in_a_session_and_with_a_key(checked_client: GraphQLClient) -> None:
    ada, headers, ids = await everything()
    for credential in (headers, await with_key(ada)):
        nodes = await read(checked_client, [*ids.values()], credential)
        assert [each["id"] for each in nodes] == [*ids.values()]
        assert [each["__typename"] for each in nodes] == [
            "PersonalAccessToken", "ApiKey", "Session", "ShopOrder", "CreditEntry",
        ]  # fmt: skip
        assert (nodes[2]["device"], nodes[3]["price"], nodes[4]["amount"]) == ("A browser", 80, 200)


async def test_for_others_they_do_not_exist(checked_client: GraphQLClient) -> None:
    _, _, ids = await everything()
    service = await make_token(await make_service(), "mx:leaderboard:read")
    for headers in ({}, await in_session(await make_person())):
        assert await read(checked_client, [*ids.values()], headers) == [None] * 5
    assert await read(checked_client, [*ids.values()], {"Authorization": f"mxtoken {service}"}, IDS) == [None] * 5


@pytest.mark.parametrize("scope", [READ, "mx:leaderboard:read"])
async def test_a_token_reads_none_that_it_may_not_list(checked_client: GraphQLClient, scope: str) -> None:
    ada, _, ids = await everything()
    token = {"Authorization": f"mxtoken {await make_token(ada, scope)}"}
    assert await read(checked_client, [*ids.values()], token, IDS) == [None] * 5
    body = await checked_client.ask(NODES, headers=token, ids=[*ids.values()])
    assert body["errors"][0]["extensions"]["code"] == "INSUFFICIENT_SCOPE"
    own = graph_id("prf", ada.profile_id)
    assert await read(checked_client, [own], token, IDS) == [{"id": own}]


async def test_an_ended_session_does_not_exist(checked_client: GraphQLClient) -> None:
    ada, headers, ids = await everything()
    other = await sessions.begin(ada.id, Client("192.0.2.8", "A telephone"))
    [ended] = await Session.filter(device="A telephone")
    assert [each is None for each in await read(checked_client, [graph_id("ses", ended.id)], headers)] == [False]
    found = await sessions.authenticate(other)
    assert found and found.session_id
    await sessions.end(found.session_id)
    assert await read(checked_client, [graph_id("ses", ended.id), ids["ses"]], headers, IDS) == [
        None, {"id": ids["ses"]},
    ]  # fmt: skip


async def test_a_picture_is_seen_where_its_project_is(checked_client: GraphQLClient) -> None:
    # given a published project and a draft, with a picture each
    ada = await make_person("ada@people.example")
    pictures = []
    for key, publish in (("a" * 32, True), ("b" * 32, False)):
        project_id = await make_project(ada, publish=publish)
        row = await ProjectImage.create(project_id=project_id, image=key, caption="A board", place=1)
        pictures.append(graph_id("img", row.id))
    shown, draft = pictures
    # then
    own = await read(checked_client, pictures, await in_session(ada))
    assert [each["id"] for each in own] == pictures
    assert own[0]["caption"] == "A board" and own[0]["url"].endswith(f"/pictures/{'a' * 32}/1600.webp")
    for headers in ({}, await in_session(await make_person())):
        assert [each and each["id"] for each in await read(checked_client, pictures, headers)] == [shown, None]
    token = await make_token(ada, "mx:portfolio:read")
    nodes = await read(
        checked_client,
        [draft],
        {"Authorization": f"mxtoken {token}"},
        "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on ProjectImage { caption } } }",
    )
    assert nodes == [{"id": draft, "caption": "A board"}]


async def test_each_type_takes_one_statement(checked_client: GraphQLClient, count_statements: CountStatements) -> None:
    _, headers, ids = await everything()
    await read(checked_client, [ids["ses"]], headers)  # the session is used: it is written once a minute
    counted = {}
    for prefix, one in ids.items():
        with count_statements() as seen:
            await read(checked_client, [one, graph_id(prefix, 999)], headers, IDS)
        counted[prefix] = seen.total
    with count_statements() as seen:
        await read(checked_client, [graph_id("img", 1), graph_id("img", 2)], headers, IDS)
    counted["img"] = seen.total
    assert counted == dict.fromkeys(["pat", "key", "ses", "ord", "crd", "img"], 2), seen.texts  # and the viewer
