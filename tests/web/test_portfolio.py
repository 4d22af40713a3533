"""Portfolios over HTTP: that nobody but the owner ever meets a draft, what scopes open, how many statements it takes."""

from typing import Any

import pytest

from models.database import Database
from models.portfolio import Project, ProjectImage
from services.connections import blocks
from services.core.audit import OPERATOR
from services.media.image_store import KEY
from services.portfolio import project_images, projects
from services.profiles import publishing
from tests.conftest import CountStatements
from tests.helpers.factories import make_person, make_service, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import Headers, in_session
from tests.helpers.projects import actor, id_of, make_project, people, publish
from tests.helpers.projects_by_http import (
    ADD_IMAGE,
    CREATE,
    DELETE,
    EVERYWHERE,
    ORDER,
    PAGE,
    PAGE_OF_OURS,
    PROJECT,
    PUBLISH,
    REMOVE_IMAGE,
    UNPUBLISH,
    UNTAG,
    UPDATE,
    handle_of,
    node_id,
    page,
    person_id,
    run,
)
from tests.helpers.subscriptions import arrives, nothing_arrives, subscribe
from tests.helpers.uploads import picture, send
from tests.helpers.websocket import open_socket

# Who sees what


async def everywhere(client: GraphQLClient, ada: Any, ben: Any, number: int, who: Headers) -> dict[str, Any]:
    body = await client.ask(
        EVERYWHERE,
        headers=who,
        handle=await handle_of(ada),
        others=await handle_of(ben),
        id=node_id(number),
        ids=[node_id(number), graph_id("prj", 999_999), person_id(ben)],
    )
    assert "errors" not in body, body
    return body["data"]


async def test_a_draft_is_nowhere_but_with_its_owner(checked_client: GraphQLClient, database: Database) -> None:
    # given: what everybody sees before there is a draft
    ada, ben, eve = await people("Ada", "Ben", "Eve")
    crowd = {"nobody": {}, "ben": await in_session(ben), "eve": await in_session(eve)}
    before = {name: await everywhere(checked_client, ada, ben, 1, who) for name, who in crowd.items()}
    # when
    number = await make_project(ada, publish=False, collaborator_ids=[id_of(ben)])
    assert number == 1
    await project_images.add(id_of(ada), number, picture(), caption="", actor=actor(ada))
    # then nothing has changed for anybody
    assert {name: await everywhere(checked_client, ada, ben, number, who) for name, who in crowd.items()} == before
    assert before["eve"]["node"] is before["eve"]["project"] is None
    key = (await ProjectImage.get()).image
    for who in crowd.values():
        for size in (400, 1600):
            assert (
                await checked_client.http.get(f"/pictures/{key}/{size}.webp", headers={**who, **PAGE_OF_OURS})
            ).status == 404
    # while its owner sees it
    own = await everywhere(checked_client, ada, ben, number, await in_session(ada))
    assert own["node"] == {"__typename": "Project", "title": "Berth planner"}
    assert (own["profile"]["projects"]["totalCount"], own["profile"]["published"]["totalCount"]) == (1, 0)
    assert own["other"]["collaborations"]["totalCount"] == 0  # nor for the owner on others' profiles
    # nobody else can do anything with it
    eves = crowd["eve"]
    for document in (PUBLISH, UNPUBLISH, DELETE, UNTAG):
        for who in (eves, crowd["ben"]):
            assert (await run(checked_client, document, who, projectId=node_id(number)))["errors"][0][
                "code"
            ] == "NOT_FOUND"
    assert (await run(checked_client, UPDATE, eves, projectId=node_id(number), title="x"))["errors"][0][
        "code"
    ] == "NOT_FOUND"
    assert (await run(checked_client, ORDER, eves, projectIds=[node_id(number)]))["errors"][0]["code"] == "NOT_FOUND"
    assert (await run(checked_client, REMOVE_IMAGE, eves, imageId=graph_id("img", 1)))["errors"][0][
        "code"
    ] == "NOT_FOUND"
    answer = await (
        await send(checked_client, picture(), ADD_IMAGE, headers=eves, more={"projectId": node_id(number)})
    ).json()
    assert answer["data"]["addProjectImage"]["errors"][0]["code"] == "NOT_FOUND"
    # when it has been published and taken back, it is as before
    await publish(ada, number)
    seen = await everywhere(checked_client, ada, ben, number, eves)
    assert (
        seen["project"],
        seen["profile"]["published"]["totalCount"],
        seen["other"]["collaborations"]["totalCount"],
    ) == (
        {"title": "Berth planner"},
        1,
        1,
    )
    await projects.unpublish(id_of(ada), number, actor=actor(ada))
    after = await everywhere(checked_client, ada, ben, number, eves)
    # but for the badge that stays with its owner
    assert {**after, "profile": {**after["profile"], "topBadges": []}} == {
        **before["eve"],
        "profile": {**before["eve"]["profile"], "topBadges": []},
    }


async def test_a_hidden_owners_projects_are_nowhere(checked_client: GraphQLClient) -> None:
    # given
    ada, ben = await people("Ada", "Ben")
    bens = await in_session(ben)
    number = await make_project(ada, collaborator_ids=[id_of(ben)])
    await project_images.add(id_of(ada), number, picture(), caption="", actor=actor(ada))
    key = (await ProjectImage.get()).image
    assert (await page(checked_client, ben, {}))["collaborations"]["totalCount"] == 1
    # when
    await publishing.unpublish(id_of(ada), actor=OPERATOR)
    # then
    for who in ({}, bens):
        found = await everywhere(checked_client, ada, ben, number, who)
        assert (found["node"], found["project"], found["profile"]) == (None, None, None)
        assert found["other"]["collaborations"] == {"totalCount": 0, "edges": []}
        assert (
            await checked_client.http.get(f"/pictures/{key}/400.webp", headers={**who, **PAGE_OF_OURS})
        ).status == 404
    own = await in_session(ada)
    response = await checked_client.http.get(f"/pictures/{key}/400.webp", headers={**own, **PAGE_OF_OURS})
    assert (response.status, response.headers["Cross-Origin-Resource-Policy"]) == (200, "same-origin")
    # the owner sees even there what they see
    assert (await page(checked_client, ben, own))["collaborations"]["totalCount"] == 1


async def test_collaborators_untag_themselves_and_hide(checked_client: GraphQLClient) -> None:
    # given
    ada, ben, kim = await people("Ada", "Ben", "Kim")
    number = await make_project(ada, collaborator_ids=[id_of(ben), id_of(kim)])
    ask = f"query($id: ID!) {{ node(id: $id) {{ ... on Project {{ {PROJECT} }} }} }}"

    async def shown() -> list[str]:
        project = (await checked_client.data(ask, id=node_id(number)))["node"]
        return [each["name"] for each in project["collaborators"]]

    assert await shown() == ["Ben", "Kim"]
    # when
    await publishing.unpublish(id_of(kim), actor=OPERATOR)
    assert await shown() == ["Ben"]
    answer = await run(checked_client, UNTAG, await in_session(ben), projectId=node_id(number))
    # then
    assert answer == {"project": {"collaborators": []}, "errors": []}
    assert await shown() == []
    assert (await page(checked_client, ben, {}))["collaborations"] == {"totalCount": 0, "nodes": [], "edges": []}
    again = await run(
        checked_client, UPDATE, await in_session(ada), projectId=node_id(number), collaboratorIds=[person_id(ben)]
    )
    assert [(each["code"], each["path"]) for each in again["errors"]] == [("NOT_TAGGABLE", ["collaboratorIds", "0"])]
    wrong = await run(
        checked_client, UPDATE, await in_session(ada), projectId=node_id(number), collaboratorIds=[graph_id("acc", 1)]
    )
    assert [(each["code"], each["path"]) for each in wrong["errors"]] == [("NOT_FOUND", ["collaboratorIds", "0"])]


async def test_who_is_named_hears_of_it_when_it_is_published(checked_client: GraphQLClient) -> None:
    # given
    ada, ben, eve = await people("Ada", "Ben", "Eve")
    document = {
        "query": "subscription { viewerEvents { __typename kind ... on CollaboratorTaggedEvent { project { title owner { name } } } } }"
    }
    async with (
        open_socket(checked_client) as ws,
        open_socket(checked_client) as other,
    ):
        for each, who in ((ws, ben), (other, eve)):
            await each.init({"Authorization": f"mxtoken {await make_token(who, 'mx:user:profile:v1:read')}"})
            await subscribe(each, document)
        # when it is a draft, nothing happens; then it is published
        number = await make_project(ada, publish=False, collaborator_ids=[id_of(ben)])
        await nothing_arrives(ws, 0.6)
        await publish(ada, number)
        # then
        assert (await arrives(ws))["viewerEvents"] == {
            "__typename": "CollaboratorTaggedEvent",
            "kind": "COLLABORATOR_TAGGED",
            "project": {"title": "Berth planner", "owner": {"name": "Ada"}},
        }
        await nothing_arrives(other, 0.1)


# Pictures


async def test_pictures_are_served_as_avatars_are(checked_client: GraphQLClient) -> None:
    # given
    [ada] = await people("Ada")
    who = await in_session(ada)
    number = await make_project(ada)
    # when
    more = {"projectId": node_id(number), "caption": "The quay"}
    answer = await (await send(checked_client, picture("JPEG", (800, 200)), ADD_IMAGE, headers=who, more=more)).json()
    # then
    [image] = answer["data"]["addProjectImage"]["project"]["images"]
    paths = {name: image[name].removeprefix("http://graph.example") for name in ("url", "thumbnailUrl")}
    assert image["caption"] == "The quay" and KEY.fullmatch(paths["url"].split("/")[2])
    for name in ("url", "thumbnailUrl"):
        response = await checked_client.http.get(paths[name])
        assert (response.status, response.content_type) == (200, "image/webp")
        assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        again = await checked_client.http.get(paths[name], headers={"If-None-Match": response.headers["ETag"]})
        assert again.status == 304
    for path in ("/avatars/{}/400.webp", "/pictures/{}/64.webp", "/pictures/{}/1600.png", "/pictures/{}x/400.webp"):
        assert (await checked_client.http.get(path.format(paths["url"].split("/")[2]))).status == 404
    # a token needs the scope that leads there
    closed = {"Authorization": f"mxtoken {await make_token(ada, 'mx:leaderboard:read')}"}
    opened = {"Authorization": f"mxtoken {await make_token(ada, 'mx:portfolio:read')}"}
    assert [(await checked_client.http.get(paths["url"], headers=each)).status for each in (closed, opened)] == [
        403,
        200,
    ]
    # when it is removed
    assert (await run(checked_client, REMOVE_IMAGE, who, imageId=image["id"]))["project"] == {"images": []}
    assert (await checked_client.http.get(paths["url"])).status == 404


# Tokens


@pytest.mark.sqlite_only
async def test_what_scopes_open(checked_client: GraphQLClient) -> None:
    # given
    ada, ben = await people("Ada", "Ben")
    number = await make_project(ada, collaborator_ids=[id_of(ben)])
    draft = await make_project(ada, publish=False)
    handle = await handle_of(ada)
    scopes = (
        "mx:portfolio:read",
        "mx:portfolio:write",
        "mx:user:profile:v1:read",
        "mx:leaderboard:read",
        "mx:points:read",
        "mx:profile:write",
    )
    token = {scope: await make_token(ada, scope) for scope in scopes}  # fmt: skip
    reading = set(scopes[:3])
    node = f"query($id: ID!) {{ node(id: $id) {{ id ... on Project {{ {PROJECT} }} }} projectFields {{ tip }} }}"
    for scope, secret in token.items():
        # when
        profile = await checked_client.ask(PAGE, token=secret, handle=handle)
        one = await checked_client.ask(node, token=secret, id=node_id(draft))
        written = await checked_client.ask(UPDATE, token=secret, input={"projectId": node_id(number), "title": scope})
        # then
        assert ("errors" not in profile) == ("errors" not in one) == (scope in reading), scope
        assert ("errors" not in written) == (scope == "mx:portfolio:write"), (scope, written)
    assert (await Project.get(id=number)).title == "mx:portfolio:write"
    service = await make_service()
    secret = await make_token(service, "mx:portfolio:write")
    assert (await checked_client.code(CREATE, token=secret, input={"title": "x"})) == "FORBIDDEN"


# How many statements


@pytest.mark.parametrize("size", [10, 20])
async def test_statements_do_not_grow_with_people(
    checked_client: GraphQLClient, count_statements: CountStatements, size: int
) -> None:
    # given
    crowd = [await make_person(name=f"P{n}") for n in range(size)]
    for n, each in enumerate(crowd):
        for k in range(3):
            await make_project(each, publish=k > 0, collaborator_ids=[id_of(crowd[n - j]) for j in (1, 2, 3)])
    document = """
    query($ids: [ID!]!) { nodes(ids: $ids) { ... on Profile { name projects(first: 5) { totalCount edges { node {
      id title description results collaborators { name } images { url } owner { name } } } }
      published: projects(state: PUBLISHED) { totalCount } collaborations(first: 5) { totalCount edges { node { title owner { name } } } } } } }
    """
    who = await in_session(crowd[0])
    # when
    with count_statements() as seen:
        body = await checked_client.ask(document, headers=who, ids=[person_id(each) for each in crowd])
    # then
    assert len(body["data"]["nodes"]) == size
    assert all(len(each["projects"]["edges"]) == (2 if n else 3) for n, each in enumerate(body["data"]["nodes"]))
    assert all(each["collaborations"]["totalCount"] == 6 for each in body["data"]["nodes"])
    about = [text for text in seen.texts if "project" in text]
    assert len(about) == 9, about
    assert seen.total <= 14, seen.texts


async def test_a_block_leaves_public_pages_as_they_are(checked_client: GraphQLClient) -> None:
    ada, ben = await people("Ada", "Ben")
    number = await make_project(ada)
    await blocks.block(id_of(ada), id_of(ben))
    found = await everywhere(checked_client, ada, ben, number, await in_session(ben))
    assert found["project"] == {"title": "Berth planner"}
