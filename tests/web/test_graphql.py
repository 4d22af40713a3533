"""GraphQL over HTTP, and what a server must survive."""

from typing import Any

import pytest
from aiohttp import ClientResponse

from tests.helpers.graphql_client import GraphQLClient

GRAPHQL_JSON = "application/graphql-response+json"
QUERY = '{"query": "{ __typename }"}'


async def send(
    client: GraphQLClient, body: str | bytes, content_type: str = "application/json", **headers: str
) -> ClientResponse:
    return await client.http.post("/graphql", data=body, headers={"Content-Type": content_type, **headers})


@pytest.mark.parametrize(
    "body",
    ["", "null", "5", '"x"', "[]", f"[{QUERY}]", "{", "{}", '{"query": null}', '{"query": 5}', '{"query": ""}', '{"query": {"a": 1}}',
     '{"query": "{ __typename }", "variables": []}', '{"query": "{ __typename }", "variables": "x"}', '{"query": "{ __typename }", "operationName": 5}',
     '{"query": "{ __typename }", "extensions": []}', b"\xff\xfe", b'{"query": "\xff"}', "[" * 50_000, '{"variables": ' + '{"a":' * 5_000 + "1" + "}" * 5_001],
)  # fmt: skip
async def test_a_body_that_is_no_request_is_a_400(checked_client: GraphQLClient, body: str | bytes) -> None:
    response = await send(checked_client, body)
    assert response.status == 400
    assert (await response.json())["errors"][0]["extensions"]["code"] == "BAD_INPUT"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 400),  # taken only with a header that a page cannot send unasked
        ("application/graphql", 415),
        ("", 415),
    ],
)
async def test_what_a_foreign_page_could_send_is_refused(
    checked_client: GraphQLClient, content_type: str, status: int
) -> None:
    assert (await send(checked_client, QUERY, content_type)).status == status


async def test_a_large_body_is_a_413(checked_client: GraphQLClient) -> None:
    response = await send(checked_client, '{"query": "' + " " * 300_000 + '{ __typename }"}')
    assert response.status == 413
    [error] = (await response.json())["errors"]
    assert (error["extensions"]["code"], "262144" in error["message"]) == ("BAD_INPUT", True)


async def test_json_in_another_encoding_is_a_415(checked_client: GraphQLClient) -> None:
    assert (await send(checked_client, QUERY.encode("utf-16"), "application/json; charset=utf-16")).status == 415


@pytest.mark.parametrize(
    ("accept", "media", "status"),
    [
        ("application/json", "application/json", 200),
        ("*/*", "application/json", 200),
        (GRAPHQL_JSON, GRAPHQL_JSON, 400),
        (f"{GRAPHQL_JSON}, application/json;q=0.9", GRAPHQL_JSON, 400),
        (f"{GRAPHQL_JSON}, application/json", GRAPHQL_JSON, 400),
        (GRAPHQL_JSON.upper(), GRAPHQL_JSON, 400),
        (f"{GRAPHQL_JSON};q=0, application/json", "application/json", 200),
        (f"{GRAPHQL_JSON};q=0.5, application/json", "application/json", 200),
        ("text/html", "application/json", 200),
        (f"x{GRAPHQL_JSON}", "application/json", 200),
    ],
)
async def test_a_request_that_cannot_be_run_has_the_status_of_its_media_type(
    checked_client: GraphQLClient, accept: str, media: str, status: int
) -> None:
    response = await send(checked_client, '{"query": "{ nothing }"}', Accept=accept)
    assert (response.status, response.content_type, response.charset) == (status, media, "utf-8")
    assert (await response.json(content_type=None))["errors"]


async def test_an_error_while_running_is_a_200_in_both(checked_client: GraphQLClient) -> None:
    for accept in ("application/json", GRAPHQL_JSON):
        response = await send(checked_client, '{"query": "{ node(id: \\"x\\") { id } }"}', Accept=accept)
        assert response.status == 200


async def test_a_query_can_come_in_the_address(checked_client: GraphQLClient) -> None:
    query = "query A($n: ID!) { node(id: $n) { id } } query B { levels { number } }"
    response = await checked_client.http.get(
        "/graphql", params={"query": query, "operationName": "A", "variables": '{"n": "prf_5k2v9x0qcm"}'}
    )
    assert (response.status, await response.json()) == (200, {"data": {"node": None}})


@pytest.mark.parametrize(
    "params",
    [
        {"query": ""},
        {"query": "{ __typename }", "variables": "{"},
        {"query": "{ __typename }", "variables": "[]"},
        {"query": "{ __typename }", "extensions": "1"},
    ],
)
async def test_an_address_that_is_no_request_is_a_400(checked_client: GraphQLClient, params: dict[str, str]) -> None:
    assert (
        await checked_client.http.get("/graphql", params=params, headers={"Accept": "application/json"})
    ).status == 400


async def test_a_mutation_in_the_address_is_a_405(checked_client: GraphQLClient) -> None:
    response = await checked_client.http.get(
        "/graphql", params={"query": "mutation { recordActivities(input: {activities: []}) { errors { code } } }"}
    )
    assert (response.status, response.headers["Allow"]) == (405, "POST")


async def test_other_methods_are_a_405(checked_client: GraphQLClient) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        assert (await checked_client.http.request(method, "/graphql")).status == 405


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{", "BAD_QUERY"),
        ("{ nothing }", "BAD_QUERY"),
        ("subscription { a }", "BAD_QUERY"),
        ("query A { levels { number } } query B { levels { number } }", "BAD_QUERY"),
        ("query Q($x: Int!) { leaderboard(board: FORUM) { entries(first: $x) { totalCount } } }", "BAD_INPUT"),
        ("{ __typename " * 3 + "}" * 3, "BAD_QUERY"),
        ("{ a: " + "levels { number } " * 3_000 + "}", "QUERY_TOO_COMPLEX"),
        (
            "{ leaderboard(board: FORUM) { entries { edges { node { profile { " + "company { " * 30 + "id" + " }" * 36,
            "QUERY_TOO_COMPLEX",
        ),
    ],
)
async def test_every_request_error_has_a_code(checked_client: GraphQLClient, document: str, code: str) -> None:
    assert await checked_client.code(document) == code


async def test_fragments_that_multiply_are_refused_at_once(checked_client: GraphQLClient) -> None:
    fragments = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40))
    document = f"{{ ...F0 }} {fragments} fragment F40 on Query {{ levels {{ number }} }}"
    assert await checked_client.code(document) == "QUERY_TOO_COMPLEX"


async def test_variables_that_nest_deeply_are_refused(checked_client: GraphQLClient) -> None:
    nested: Any = "x"
    for _ in range(400):
        nested = [nested]
    body = await checked_client.ask("query Q($b: LeaderboardBoard!) { leaderboard(board: $b) { board } }", b=nested)
    assert body["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_text_that_no_row_can_hold_finds_nothing(checked_client: GraphQLClient) -> None:
    for handle in ("\U0001f600", "\\u0000", "x" * 1_000, "' OR 1=1 --", "%"):
        assert await checked_client.data("query P($h: String!) { profile(by: {handle: $h}) { id } }", h=handle) == {
            "profile": None
        }


@pytest.mark.parametrize(
    "body",
    [
        r'{"query": "{ profile(by: {handle: \"\\u0000\"}) { id } }"}',
        r'{"query": "{ profile(by: {handle: \"\u0000\"}) { id } }"}',
        r'{"query": "{ profile(by: {handle: \"\\u{0}\"}) { id } }"}',
        r'{"query": "query ($h: String!) { profile(by: {handle: $h}) { id } }", "variables": {"h": "x\u0000"}}',
        r'{"query": "query ($s: [String!]) { profiles(skillCodes: $s) { totalCount } }", "variables": {"s": ["x\u0000"]}}',
    ],
)
async def test_a_character_that_no_text_can_hold_is_refused(checked_client: GraphQLClient, body: str) -> None:
    [error] = (await (await send(checked_client, body)).json())["errors"]
    assert (error["extensions"]["code"], error["message"]) == (
        "BAD_INPUT",
        "Texts must not contain the character U+0000.",
    )


async def test_what_no_field_takes_may_hold_it(checked_client: GraphQLClient) -> None:
    body = r'{"query": "{ __typename }", "variables": {"a": [{"b": "x\u0000"}]}}'
    assert (await (await send(checked_client, body)).json())["data"] == {"__typename": "Query"}


async def test_a_text_that_is_too_long_is_not_looked_at(checked_client: GraphQLClient) -> None:
    document = "query P($h: String!) { profile(by: {handle: $h}) { id } }"
    [error] = (await checked_client.ask(document, h="x" * 1_001))["errors"]
    assert (error["extensions"]["code"], error["message"]) == (
        "BAD_INPUT",
        "`handle` can have at most 1000 characters.",
    )


async def test_answers_say_how_they_are_to_be_handled(checked_client: GraphQLClient) -> None:
    response = await checked_client.post("{ __typename }")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert "Python" not in response.headers.get("Server", "")


async def test_unused_paths_are_a_404(checked_client: GraphQLClient) -> None:
    assert (await checked_client.http.get("/nothing")).status == 404


async def test_the_front_door_leads_to_graphiql(checked_client: GraphQLClient) -> None:
    response = await checked_client.http.get("/", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (302, "/graphql")
