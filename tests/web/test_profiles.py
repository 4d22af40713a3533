"""People, as clients read them: docs/rules/profiles.md."""

from datetime import date
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from catalogue.points import Category
from models.database import Database
from models.points import PointEntry
from models.profiles import Profile
from resolvers.base import ids
from resolvers.profiles import BY_HANDLE
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, give, make_company, make_person, make_profile, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient

READ = "mx:user:profile:v1:read"
WHOLE = """
query Person($by: ProfileBy!) {
  profile(by: $by) {
    __typename id handle name jobTitle country { code name } visibility department location about website joinedOn
    company { id name } lookingFor socials { service handle url isVerified }
    skills { code name isRetired } industries { code name }
    score { points level { number pointsToNext progressPercent } categories { category points } }
  }
}
"""


async def make_full_profile() -> int:
    company = await make_company()
    return await make_profile(
        "Ada Okafor",
        handle="ada",
        joined_on=date(2024, 2, 29),
        company_id=company.id,
        skills=["python", "graphql", "flash"],
        industries=["banking"],
        details={
            "job_title": "Architect",
            "department": "Platform",
            "country": "NL",
            "location": "Rotterdam",
            "about": "Builds <b>harbors</b>.\nAnd bridges.",
            "website": "https://ada.example",
            "looking_for_project": True,
            "looking_for_confirmed": True,
            "github": "ada",
            "recovery_email": "ada@home.example",
            "language": "nl",
        },
    )


async def test_a_profile_shows_all_that_others_may_see(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_full_profile()
    await give(ada, times=10)
    # when
    data = await checked_client.data(WHOLE, by={"handle": "ada"})
    # then
    assert data["profile"] == {
        "__typename": "Profile",
        "id": graph_id("prf", ada),
        "handle": "ada",
        "name": "Ada Okafor",
        "jobTitle": "Architect",
        "country": {"code": "NL", "name": "Netherlands"},
        "visibility": "PUBLIC",
        "department": "Platform",
        "location": "Rotterdam",
        "about": "Builds <b>harbors</b>.\nAnd bridges.",
        "website": "https://ada.example",
        "joinedOn": "2024-02-29",
        "company": {"id": data["profile"]["company"]["id"], "name": "Harbor Works"},
        "lookingFor": ["PROJECT"],
        "socials": [{"service": "GITHUB", "handle": "ada", "url": "https://github.com/ada", "isVerified": False}],
        "skills": [
            {"code": "flash", "name": "Flash", "isRetired": True},
            {"code": "graphql", "name": "GraphQL", "isRetired": False},
            {"code": "python", "name": "Python", "isRetired": False},
        ],
        "industries": [{"code": "banking", "name": "Banking"}],
        "score": {
            "points": 150,
            "level": {"number": 1, "pointsToNext": 350, "progressPercent": 12},
            "categories": [
                {"category": each.name, "points": 150 if each is Category.FORUM else 0} for each in Category
            ],
        },
    }
    assert await checked_client.data(WHOLE, by={"id": graph_id("prf", ada)}) == data


async def test_what_is_not_given_is_null(checked_client: GraphQLClient) -> None:
    bare = await make_profile("Bare")
    data = (await checked_client.data(WHOLE, by={"id": graph_id("prf", bare)}))["profile"]
    empty = ["jobTitle", "country", "lookingFor", "department", "location", "about", "website", "company"]
    assert {name: data[name] for name in empty} == dict.fromkeys(empty)
    assert data["skills"] == data["industries"] == data["socials"] == []


async def test_the_page_of_a_person_takes_a_fixed_number_of_statements(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    ada = await make_full_profile()
    with count_statements() as seen:
        await checked_client.data(WHOLE, by={"id": graph_id("prf", ada)})
    # card, details, work, socials, company, skills, industries, points
    assert seen.total == 8, seen.texts


@pytest.mark.parametrize("typed", ["ada", "Ada", "ADA"])
async def test_a_handle_is_found_in_any_letter_case(checked_client: GraphQLClient, typed: str) -> None:
    ada = await make_profile("Ada Okafor", handle="ada")
    data = await checked_client.data(
        "query($handle: String!) { profile(by: {handle: $handle}) { id handle } }", handle=typed
    )
    assert data["profile"] == {"id": graph_id("prf", ada), "handle": "ada"}


async def test_the_lookup_by_handle_is_answered_by_an_index(database: Database) -> None:
    text = BY_HANDLE.text(database.dialect)
    await make_profile("Ada Okafor", handle="ada")
    if database.dialect == "sqlite":
        plan = [row["detail"] for row in await database.fetch(f"EXPLAIN QUERY PLAN {text}", "ada", 0)]
    else:
        async with in_transaction() as transaction:
            await transaction.execute_query("SET LOCAL enable_seqscan = off")  # the table of a test has one row
            plan = [row[0] for row in await database.fetch(f"EXPLAIN {text}", "ada", 0)]
    assert any("handle" in line and ("INDEX" in line or "Index" in line) for line in plan), plan


@pytest.mark.parametrize(
    "by", [{}, {"id": "a", "handle": "ada"}, {"handle": None}, {"id": None, "handle": "ada"}, None]
)
async def test_a_profile_is_named_one_way(checked_client: GraphQLClient, by: dict[str, Any] | None) -> None:
    body = await checked_client.ask(WHOLE, by=by)
    assert (body.get("data"), {each["extensions"]["code"] for each in body["errors"]}) == (None, {"BAD_INPUT"})


@pytest.mark.parametrize("by", ["{}", '{id: "a", handle: "ada"}', "{handle: null}", "{handle: $handle}"])
async def test_a_document_names_a_profile_one_way(checked_client: GraphQLClient, by: str) -> None:
    declared = "($handle: String)" if "$" in by else ""
    body = await checked_client.ask(f"query P{declared} {{ profile(by: {by}) {{ id }} }}", handle="ada")
    assert {each["extensions"]["code"] for each in body["errors"]} == {"BAD_QUERY"}, body


async def test_a_private_profile_does_not_exist_for_others(checked_client: GraphQLClient) -> None:
    # given
    account = await make_person(public=False, name="Hidden")
    hidden = account.own_profile_id
    await give(hidden)
    handle = (await Profile.get(id=hidden)).handle
    entry = await PointEntry.get(profile_id=hidden)
    other = await make_token(await make_person(), READ)
    never = graph_id("prf", 999_999)
    # when, then
    for token in (None, other):
        assert (
            await checked_client.data(WHOLE, by={"id": graph_id("prf", hidden)}, token=token)
            == await checked_client.data(WHOLE, by={"id": never}, token=token)
            == {"profile": None}
        )
        assert await checked_client.data(WHOLE, by={"handle": handle}, token=token) == {"profile": None}
        nodes = await checked_client.data(
            "query N($ids: [ID!]!) { nodes(ids: $ids) { id } }",
            ids=[graph_id("prf", hidden), graph_id("pnt", entry.id), ids.encode("Account", account.id), never],
            token=token,
        )
        assert nodes == {"nodes": [None] * 4}


async def test_the_owner_sees_a_private_profile_and_what_is_theirs_alone(checked_client: GraphQLClient) -> None:
    # given
    account = await make_person("ada@people.example", public=False, details={"recovery_email": "ada@home.example"})
    token = await make_token(account, READ)
    # when
    data = await checked_client.data(WHOLE, by={"id": graph_id("prf", account.own_profile_id)}, token=token)
    viewer = await checked_client.data(
        "{ viewer { account { __typename id email status createdAt company { name } profile { id } } profile { visibility } shouldSuggestPublishing recoveryEmail language { code name } profileVersion allowsMarketing } }",
        token=token,
    )
    # then
    seen = viewer["viewer"]
    assert (data["profile"]["visibility"], seen["recoveryEmail"], seen["language"]) == (
        "PRIVATE",
        "ada@home.example",
        None,
    )
    assert (seen["profileVersion"], seen["allowsMarketing"]) == (1, False)
    assert (
        seen["account"]["email"],
        seen["account"]["id"],
        seen["account"]["__typename"],
        seen["account"]["status"],
    ) == (
        "ada@people.example",
        ids.encode("Account", account.id),
        "PersonAccount",
        "ACTIVE",
    )
    assert seen["account"]["createdAt"].endswith("Z")
    assert seen["shouldSuggestPublishing"] is False


async def test_the_banner_invites_people_who_edited_a_private_profile(checked_client: GraphQLClient) -> None:
    account = await make_person(public=False)
    await Profile.filter(id=account.profile_id).update(edited_at=NOON)
    assert await checked_client.data(
        "{ viewer { shouldSuggestPublishing } }", token=await make_token(account, READ)
    ) == {"viewer": {"shouldSuggestPublishing": True}}


async def test_an_anonymous_caller_has_no_viewer(checked_client: GraphQLClient) -> None:
    assert await checked_client.data("{ viewer { account { id } } }") == {"viewer": None}


async def test_nodes_are_answered_in_their_order(checked_client: GraphQLClient) -> None:
    # given
    ada, ben = await make_full_profile(), await make_profile("Ben")
    company = (await Profile.get(id=ada)).company_id
    await give(ada)
    entry = await PointEntry.get(profile_id=ada)
    document = """
    query N($ids: [ID!]!, $one: ID!) {
      nodes(ids: $ids) {
        __typename id ... on Profile { name } ... on Company { name } ... on PointEntry { pointsAwarded }
      }
      node(id: $one) { id }
    }
    """
    # when
    data = await checked_client.data(
        document,
        one=graph_id("cmp", company),
        ids=[
            graph_id("prf", ben),
            graph_id("cmp", company),
            graph_id("prf", ada),
            graph_id("pnt", entry.id),
            graph_id("prf", ben),
            graph_id("prf", 77_777),
        ],
    )
    # then
    assert data["nodes"] == [
        {"__typename": "Profile", "id": graph_id("prf", ben), "name": "Ben"},
        {"__typename": "Company", "id": graph_id("cmp", company), "name": "Harbor Works"},
        {"__typename": "Profile", "id": graph_id("prf", ada), "name": "Ada Okafor"},
        {"__typename": "PointEntry", "id": graph_id("pnt", entry.id), "pointsAwarded": 15},
        {"__typename": "Profile", "id": graph_id("prf", ben), "name": "Ben"},
        None,
    ]
    assert data["node"] == {"id": graph_id("cmp", company)}


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "x",
        "prf_",
        "prf_01",
        "prf_5k2v9x0qc",
        "prf_5k2v9x0qcmm",
        "prf_5k2v9x0qci",
        "prf_5k2v9x0qcl",
        "prf_5k2v9x0qco",
        "prf_5k2v9x0qcu",
        "prf_5K2V9X0QCM",
        "prf_8k2v9x0qcm",  # 2**48 or more
        "prf-5k2v9x0qcm",
        "PRF_5k2v9x0qcm",
        "prf_5k2v9x0qcm ",
        "xyz_5k2v9x0qcm",
        "prf_5k2v9x0qc١",
        "prf_5k2v9x0qcm\n",
    ],
)
async def test_what_is_no_id_is_refused(checked_client: GraphQLClient, wrong: str) -> None:
    body = await checked_client.ask("query N($id: ID!) { node(id: $id) { id } }", id=wrong)
    assert (body["data"], body["errors"][0]["extensions"]["code"]) == ({"node": None}, "BAD_ID")


async def test_the_id_of_another_type_is_no_profile(checked_client: GraphQLClient) -> None:
    await make_profile()
    assert await checked_client.data(WHOLE, by={"id": graph_id("cmp", 1)}) == {"profile": None}


async def test_too_many_nodes_are_refused(checked_client: GraphQLClient) -> None:
    ids = [graph_id("prf", n) for n in range(1, 102)]
    body = await checked_client.ask("query N($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
    assert body["errors"][0]["extensions"]["code"] == "TOO_MANY_ITEMS"
