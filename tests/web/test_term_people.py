"""The people of a skill, an industry and a country."""

from typing import Any

import pytest
from tortoise.transactions import in_transaction

from models.database import Database
from models.profiles import Profile, Visibility
from resolvers.people import term_people
from services.profiles.profiles import refresh_visibility
from tests.conftest import CountStatements
from tests.helpers.factories import make_person, make_profile, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session

PEOPLE = """fragment People on ProfileConnection {
  totalCount nodes { name } edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage endCursor startCursor } }"""
TERMS = "skills { code profiles(first: 3) { ...People } } industries { code profiles(first: 3) { ...People } } countries { code profiles(first: 3) { ...People } }"
ALL = f"{{ {TERMS} }} {PEOPLE}"
ONE = f"""query One($first: Int, $after: String, $last: Int, $before: String) {{
  skills {{ code profiles(first: $first, after: $after, last: $last, before: $before) {{ ...People }} }} }} {PEOPLE}"""


def names_in(terms: list[Any]) -> dict[str, list[str]]:
    """The names of the people of each term that has some."""
    for each in terms:
        people = each["profiles"]
        assert people["nodes"] == [edge["node"] for edge in people["edges"]]
        assert people["totalCount"] == len(people["nodes"])
    return {each["code"]: names for each in terms if (names := [node["name"] for node in each["profiles"]["nodes"]])}


async def test_each_term_lists_its_people_newest_first(checked_client: GraphQLClient) -> None:
    # given
    await make_profile("Ada", skills=["python", "css"], industries=["banking"], details={"country": "NL"})
    await make_profile("Ben", skills=["python"], industries=["banking", "logistics"], details={"country": "DE"})
    await make_profile("Cem", skills=["css"], details={"country": "NL"})
    # when
    data = await checked_client.data(ALL)
    # then
    assert names_in(data["skills"]) == {"python": ["Ben", "Ada"], "css": ["Cem", "Ada"]}
    assert names_in(data["industries"]) == {"banking": ["Ben", "Ada"], "logistics": ["Ben"]}
    assert names_in(data["countries"]) == {"NL": ["Cem", "Ada"], "DE": ["Ben"]}


async def test_hidden_people_are_in_no_list_not_even_for_themselves(checked_client: GraphQLClient) -> None:
    # given
    shy = await make_person(public=False, skills=["python"], industries=["banking"], details={"country": "NL"})
    for headers in ({}, await in_session(shy)):
        # when
        data = (await checked_client.ask(ALL, headers=headers))["data"]
        # then
        assert [names_in(data[name]) for name in ("skills", "industries", "countries")] == [{}, {}, {}]
    # when the person shows, and hides again
    for visibility, found in ((Visibility.PUBLIC, 1), (Visibility.PRIVATE, 0)):
        async with in_transaction():
            await Profile.filter(id=shy.profile_id).update(visibility=visibility)
            await refresh_visibility([shy.own_profile_id])
        data = await checked_client.data(ALL)
        assert [len(names_in(data[name])) for name in ("skills", "industries", "countries")] == [found] * 3


async def test_pages_in_both_directions(checked_client: GraphQLClient) -> None:
    # given
    for number in range(7):
        await make_profile(f"P{number}", skills=["python"])
        await make_profile(f"C{number}", skills=["css"])
    expected = [f"P{number}" for number in reversed(range(7))]
    for size, further, begin, more in (
        ("first", "after", "endCursor", "hasNextPage"), ("last", "before", "startCursor", "hasPreviousPage"),
    ):  # fmt: skip
        seen: list[str] = []
        given: dict[str, Any] = {size: 3}
        while True:
            # when
            skills = (await checked_client.data(ONE, **given))["skills"]
            [people] = [each["profiles"] for each in skills if each["code"] == "python"]
            here = [node["name"] for node in people["nodes"]]
            seen = seen + here if size == "first" else here + seen
            assert people["totalCount"] == 7
            if not people["pageInfo"][more]:
                break
            given = {size: 3, further: people["pageInfo"][begin]}
        # then
        assert seen == expected


async def test_a_list_of_terms_takes_as_many_statements_as_one(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    # given
    counted = []
    for number in range(2):
        await make_profile(f"Ada {number}", skills=["python", "css", "java"][: number + 2], details={"country": "NL"})
        # when
        with count_statements() as seen:
            await checked_client.data(ALL)
        counted.append(seen.total)
    # then: a page and a total for each of skills, industries and countries
    assert counted == [6, 6], seen.texts


@pytest.mark.parametrize(("given", "code"), [({"first": 0}, "BAD_PAGE"), ({"after": "x"}, "BAD_CURSOR")])
@pytest.mark.sqlite_only
async def test_a_page_that_cannot_be_is_refused(checked_client: GraphQLClient, given: Any, code: str) -> None:
    assert await checked_client.code(ONE, **given) == code


@pytest.mark.sqlite_only
async def test_scopes_that_open_terms_do_not_open_their_people(checked_client: GraphQLClient) -> None:
    ada = await make_person(skills=["python"])
    ask = "{ skills { code profiles { pageInfo { hasNextPage } } } }"
    token = await make_token(ada, "mx:profile:write")
    assert (await checked_client.data("{ skills { code name isRetired } }", token=token))["skills"]
    assert await checked_client.code(ask, token=token) == "INSUFFICIENT_SCOPE"
    assert await checked_client.data(ask, token=await make_token(ada, "mx:user:profile:v1:read"))


@pytest.mark.parametrize("terms", [term_people.SKILLS, term_people.INDUSTRIES, term_people.COUNTRIES])
async def test_an_index_finds_the_people(database: Database, terms: term_people.TermList) -> None:
    for number in range(3):
        await make_profile(f"P{number}", skills=["python"], industries=["banking"], details={"country": "NL"})
    text = terms.people.statements[False, False].text(database.dialect)
    if database.dialect == "sqlite":
        rows = await database.fetch(f"EXPLAIN QUERY PLAN {text}", ["python"], 21)
        plan = [row["detail"] for row in rows]
        searched = [line for line in plan if " t " in line or " p " in line or line.endswith((" t", " p"))]
        assert searched and all(line.startswith("SEARCH") for line in searched), plan
        assert not any("TEMP B-TREE" in line for line in plan), plan
    else:
        async with in_transaction() as transaction:
            await transaction.execute_query("SET LOCAL enable_seqscan = off")  # the table of a test has few rows
            rows = await database.fetch(f"EXPLAIN {text}", ["python"], 21)
        plan = [row[0] for row in rows]
        assert not any("Seq Scan" in line for line in plan), plan
