"""The list of projects over HTTP: search, filters, order, pages, who is left out, how it is read."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from models.profiles import Profile, Visibility
from services.connections import blocks
from services.core import clock
from services.profiles.profiles import refresh_visibility
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, make_company, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, make_member
from tests.helpers.projects import id_of, make_project, people
from tests.helpers.projects_by_http import CREATE, GIVEN, UPDATE, run
from tests.helpers.transactions import committed

LIST = """
query($search: String, $skillCodes: [String!], $companyId: ID, $orderBy: ProjectOrder, $first: Int, $after: String, $last: Int, $before: String) {
  projects(search: $search, skillCodes: $skillCodes, companyId: $companyId, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { title } edges { cursor node { title owner { name } skills { code } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
OF_COMPANIES = """
query($ids: [ID!]!, $first: Int, $after: String) { nodes(ids: $ids) { ... on Company { name projects(first: $first, after: $after) {
  totalCount nodes { title owner { name } } edges { cursor } pageInfo { hasNextPage endCursor } } } } }
"""


async def listed(client: GraphQLClient, headers: dict[str, str] | None = None, **given: Any) -> list[str]:
    """The titles in the list, which have to be as many as it counts."""
    body = await client.ask(LIST, headers=headers or {}, **given)
    assert "errors" not in body, body
    found = body["data"]["projects"]
    titles = [each["title"] for each in found["nodes"]]
    assert titles == [edge["node"]["title"] for edge in found["edges"]]
    if not {"first", "last"} & given.keys():
        assert found["totalCount"] == len(titles)
    return titles


async def make(account: Any, *titles: str, at: datetime = NOON, **edit: Any) -> list[int]:
    """Published projects, each an hour after the one before."""
    numbers = []
    for hour, title in enumerate(titles):
        with clock.frozen(at + timedelta(hours=hour)):
            numbers.append(await make_project(account, title=title, **edit))
    return numbers


async def hide(account: Any) -> None:
    await Profile.filter(id=id_of(account)).update(visibility=Visibility.PRIVATE)
    await committed(refresh_visibility([id_of(account)]))


async def test_projects_are_found_by_words_and_skills(checked_client: GraphQLClient) -> None:
    # given
    ada, ben = await people("Ada", "Ben")
    await make(ada, "Berth planner", "Planning of berths", skill_codes=["sql", "python"])
    with clock.frozen(NOON + timedelta(days=1)):
        await make_project(ben, title="Milk route", description="A berth for Müller's milk", skill_codes=["sql"])
        await make_project(ben, title="Berth draft", publish=False)
    # then: newest first without words
    assert await listed(checked_client) == ["Milk route", "Planning of berths", "Berth planner"]
    # best match first: a word of the title, a word of the description, a beginning of one of the title
    assert await listed(checked_client, search="berth") == ["Berth planner", "Milk route", "Planning of berths"]
    assert await listed(checked_client, search="berth", orderBy="NEWEST") == [
        "Milk route", "Planning of berths", "Berth planner",
    ]  # fmt: skip
    assert await listed(checked_client, search="MULLERS mil") == ["Milk route"]
    assert await listed(checked_client, search="plan ber") == ["Planning of berths", "Berth planner"]
    assert await listed(checked_client, search="whiteboard") == await listed(checked_client, search="draft") == []
    # skills by code or name, all of them
    assert await listed(checked_client, skillCodes=["sql"]) == ["Milk route", "Planning of berths", "Berth planner"]
    assert await listed(checked_client, skillCodes=["sql", "Python"]) == ["Planning of berths", "Berth planner"]
    assert await listed(checked_client, skillCodes=["sql"], search="milk") == ["Milk route"]
    assert await listed(checked_client, skillCodes=["rust"]) == []
    for wrong, code in (
        ({"search": "!"}, "BAD_INPUT"),
        ({"skillCodes": ["no such"]}, "UNKNOWN_TERM"),
        ({"skillCodes": ["sql"] * 11}, "TOO_MANY_ITEMS"),
        ({"companyId": "nonsense"}, "BAD_ID"),
        ({"first": 0}, "BAD_PAGE"),
        ({"after": "nonsense"}, "BAD_CURSOR"),
    ):
        assert await checked_client.code(LIST, **wrong) == code, wrong


@pytest.mark.parametrize("given", [{}, {"search": "t"}, {"search": "t", "orderBy": "NEWEST"}, {"skillCodes": ["sql"]}])
async def test_pages_go_forth_and_back(checked_client: GraphQLClient, given: dict[str, Any]) -> None:
    # given: seven, of which some were published in the same instant
    ada, ben = await people("Ada", "Ben")
    for each in (ada, ben):
        await make(each, "t", "T two", "thing", skill_codes=["sql"])
    await make(ada, "tea", at=NOON + timedelta(days=1), skill_codes=["sql"])
    whole = await listed(checked_client, first=100, **given)
    assert sorted(whole) == ["T two", "T two", "t", "t", "tea", "thing", "thing"]
    # when, then
    seen, after = [], None
    while True:
        page = (await checked_client.data(LIST, first=3, after=after, **given))["projects"]
        seen += [edge["node"]["title"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        assert page["totalCount"] == 7
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == whole
    back: list[str] = []
    before = None
    while True:
        page = (await checked_client.data(LIST, last=2, before=before, **given))["projects"]
        back = [edge["node"]["title"] for edge in page["edges"]] + back
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert back == whole
    # a cursor is of its list
    assert await checked_client.code(LIST, after=after, search="other") == "BAD_CURSOR"


async def test_hidden_and_blocked_owners_are_left_out(checked_client: GraphQLClient) -> None:
    # given
    company = await make_company()
    ada, ben, eve = [await make_member(company, f"{name}@x.example", name=name) for name in ("Ada", "Ben", "Eve")]
    for name, each in (("Ada", ada), ("Ben", ben), ("Eve", eve)):
        await make(each, f"Of {name}", skill_codes=["sql"])
    whole = ["Of Eve", "Of Ben", "Of Ada"]
    lists: tuple[dict[str, Any], ...] = (
        {}, {"search": "of"}, {"skillCodes": ["sql"]}, {"companyId": graph_id("cmp", company.id)},
    )  # fmt: skip
    as_ada, as_ben = await in_session(ada), await in_session(ben)

    async def every(headers: dict[str, str]) -> list[list[str]]:
        found = await checked_client.ask(OF_COMPANIES, headers=headers, ids=[graph_id("cmp", company.id)])
        [of_company] = found["data"]["nodes"]
        assert of_company["projects"]["totalCount"] == len(of_company["projects"]["nodes"])
        return [
            *[await listed(checked_client, headers, **given) for given in lists],
            [each["title"] for each in of_company["projects"]["nodes"]],
        ]

    assert await every(as_ada) == [whole] * 5
    # when Ada blocks Ben: only Ada misses anything
    await blocks.block(id_of(ada), id_of(ben))
    assert await every(as_ada) == [["Of Eve", "Of Ada"]] * 5
    for headers in (as_ben, {}):
        assert await every(headers) == [whole] * 5
    # when Eve hides: nobody sees her projects in a list, not even she
    await hide(eve)
    assert await every(await in_session(eve)) == await every({}) == [["Of Ben", "Of Ada"]] * 5
    assert await every(as_ada) == [["Of Ada"]] * 5


async def test_a_company_has_the_projects_of_its_people(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    # given
    one, two = await make_company(name="One"), await make_company(name="Two")
    for nth in range(3):
        await make(await make_member(one, f"p{nth}@x.example"), f"A{nth}")
    await make(await make_member(two, "q@x.example"), "B0", "B1")
    ids = [graph_id("cmp", each.id) for each in (one, two)]
    # when
    seen = []
    for some in (ids[:1], ids):
        with count_statements() as statements:
            found = (await checked_client.data(OF_COMPANIES, ids=some, first=2))["nodes"]
        seen.append(len([text for text in statements.texts if "project" in text]))
    # then
    assert [[each["title"] for each in company["projects"]["nodes"]] for company in found] == [
        ["A2", "A1"],
        ["B1", "B0"],
    ]
    assert [company["projects"]["totalCount"] for company in found] == [3, 2]
    assert seen == [2, 2]
    after = found[0]["projects"]["pageInfo"]["endCursor"]
    [rest] = (await checked_client.data(OF_COMPANIES, ids=ids[:1], after=after))["nodes"]
    assert [each["title"] for each in rest["projects"]["nodes"]] == ["A0"]
    assert await listed(checked_client, companyId=ids[1], search="b1") == ["B1"]


async def test_skills_are_written_and_read(checked_client: GraphQLClient) -> None:
    [ada] = await people("Ada")
    who = await in_session(ada)
    made = await run(checked_client, CREATE, who, **GIVEN, publish=True, skillCodes=["sql", "graphql"])
    assert made["project"]["skills"] == [{"code": "graphql"}, {"code": "sql"}]
    changed = await run(checked_client, UPDATE, who, projectId=made["project"]["id"], skillCodes=["rust"])
    assert changed["project"]["skills"] == [{"code": "rust"}]
    refused = await run(checked_client, UPDATE, who, projectId=made["project"]["id"], skillCodes=["no such"])
    assert [(each["code"], each["path"]) for each in refused["errors"]] == [("UNKNOWN_TERM", ["skillCodes"])]


@pytest.mark.sqlite_only
async def test_tokens_need_the_scope(checked_client: GraphQLClient) -> None:
    [ada] = await people("Ada")
    for scope, code in (
        ("mx:portfolio:read", None),
        ("mx:user:profile:v1:read", None),
        ("mx:points:read", "INSUFFICIENT_SCOPE"),
    ):
        body = await checked_client.ask(LIST, token=await make_token(ada, scope))
        assert [each["extensions"]["code"] for each in body.get("errors", [])][:1] == ([code] if code else [])


# How it is read


async def test_statements_do_not_grow_with_the_list(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    [ada] = await people("Ada")
    seen = []
    for day in range(2):
        await make(ada, *(f"Thing {n}" for n in range(8)), at=NOON + timedelta(days=day), skill_codes=["sql"])
        counts = []
        for given in ({}, {"search": "thing"}, {"search": "thing", "skillCodes": ["sql"]}):
            with count_statements() as statements:
                await listed(checked_client, first=100, **given)
            counts.append(statements.total)
        seen.append(counts)
    # page, total, cards, owners, skills; a search looks for few matches of its rarest word before
    assert seen[0] == seen[1], seen
    assert seen[0][0] == 5 and max(seen[0]) <= 7, seen
