"""Writing projects over HTTP."""

import pytest

from catalogue.projects import FIELDS
from models.portfolio import Project
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session
from tests.helpers.projects import make_project, people
from tests.helpers.projects_by_http import (
    CREATE,
    DELETE,
    GIVEN,
    ORDER,
    PAGE,
    PROJECT,
    PUBLISH,
    UNPUBLISH,
    UPDATE,
    handle_of,
    node_id,
    page,
    person_id,
    run,
    titles,
)

# Writing


async def test_a_project_from_the_first_word_to_the_last(checked_client: GraphQLClient) -> None:
    # given
    ada, ben = await people("Ada", "Ben")
    who = await in_session(ada)
    text = '<img src=x onerror="alert(1)">\r\n\tA & B; \u2028not'[:-4]
    # when it is begun
    made = await run(checked_client, CREATE, who, title="Berth planner", description=text.strip())
    # then
    project = made["project"]
    assert made["errors"] == []
    assert (project["state"], project["description"], project["customer"], project["canEdit"]) == (
        "DRAFT",
        text.strip(),
        None,
        True,
    )
    # when it is published too early
    refused = await run(checked_client, PUBLISH, who, projectId=project["id"])
    assert [(each["__typename"], each["field"], each["path"]) for each in refused["errors"]] == [
        ("ProjectFieldError", name, [path])
        for name, path in (("CUSTOMER", "customer"), ("BUSINESS_NEED", "businessNeed"), ("SOLUTION", "solution"), ("RESULTS", "results"))
    ]  # fmt: skip
    # when it is completed, saved again, and published
    rest = {name: text for name, text in GIVEN.items() if name not in {"title", "description"}}
    saved = await run(
        checked_client, UPDATE, who, projectId=project["id"], expectedVersion=1, **rest, startedOn="2024-05-01", endedOn="2024-06-30", collaboratorIds=[person_id(ben)]
    )  # fmt: skip
    assert (saved["errors"], saved["project"]["version"]) == ([], 2)
    assert (await run(checked_client, PUBLISH, who, projectId=project["id"], expectedVersion=2))["project"] == {
        "state": "PUBLISHED"
    }
    # then everybody reads it
    body = await checked_client.data(f"query($id: ID!) {{ project(id: $id) {{ {PROJECT} }} }}", id=project["id"])
    shown = body["project"]
    assert {name: shown[name] for name in rest} == rest
    assert (shown["startedOn"], shown["endedOn"], shown["canEdit"]) == ("2024-05-01", "2024-06-30", False)
    assert (shown["collaborators"], shown["owner"]) == (
        [{"handle": await handle_of(ben), "name": "Ben"}],
        {"handle": await handle_of(ada)},
    )
    # when it is edited
    refused = await run(checked_client, UPDATE, who, projectId=project["id"], results=None, title="Y")
    assert [(each["code"], each["field"]) for each in refused["errors"]] == [("PROJECT_FIELD_REQUIRED", "RESULTS")]
    assert refused["project"] is None
    old = await run(checked_client, UPDATE, who, projectId=project["id"], title="Y", expectedVersion=1)
    assert [(each["__typename"], each["currentVersion"]) for each in old["errors"]] == [("VersionConflictError", 3)]
    edited = await run(checked_client, UPDATE, who, projectId=project["id"], title="Y", endedOn=None, expectedVersion=3)
    assert (edited["project"]["title"], edited["project"]["endedOn"], edited["project"]["version"]) == ("Y", None, 4)
    # when it is taken back and deleted
    assert (await run(checked_client, UNPUBLISH, who, projectId=project["id"]))["project"] == {"state": "DRAFT"}
    gone = await run(checked_client, DELETE, who, projectId=project["id"])
    assert gone == {"deletedProjectId": project["id"], "profile": {"projects": {"totalCount": 0}}, "errors": []}
    assert await Project.all().count() == 0


async def test_a_project_is_published_at_once_and_once(checked_client: GraphQLClient) -> None:
    # given
    [ada] = await people("Ada")
    who = await in_session(ada)
    # when
    refused = await run(checked_client, CREATE, who, title="x", publish=True)
    made = [await run(checked_client, CREATE, who, **GIVEN, publish=True, idempotencyKey="k") for _ in range(2)]
    # then
    assert len(refused["errors"]) == 5
    assert made[0] == made[1]
    assert (made[0]["project"]["state"], made[0]["project"]["publishedAt"] is None) == ("PUBLISHED", False)
    other = await run(checked_client, CREATE, who, **{**GIVEN, "title": "z"}, publish=True, idempotencyKey="k")
    assert other["errors"][0]["code"] == "IDEMPOTENCY_MISMATCH"
    saved = [await run(checked_client, CREATE, who, title="d", idempotencyKey="s") for _ in range(2)]
    assert saved[0] == saved[1]
    assert await Project.all().count() == 2


@pytest.mark.sqlite_only
async def test_the_fields_of_the_editor_are_data(checked_client: GraphQLClient) -> None:
    body = await checked_client.data("{ projectFields { name label tip isRequired maxLength } }")
    fields = body["projectFields"]
    assert [each["name"] for each in fields] == [name.value for name in FIELDS]
    assert [each["name"] for each in fields if each["isRequired"]] == [
        "TITLE", "DESCRIPTION", "CUSTOMER", "BUSINESS_NEED", "SOLUTION", "RESULTS",
    ]  # fmt: skip
    assert {each["name"]: each["maxLength"] for each in fields}["CUSTOMER"] == 200
    assert all(each["tip"].endswith(".") and each["label"] for each in fields)


async def test_a_portfolio_is_paged_in_its_owners_order(checked_client: GraphQLClient) -> None:
    # given
    [ada] = await people("Ada")
    who = await in_session(ada)
    numbers = [await make_project(ada, title=title, publish=title not in "bd") for title in "abcdef"]
    ordered = await run(checked_client, ORDER, who, projectIds=[node_id(numbers[2]), node_id(numbers[0])])
    assert titles(ordered["profile"]["projects"]) == ["c", "a", "f", "e", "d", "b"]
    # when, then: forth
    seen, after = [], None
    for _ in range(3):
        found = (await page(checked_client, ada, who, first=2, after=after))["projects"]
        seen += titles(found)
        after = found["pageInfo"]["endCursor"]
        assert found["totalCount"] == 6
    assert (seen, found["pageInfo"]["hasNextPage"]) == (["c", "a", "f", "e", "d", "b"], False)
    # and back
    found = (await page(checked_client, ada, who, last=2, before=after))["projects"]
    assert (titles(found), found["pageInfo"]["hasPreviousPage"]) == (["e", "d"], True)
    assert found["nodes"] == [{"title": "e"}, {"title": "d"}]
    # of one state, and for others
    drafts = (await page(checked_client, ada, who, state="DRAFT"))["projects"]
    assert (titles(drafts), drafts["totalCount"]) == (["d", "b"], 2)
    shown = await page(checked_client, ada, who, state="PUBLISHED", first=1)
    assert (titles(shown["projects"]), shown["projects"]["totalCount"], shown["published"]["totalCount"]) == (
        ["c"],
        4,
        4,
    )
    public = await page(checked_client, ada, {}, last=3)
    assert (titles(public["projects"]), public["projects"]["totalCount"]) == (["a", "f", "e"], 4)
    public = await page(checked_client, ada, {}, state="DRAFT")
    assert (public["projects"]["edges"], public["projects"]["totalCount"], public["published"]["totalCount"]) == (
        [],
        0,
        4,
    )
    # what is wrong
    assert (await run(checked_client, ORDER, who, projectIds=[node_id(numbers[0]), graph_id("prj", 999)]))["errors"][0][
        "path"
    ] == [
        "projectIds",
        "1",
    ]
    for given in ({"first": 0}, {"first": 101}, {"first": 1, "last": 1}, {"after": "x"}):
        body = await checked_client.ask(PAGE, headers=who, handle=await handle_of(ada), **given)
        assert body["errors"][0]["extensions"]["code"] in {"BAD_PAGE", "BAD_CURSOR"}
