"""What each caller sees of a company: docs/rules/accounts.md#companies."""

from typing import Any

import pytest

from models.accounts import Account
from models.audit import Origin
from resolvers.base import ids
from services.core import audit
from services.core.audit import Actor
from tests.conftest import CountStatements
from tests.helpers.factories import give, make_company, make_person, make_profile, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import Headers, in_session, make_company_with_admin, make_member, with_key
from tests.helpers.transactions import committed

ALL = """
query All($id: ID!) { node(id: $id) { id ... on Company {
  name domains passwordDays usesSso
  members(first: 10) { totalCount nodes { email } } auditTrail(first: 10) { totalCount nodes { action } }
} } }
"""
PUBLIC = "query Public($id: ID!) { node(id: $id) { ... on Company { id name } } }"
OWN = "{ viewer { company { id name domains passwordDays usesSso members { totalCount nodes { email } } auditTrail { totalCount } } } }"
PRIVATE_FIELDS = ("domains", "passwordDays", "usesSso", "members", "auditTrail")
ADMIN_FIELDS = ("members", "auditTrail")


async def company_of(client: GraphQLClient, company_id: int, headers: Headers) -> tuple[Any, list[Any]]:
    """The company as these callers read it, and the paths and codes of the errors."""
    body = await client.ask(ALL, headers=headers, id=ids.encode("Company", company_id))
    errors = [(each["path"], each["extensions"]["code"]) for each in body.get("errors", [])]
    return body["data"]["node"], errors


async def test_each_caller_reads_what_is_theirs_of_the_same_company(checked_client: GraphQLClient) -> None:
    # given
    company, admin = await make_company_with_admin()
    ben = await make_member(company, "ben@harbor.example")
    _, stranger = await make_company_with_admin("Other", "other.example")
    # The same document by everyone, twice and interleaved: one plan answers them all, and shares nothing.
    for _ in range(2):
        for headers in (
            {},
            await in_session(await make_person()),
            await in_session(stranger),
            await with_key(stranger),
        ):
            shown, errors = await company_of(checked_client, company.id, headers)
            assert shown["name"] == "Harbor Works"
            assert [shown[field] for field in PRIVATE_FIELDS] == [None] * 5
            assert errors == []
        for headers in (await in_session(ben), await with_key(ben)):
            shown, errors = await company_of(checked_client, company.id, headers)
            assert (shown["domains"], shown["passwordDays"], shown["usesSso"]) == (["harbor.example"], 90, False)
            assert (shown["members"], shown["auditTrail"]) == (None, None)
            assert sorted(errors) == [(["node", "auditTrail"], "FORBIDDEN"), (["node", "members"], "FORBIDDEN")]
        for headers in (await in_session(admin), await with_key(admin)):
            shown, errors = await company_of(checked_client, company.id, headers)
            assert (shown["domains"], shown["passwordDays"], shown["usesSso"]) == (["harbor.example"], 90, False)
            assert [each["email"] for each in shown["members"]["nodes"]] == [
                "admin@harbor.example",
                "ben@harbor.example",
            ]
            assert shown["members"]["totalCount"] == 2
            assert shown["auditTrail"]["totalCount"] == len(shown["auditTrail"]["nodes"])
            assert errors == []


async def test_viewer_company_is_the_node(checked_client: GraphQLClient) -> None:
    company, admin = await make_company_with_admin()
    headers = await in_session(admin)
    own = (await checked_client.data(OWN, headers=headers))["viewer"]["company"]
    assert own["id"] == ids.encode("Company", company.id)
    assert [each["email"] for each in own["members"]["nodes"]] == ["admin@harbor.example"]
    assert (await checked_client.data(OWN, headers=await in_session(await make_person())))["viewer"] == {
        "company": None
    }


async def test_a_former_admin_and_a_former_member_read_what_they_may_now(checked_client: GraphQLClient) -> None:
    # given: credentials from before
    company, admin = await make_company_with_admin()
    credentials = [await in_session(admin), await with_key(admin)]
    for headers in credentials:
        shown, errors = await company_of(checked_client, company.id, headers)
        assert None not in [shown[field] for field in PRIVATE_FIELDS] and errors == []
    # when no longer an admin
    await Account.filter(id=admin.id).update(company_admin=False)
    for headers in credentials:
        shown, errors = await company_of(checked_client, company.id, headers)
        assert shown["domains"] == ["harbor.example"] and [shown[field] for field in ADMIN_FIELDS] == [None] * 2
        assert [code for _, code in errors] == ["FORBIDDEN"] * 2
    # when no longer a member
    await Account.filter(id=admin.id).update(company_id=None)
    for headers in credentials:
        shown, errors = await company_of(checked_client, company.id, headers)
        assert [shown[field] for field in PRIVATE_FIELDS] == [None] * 5 and errors == []


async def test_a_token_reads_what_everyone_does_and_no_more(checked_client: GraphQLClient) -> None:
    company, admin = await make_company_with_admin()
    asked = {"id": ids.encode("Company", company.id)}
    for scope in ("mx:user:profile:v1:read", "mx:leaderboard:read"):
        token = await make_token(admin, scope)
        shown = await checked_client.data(PUBLIC, token=token, **asked)
        assert shown == {"node": {"id": asked["id"], "name": "Harbor Works"}}
        for field in ("domains", "passwordDays", "usesSso", "members { totalCount }", "auditTrail { totalCount }"):
            document = f"query Q($id: ID!) {{ node(id: $id) {{ ... on Company {{ {field} }} }} }}"
            assert await checked_client.code(document, token=token, **asked) == "INSUFFICIENT_SCOPE", (scope, field)
    unfit = await make_token(admin, "mx:audit-logging:read")
    assert await checked_client.code(PUBLIC, token=unfit, **asked) == "INSUFFICIENT_SCOPE"


async def test_a_list_of_companies_answers_each_by_itself(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    # given
    company, admin = await make_company_with_admin()
    others = [await make_company(f"Other {n}") for n in range(3)]
    document = """query Some($ids: [ID!]!) { nodes(ids: $ids) { ... on Company {
        name domains members { nodes { email } totalCount } auditTrail { totalCount } } } }"""
    headers = await in_session(admin)

    async def read(*companies: Any) -> Any:
        wanted = [ids.encode("Company", each.id) for each in companies]
        return (await checked_client.data(document, headers=headers, ids=wanted))["nodes"]

    # when
    await read(company)
    with count_statements() as alone:
        await read(company)
    with count_statements() as together:
        shown = await read(others[0], company, *others[1:])
    # then
    assert [each["members"] is not None for each in shown] == [False, True, False, False]
    assert [each["domains"] for each in shown] == [None, ["harbor.example"], None, None]
    assert together.total == alone.total, together.texts


PEOPLE = """query People($id: ID!, $order: ProfileOrder, $first: Int, $after: String) { node(id: $id) { ... on Company {
    profiles(orderBy: $order, first: $first, after: $after) {
        totalCount nodes { name } edges { cursor node { name } } pageInfo { hasNextPage endCursor } } } } }"""


async def test_everyone_reads_the_people_of_a_company_who_are_listed(checked_client: GraphQLClient) -> None:
    # given
    company, _ = await make_company_with_admin()
    people = [await make_member(company, f"{name}@harbor.example", name=name) for name in ("Ada", "Ben", "Cem")]
    shy = await make_member(company, "shy@harbor.example", name="Shy", public=False)
    await make_person(name="Elsewhere")
    await give(people[1].own_profile_id, times=2)
    await give(people[2].own_profile_id)
    asked = {"id": ids.encode("Company", company.id)}
    # when, then: a hidden person is not even in the own list, as in every search for people
    for headers in ({}, await in_session(people[0]), await in_session(shy), await with_key(shy)):
        whole = (await checked_client.data(PEOPLE, headers=headers, **asked))["node"]["profiles"]
        names = [each["name"] for each in whole["nodes"]]
        assert names[:2] == ["Ben", "Cem"] and sorted(names[2:]) == ["Ada", "Ada Okafor"]
        assert [edge["node"] for edge in whole["edges"]] == whole["nodes"] and whole["totalCount"] == 4
    # when read page by page
    first = (await checked_client.data(PEOPLE, first=1, **asked))["node"]["profiles"]
    second = (await checked_client.data(PEOPLE, first=1, after=first["pageInfo"]["endCursor"], **asked))["node"][
        "profiles"
    ]
    assert [first["nodes"], second["nodes"]] == [[{"name": "Ben"}], [{"name": "Cem"}]]
    assert (await checked_client.data(PEOPLE, order="NEWEST", **asked))["node"]["profiles"]["totalCount"] == 4
    token = await make_token(shy, "mx:user:profile:v1:read")
    assert (await checked_client.data(PEOPLE, token=token, **asked))["node"]["profiles"]["totalCount"] == 4
    other = await make_token(shy, "mx:leaderboard:read")
    assert await checked_client.code(PEOPLE, token=other, **asked) == "INSUFFICIENT_SCOPE"


async def test_twice_as_many_people_of_a_company_take_the_same_statements(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    # given
    company = await make_company()
    asked = {"id": ids.encode("Company", company.id)}
    totals = []
    # when
    for _ in range(2):
        for _ in range(5):
            await make_profile(company_id=company.id)
        await checked_client.data(PEOPLE, **asked)
        with count_statements() as seen:
            await checked_client.data(PEOPLE, **asked)
        totals.append(seen.total)
    # then
    assert totals[0] == totals[1]


@pytest.mark.parametrize("arguments", ["first: 0", 'after: "x"', "first: 1, last: 1"])
async def test_a_bad_page_is_refused_for_that_field_alone(checked_client: GraphQLClient, arguments: str) -> None:
    company, admin = await make_company_with_admin()
    document = f"{{ viewer {{ company {{ name members({arguments}) {{ totalCount }} }} }} }}"
    body = await checked_client.ask(document, headers=await in_session(admin))
    assert body["data"]["viewer"]["company"] == {"name": company.name, "members": None}
    assert [(each["path"], each["extensions"]["code"][:3]) for each in body["errors"]] == [
        (["viewer", "company", "members"], "BAD")
    ]


async def test_twice_as_many_members_and_entries_take_the_same_statements(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    # given
    company, admin = await make_company_with_admin()
    headers = await in_session(admin)
    rows = "nodes { email company { name } } edges { node { status } }"
    entries = "nodes { action actor { email company { name } } account { id ... on PersonAccount { profile { id } } } }"

    async def statements(counted: str) -> int:
        document = (
            f"{{ viewer {{ company {{ members {{ {counted} {rows} }} auditTrail {{ {counted} {entries} }} }} }} }}"
        )
        await checked_client.data(document, headers=headers)
        with count_statements() as seen:
            await checked_client.data(document, headers=headers)
        return seen.total

    found = []
    # when
    for number in range(2):
        for place in range(4):
            member = await make_member(company, f"member{number}{place}@harbor.example")
            actor = Actor(member.id, Origin.SESSION)
            await committed(audit.record("sign-in", actor=actor, account_id=member.id))
        found.append((await statements(""), await statements("totalCount")))
    # then: counted only if that is asked
    assert found[0] == found[1]
    assert found[0][1] == found[0][0] + 2
