"""What requests cost, over HTTP: docs/decisions/0012-query-cost.md; docs/rules/api.md#cost."""

import dataclasses
from collections.abc import AsyncIterator, Sized
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer
from graphql import (
    GraphQLObjectType,
    OperationDefinitionNode,
    get_introspection_query,
    get_named_type,
    is_leaf_type,
    parse,
)

from catalogue import limits as catalogue
from catalogue.badges import BADGES
from catalogue.challenges import CHALLENGES
from catalogue.limits import SECOND, Limit
from catalogue.points import ACTIVITIES, LEVELS
from catalogue.shop import ITEMS
from catalogue.terms import COUNTRY_CODES, INDUSTRIES, SKILLS
from execution.cost import SIZE_ARGUMENTS, cost_of
from execution.documents import Documents
from execution.executor import Executor
from execution.limits import Limits
from execution.results import Answer
from models.database import Database
from resolvers.base import ids
from resolvers.base.context import Context
from schema.fields import Answered, Loaded, kind_of
from schema.graph import build
from server import make_app
from services.core import clock
from settings import Settings
from tests.conftest import CountStatements
from tests.helpers.factories import make_company, make_person, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.profile_page import PROFILE_PAGE
from web import costs
from web.costs import (
    CHARACTERS_PER_REQUEST_UNIT,
    COST_PER_REQUEST_UNIT,
    FALLBACK_FACTOR,
    SECONDS_PER_REQUEST_UNIT,
    VALUES_PER_REQUEST_UNIT,
    requests_of,
)
from web.graphiql import EXAMPLES

CORE = build()._schema
PROFILE = "mx:user:profile:v1:read"
ASKED = {"GraphQL-Cost": "1"}
CARD = """
    id handle name avatarUrl jobTitle country { code } company { id name } score { points level { number } }
    topBadges(limit: 3) { badge { name } level { number } }
"""
BOARD = f"leaderboard(board: FORUM) {{ entries(first: 100) {{ edges {{ node {{ rank profile {{ {CARD} }} }} }} }} }}"
HISTORIES = """
    leaderboard(board: FORUM) { entries(first: 100) { edges { node { profile {
        pointHistory(first: 100) { edges { node { id } } } } } } } }
"""
TWENTY = "{" + " ".join(f"b{number}: {HISTORIES}" for number in range(20)) + "}"
EXAMPLE_COSTS = {
    "1-forum-board": 82,
    "2-profile-page": 57,
    "3-find-people": 171,
    "4-live-board": 9,
    "5-update-my-profile": 16,
    "6-start-merge": 21,
}
"""Part of the contract: whoever changes one of these says so in the changelog."""


async def told(client: GraphQLClient, document: str, token: str | None = None, **variables: Any) -> Any:
    body = await client.ask(document, token=token, headers=ASKED, **variables)
    assert "errors" not in body, body
    return body["extensions"]


async def test_graphiql_may_introspect_and_nobody_may_forty_times(checked_client: GraphQLClient) -> None:
    # given
    every = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    types = (
        "types { name fields { name args { name type { name kind } } type { name ofType { name ofType { name } } } } }"
    )
    forty = "{" + " ".join(f"a{number}: __schema {{ {types} }}" for number in range(40)) + "}"
    # when
    [once, refused] = [await checked_client.ask(each, headers=ASKED) for each in (every, forty)]
    # then
    assert 500 < once["extensions"]["cost"]["requested"] < 3_500  # half of nobody's limit is well in reach
    assert refused["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.graphql")), ids=lambda file: file.stem)
def test_what_the_examples_cost(file: Any) -> None:
    assert file.stem in EXAMPLE_COSTS, "a new example: pin its cost"
    text = file.read_text("utf-8")
    first = parse(text).definitions[0]
    assert isinstance(first, OperationDefinitionNode) and first.name
    operation = Documents(CORE, Limits(), 1).read(text).operation(first.name.value)
    given = file.with_suffix(".json")
    values = operation.variables.coerce(orjson.loads(given.read_bytes()) if given.exists() else {})
    assert cost_of(CORE, operation, values.full()).of(values.coerced) == EXAMPLE_COSTS[file.stem]


async def test_the_cost_is_told_to_whoever_asks_and_to_nobody_else(checked_client: GraphQLClient) -> None:
    token = await make_token(await make_person(), PROFILE, "mx:leaderboard:read", "mx:points:read")
    assert await told(checked_client, f"{{ {BOARD} }}", token) == {"cost": {"requested": 1651, "limit": 10_000}}
    response = await checked_client.post(f"{{ {BOARD} }}", token=token)
    assert "extensions" not in await response.json()
    assert "GraphQL-Cost" in response.headers["Vary"]
    # a query in the address asks by the same header
    response = await checked_client.http.get("/graphql", params={"query": "{ levels { number } }"}, headers=ASKED)
    assert (await response.json())["extensions"] == {"cost": {"requested": 10, "limit": 5_000}}
    # and what is not GraphQL has no cost
    assert "extensions" not in await checked_client.ask("{ nonsense }", headers=ASKED)


async def test_browsers_of_other_hosts_may_ask_for_it(settings: Settings, database: Database) -> None:
    settings = dataclasses.replace(settings, origins="https://app.example")
    headers = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, graphql-cost",
    }
    async with TestClient(TestServer(await make_app(settings, database))) as http:
        response = await http.options("/graphql", headers=headers)
        assert "graphql-cost" in response.headers["Access-Control-Allow-Headers"]


async def test_real_pages_are_far_below_the_limit_of_nobody(checked_client: GraphQLClient) -> None:
    people = " ".join(
        f"p{number}: profile(by: {{handle: $handle}}) {{ {CARD} skills {{ name }} }}" for number in range(20)
    )
    page = f"""query ($handle: String!, $after: String) {{
        profile(by: {{handle: $handle}}) {{ {CARD} about joinedOn skills {{ name }} industries {{ name }}
            socials {{ handle }} lookingFor
            stats {{ categories {{ points }} series {{ startsOn points }} }}
            featuredBadges {{ badge {{ name }} }} badgesInProgress {{ badge {{ name }} progressPercent }}
            pointHistory(first: 20, after: $after) {{ edges {{ node {{ id activity {{ title }} }} }} }} }}
        {people} {BOARD} }}"""
    for document in (page, PROFILE_PAGE):
        cost = (await told(checked_client, document, handle="nobody-here"))["cost"]
        assert cost["requested"] * 2 < cost["limit"]


async def test_what_is_too_dear_reads_nothing(checked_client: GraphQLClient, count_statements: CountStatements) -> None:
    with count_statements() as seen:
        body = await checked_client.ask(TWENTY, headers=ASKED)
    assert seen.total == 0
    [error] = body["errors"]
    assert "data" not in body
    assert error["extensions"] == {"code": "QUERY_TOO_COMPLEX", "cost": 409_020, "limit": 5_000}
    assert body["extensions"] == {"cost": {"requested": 409_020, "limit": 5_000}}
    # it is a request that was not run
    accept = {"Accept": "application/graphql-response+json"}
    assert (await checked_client.post(TWENTY, headers=accept)).status == 400


@pytest.mark.parametrize("field", ["profiles", "projects"])
async def test_a_list_of_a_company_costs_what_a_search_does(checked_client: GraphQLClient, field: str) -> None:
    # both read all rows of the company for each page
    company = ids.encode("Company", (await make_company()).id)
    page = f"{field}(first: 1) {{ totalCount }}"
    search = (await told(checked_client, f"{{ {page} }}"))["cost"]["requested"]
    told_of = await told(checked_client, f'{{ node(id: "{company}") {{ ... on Company {{ {page} }} }} }}')
    assert told_of["cost"]["requested"] == 1 + search


CATALOGUES: dict[str, Sized] = {
    "badges": BADGES,
    "activities": ACTIVITIES,
    "levels": LEVELS,
    "challenges": CHALLENGES,
    "shop": ITEMS,
    "skills": SKILLS,
    "industries": INDUSTRIES,
    "countries": COUNTRY_CODES,
}


@pytest.mark.parametrize("name", CATALOGUES)
async def test_a_catalogue_costs_its_rows(checked_client: GraphQLClient, name: str) -> None:
    told_of = await told(checked_client, f"{{ {name} {{ __typename }} }}")
    assert told_of["cost"]["requested"] == len(CATALOGUES[name])
    # so what is read beside each row counts for each
    inside = {
        "badges": "levels { number }",
        "challenges": "steps { title }",
        "levels": "profiles(first: 1) { totalCount }",
        "skills": "profiles(first: 1) { totalCount }",
        "industries": "profiles(first: 1) { totalCount }",
        "countries": "profiles(first: 1) { totalCount }",
    }
    if name in inside:
        dearer = await told(checked_client, f"{{ {name} {{ {inside[name]} }} }}")
        assert dearer["cost"]["requested"] >= 2 * len(CATALOGUES[name])


async def test_the_limit_is_a_setting(settings: Settings, database: Database) -> None:
    settings = dataclasses.replace(settings, max_cost=40)
    async with TestClient(TestServer(await make_app(settings, database))) as http:
        client = GraphQLClient(http)
        assert await client.code("{ a: levels { number } b: levels { number } c: levels { number } }")
        assert (await told(client, "{ a: levels { number } b: levels { number } }"))["cost"]["limit"] == 20
        token = await make_token(await make_person(), "mx:points:read")
        three = "{ a: levels { number } b: levels { number } c: levels { number } }"
        assert (await told(client, three, token))["cost"] == {"requested": 30, "limit": 40}


async def test_a_bad_page_is_still_said_by_its_field(checked_client: GraphQLClient) -> None:
    document = "{ leaderboard(board: FORUM) { entries(first: 1000000) { totalCount edges { cursor } } } }"
    assert await checked_client.code(document) == "BAD_PAGE"


NAMES = {"levelNumber", "number"}
"""Numbers that name something: they say which rows, not how many."""


def test_whatever_has_a_size_says_it_by_a_name_that_is_counted() -> None:
    wrong = []
    for type_ in CORE.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        for name, field in type_.fields.items():
            if is_leaf_type(get_named_type(field.type)):
                continue  # one value, whatever number it is asked with
            numbers = {each for each, argument in field.args.items() if get_named_type(argument.type).name == "Int"}
            page = get_named_type(field.type).name.endswith("Connection")
            if numbers - SIZE_ARGUMENTS.keys() - NAMES or (page and not {"first", "last"} <= field.args.keys()):
                wrong.append(f"{type_.name}.{name}")
    assert not wrong, "how many rows are these? See execution/cost.py"


async def test_a_subscription_that_is_too_dear_never_begins(database: Database) -> None:
    executor = Executor(build(), limits=Limits(max_cost=200))
    document = """subscription { leaderboardChanged(board: FORUM) {
        leaderboard { entries(first: 100) { edges { cursor } } } } }"""

    async def fresh() -> Context:
        return Context(database)

    answers = [each async for each in executor.subscribe(document, None, None, fresh)]
    assert [each.body["errors"][0]["extensions"]["limit"] for each in answers] == [100]


# --- The request limit


@pytest.mark.parametrize(
    ("cost", "fell_back", "request_error", "requests"),
    [
        (0, False, False, 1),
        (COST_PER_REQUEST_UNIT, False, False, 1),
        (COST_PER_REQUEST_UNIT + 1, False, False, 2),
        (10_000, False, False, 20),
        # ten times the cost, not ten requests: a wrong cursor of a small page is a small mistake
        (0, True, False, 1),
        (COST_PER_REQUEST_UNIT // FALLBACK_FACTOR, True, False, 1),
        (COST_PER_REQUEST_UNIT // FALLBACK_FACTOR + 1, True, False, 2),
        (COST_PER_REQUEST_UNIT * 2, True, False, 2 * FALLBACK_FACTOR),
        (400_000, False, True, 1),
    ],
)
def test_how_many_requests_an_answer_counts_as(cost: int, fell_back: bool, request_error: bool, requests: int) -> None:
    assert requests_of(Answer({}, cost=cost, fell_back=fell_back, request_error=request_error)) == requests


@pytest.mark.parametrize(
    ("characters", "requests"),
    [
        (0, 1),
        (CHARACTERS_PER_REQUEST_UNIT, 1),
        (CHARACTERS_PER_REQUEST_UNIT + 1, 2),
        (CHARACTERS_PER_REQUEST_UNIT * 9, 9),
    ],
)
def test_a_long_document_counts_as_several(characters: int, requests: int) -> None:
    assert requests_of(Answer({}, request_error=True), characters) == requests
    assert requests_of(Answer({}, cost=COST_PER_REQUEST_UNIT * 3), characters) == max(3, requests)


@pytest.mark.parametrize(
    ("values", "requests"),
    [(0, 1), (VALUES_PER_REQUEST_UNIT, 1), (VALUES_PER_REQUEST_UNIT + 1, 2), (VALUES_PER_REQUEST_UNIT * 10, 10)],
)
def test_many_values_count_as_several(values: int, requests: int) -> None:
    assert requests_of(Answer({}, request_error=True), 1, values) == requests


@pytest.mark.parametrize(
    ("seconds", "requests"),
    [
        (0.0, 1),
        (SECONDS_PER_REQUEST_UNIT * 1.9, 1),
        (SECONDS_PER_REQUEST_UNIT * 2.1, 2),
        (SECONDS_PER_REQUEST_UNIT * 9.1, 9),
    ],
)
def test_what_took_long_to_prepare_counts_as_several(seconds: float, requests: int) -> None:
    assert requests_of(Answer({}, request_error=True, seconds=seconds), 1) == requests
    assert requests_of(Answer({}, cost=1, seconds=seconds), 1) == requests


async def test_the_time_that_preparing_took_is_charged(limited: GraphQLClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "SECONDS_PER_REQUEST_UNIT", 1e-9)
    assert [(await limited.post("{ levels { number } }")).status for _ in range(2)] == [200, 429]


def test_every_field_that_searches_or_has_a_period_says_what_that_costs() -> None:
    wrong = []
    for type_ in CORE.type_map.values():
        for name, field in type_.fields.items() if isinstance(type_, GraphQLObjectType) else ():
            kind = kind_of(field)
            dear = {"search", "period"} & field.args.keys()
            if dear and not (isinstance(kind, Answered | Loaded) and kind.work.objects > 1):
                wrong.append(f"{type_.name}.{name}")
    assert not wrong, "say in schema/ what it costs: work=Work(…)"


async def test_searches_in_a_board_of_people_are_refused(checked_client: GraphQLClient) -> None:
    document = """{ leaderboard(board: FORUM) { entries(first: 100) { edges { node { profile {
        connections(search: "ada", first: 1) { totalCount } } } } } } }"""
    body = await checked_client.ask(document, headers=ASKED)
    assert body["errors"][0]["extensions"]["cost"] == 10_351


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten requests at once; how long preparing takes on this machine is not counted."""
    monkeypatch.setattr(costs, "SECONDS_PER_REQUEST_UNIT", 1e9)
    monkeypatch.setitem(
        catalogue.LIMITS, "request-anonymous", (Limit("request-anonymous:address", ("address",), SECOND, 10),)
    )


@pytest.fixture
async def limited(settings: Settings, database: Database, _small: None) -> AsyncIterator[GraphQLClient]:
    with clock.frozen(datetime(2026, 3, 10, 12, tzinfo=UTC)):
        async with TestClient(TestServer(await make_app(settings, database))) as http:
            yield GraphQLClient(http)


async def test_light_requests_are_cheaper_than_heavy_ones(limited: GraphQLClient) -> None:
    heavy = "{ " + " ".join(f"b{number}: {BOARD}" for number in range(2)) + " }"  # 3,302: seven requests
    assert [(await limited.post(heavy)).status for _ in range(3)] == [200, 200, 429]


async def test_light_requests_count_as_one(limited: GraphQLClient) -> None:
    light = "{ leaderboard(board: FORUM) { entries(first: 50) { edges { node { rank profile { name } } } } } }"
    assert [(await limited.post(light)).status for _ in range(11)] == [200] * 10 + [429]


async def test_a_text_that_is_long_to_read_counts_as_what_it_is(limited: GraphQLClient) -> None:
    wrong = "{ " + " ".join(f"a{number}: nothing" for number in range(1_000)) + " }"  # 15,900 characters: four requests
    assert [(await limited.post(wrong)).status for _ in range(4)] == [200, 200, 200, 429]


async def test_what_is_refused_counts_as_one(limited: GraphQLClient) -> None:
    assert [(await limited.post(TWENTY)).status for _ in range(11)] == [200] * 10 + [429]
