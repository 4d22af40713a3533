"""Automatic persisted queries, sent as Apollo's and urql's links send them."""

import dataclasses
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import orjson
import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from catalogue import limits as catalogue
from catalogue.limits import SECOND, Limit
from execution.documents import MAX_CACHED_TEXT
from models.database import Database
from server import RUNTIME, make_app
from services.core import runtime
from services.core.bounded_cache import BoundedByBytes
from settings import Settings
from tests.helpers.factories import make_person, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.websocket import open_socket
from web import costs
from web.persisted_queries import MAX_BYTES, PersistedQueries

QUERY = "query Levels { levels { number } }"
MUTATION = "mutation { signOut { errors { code } } }"
NOT_FOUND = {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def persisted(text: str, *, version: Any = 1, sha256_hash: Any = None) -> dict[str, Any]:
    return {"persistedQuery": {"version": version, "sha256Hash": sha256_hash or hash_of(text)}}


async def send(client: GraphQLClient, headers: dict[str, str] | None = None, **body: Any) -> ClientResponse:
    return await client.http.post("/graphql", json=body, headers=headers)


async def get(client: GraphQLClient, headers: dict[str, str] | None = None, **params: Any) -> ClientResponse:
    sent = {name: value if isinstance(value, str) else orjson.dumps(value).decode() for name, value in params.items()}
    return await client.http.get("/graphql", params=sent, headers=headers)


async def answer_of(response: ClientResponse) -> tuple[int, Any]:
    body = await response.json(content_type=None)
    errors = body.get("errors")
    return response.status, errors[0]["extensions"]["code"] if errors else body["data"]


async def is_stored(client: GraphQLClient, text: str) -> bool:
    return "errors" not in await (await send(client, extensions=persisted(text))).json(content_type=None)


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json, application/json;q=0.9"])
async def test_a_document_is_sent_once_and_then_named_by_its_hash(checked_client: GraphQLClient, accept: str) -> None:
    headers = {"Accept": accept}
    unknown = await send(checked_client, headers, operationName="Levels", variables={}, extensions=persisted(QUERY))
    assert (unknown.status, await unknown.json(content_type=None)) == (200, {"errors": [NOT_FOUND]})
    assert unknown.headers["Cache-Control"] == "no-store"
    # when
    first = await send(checked_client, headers, query=QUERY, extensions=persisted(QUERY))
    later = await send(checked_client, headers, operationName="Levels", extensions=persisted(QUERY))
    by_get = await get(checked_client, headers, operationName="Levels", extensions=persisted(QUERY))
    # then
    assert first.status == later.status == by_get.status == 200
    assert await first.read() == await later.read() == await by_get.read()
    assert (await later.json(content_type=None))["data"]["levels"][0] == {"number": 1}


async def test_urql_marks_a_miss_and_registers_by_get(checked_client: GraphQLClient) -> None:
    assert await answer_of(await get(checked_client, extensions=persisted(QUERY))) == (200, "PERSISTED_QUERY_NOT_FOUND")
    marked = {"persistedQuery": {**persisted(QUERY)["persistedQuery"], "miss": True}}
    assert (await get(checked_client, query=QUERY, extensions=marked)).status == 200
    assert await is_stored(checked_client, QUERY)


async def test_variables_are_those_of_each_request(checked_client: GraphQLClient) -> None:
    document = "query ($id: ID!) { node(id: $id) { id } }"
    person = await make_person()
    name = {"id": graph_id("prf", person.profile_id)}
    await send(
        checked_client, query=document, variables={"id": graph_id("prf", 99_999)}, extensions=persisted(document)
    )
    by_post = await send(checked_client, variables=name, extensions=persisted(document))
    by_get = await get(checked_client, variables=name, extensions=persisted(document))
    assert await answer_of(by_post) == await answer_of(by_get) == (200, {"node": name})


async def test_an_unchanged_answer_is_not_sent_again(checked_client: GraphQLClient) -> None:
    token = {"Authorization": f"mxtoken {await make_token(await make_person(), 'mx:leaderboard:read')}"}
    await send(checked_client, query=QUERY, extensions=persisted(QUERY))
    first = await get(checked_client, token, extensions=persisted(QUERY))
    again = await get(checked_client, {**token, "If-None-Match": first.headers["ETag"]}, extensions=persisted(QUERY))
    assert (again.status, await again.read()) == (304, b"")
    assert again.headers["Vary"] == first.headers["Vary"]
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"] == "private, no-cache"


async def test_nothing_of_the_viewer_is_stored(checked_client: GraphQLClient) -> None:
    document = "{ viewer { profile { name } } }"
    token = await make_token(await make_person(name="Ada"), "mx:user:profile:v1:read")
    signed_in = await send(
        checked_client, {"Authorization": f"mxtoken {token}"}, query=document, extensions=persisted(document)
    )
    assert await answer_of(signed_in) == (200, {"viewer": {"profile": {"name": "Ada"}}})
    assert await answer_of(await send(checked_client, extensions=persisted(document))) == (200, {"viewer": None})


async def test_a_mutation_runs_by_post_and_never_by_get(checked_client: GraphQLClient) -> None:
    by_get = await get(checked_client, query=MUTATION, extensions=persisted(MUTATION))
    assert by_get.status == 405
    assert not await is_stored(checked_client, MUTATION)
    # when it was registered by POST
    assert (await send(checked_client, query=MUTATION, extensions=persisted(MUTATION))).status == 200
    hash_alone = await get(checked_client, extensions=persisted(MUTATION))
    # then
    assert (hash_alone.status, hash_alone.headers["Allow"]) == (405, "POST")
    assert (await answer_of(await send(checked_client, extensions=persisted(MUTATION))))[0] == 200


@pytest.mark.parametrize("sha256_hash", ["0" * 64, hash_of(MUTATION), hash_of(QUERY + " ")])
async def test_a_document_is_not_stored_under_another_hash(checked_client: GraphQLClient, sha256_hash: str) -> None:
    assert (await send(checked_client, query=MUTATION, extensions=persisted(MUTATION))).status == 200
    extensions = persisted(QUERY, sha256_hash=sha256_hash)
    before = await (await send(checked_client, extensions=extensions)).read()
    refused = await answer_of(await send(checked_client, query=QUERY, extensions=extensions))
    assert refused == (400, "PERSISTED_QUERY_MISMATCH")
    assert await answer_of(await get(checked_client, query=QUERY, extensions=extensions)) == refused
    assert await (await send(checked_client, extensions=extensions)).read() == before
    assert not await is_stored(checked_client, QUERY)


@pytest.mark.parametrize(
    "named",
    [5, "x", [], {}, {"version": 1}, {"version": 1, "sha256Hash": 5}, {"version": 1, "sha256Hash": ""},
     {"version": 1, "sha256Hash": "0" * 63}, {"version": 1, "sha256Hash": "é" * 64}, {"version": 1, "sha256Hash": "x" * 200_000},
     {"version": 1, "sha256Hash": "0 " * 32 + "0" * 32}, {"version": 1, "sha256Hash": None}],
)  # fmt: skip
async def test_a_malformed_hash_is_refused(checked_client: GraphQLClient, named: Any) -> None:
    extensions = {"persistedQuery": named}
    for body in ({"extensions": extensions}, {"extensions": extensions, "query": QUERY}):
        response = await checked_client.http.post("/graphql", json=body)
        assert await answer_of(response) == (400, "BAD_INPUT"), body
        assert len(await response.read()) < 300


@pytest.mark.parametrize("version", [2, 0, "1", None, True, 1.5, [1]])
async def test_another_version_is_not_supported_and_the_document_runs(
    checked_client: GraphQLClient, version: Any
) -> None:
    extensions = persisted(QUERY, version=version)
    alone = await send(checked_client, extensions=extensions)
    assert (await alone.json())["errors"][0]["message"] == "PersistedQueryNotSupported"
    assert await answer_of(alone) == (200, "PERSISTED_QUERY_NOT_SUPPORTED")
    with_document = await send(checked_client, query=QUERY, extensions=extensions)
    assert "errors" not in await with_document.json()
    assert not await is_stored(checked_client, QUERY)


async def test_upper_case_is_the_same_hash(checked_client: GraphQLClient) -> None:
    await send(checked_client, query=QUERY, extensions=persisted(QUERY, sha256_hash=hash_of(QUERY).upper()))
    assert await is_stored(checked_client, QUERY)


async def test_without_the_extension_a_request_is_as_before(checked_client: GraphQLClient) -> None:
    for extensions in (None, {}, {"other": 1}, {"persistedQuery": None}):
        assert "errors" not in await (await send(checked_client, query=QUERY, extensions=extensions)).json()
        assert await answer_of(await send(checked_client, extensions=extensions)) == (400, "BAD_INPUT")
    assert not await is_stored(checked_client, QUERY)


@pytest.mark.parametrize(
    "text",
    ["{", "{ nonsense }", "", "{ levels { number } } " + " " * MAX_CACHED_TEXT,
     "{ levels " * 30 + "}" * 30, "query A { levels { number } } query B { levels { number } }",
     "subscription { viewerEvents { __typename } }"],
    ids=["syntax", "schema", "empty", "long", "deep", "two operations", "subscription by POST"],
)  # fmt: skip
async def test_only_documents_that_ran_are_stored(checked_client: GraphQLClient, text: str) -> None:
    await send(checked_client, query=text, extensions=persisted(text))
    assert not await is_stored(checked_client, text)
    assert not len(stored(checked_client).texts)


async def test_bytes_that_are_no_text_are_refused(checked_client: GraphQLClient) -> None:
    url = f"/graphql?query=%ff%ed%a0%80&extensions={orjson.dumps(persisted('x')).decode()}"
    assert (await checked_client.http.get(url)).status == 400


async def test_a_link_to_a_persisted_query_is_not_answered_with_graphiql(checked_client: GraphQLClient) -> None:
    response = await get(checked_client, {"Accept": "text/html"}, extensions=persisted(QUERY))
    assert response.content_type == "application/json"


# The store


def stored(client: GraphQLClient) -> PersistedQueries:
    app = client.http.app
    assert app is not None
    return app[RUNTIME].part(PersistedQueries, PersistedQueries)


async def test_the_store_is_bounded_and_keeps_what_is_used(checked_client: GraphQLClient) -> None:
    await send(checked_client, query=QUERY, extensions=persisted(QUERY))
    store = stored(checked_client).texts
    assert store.max_bytes == MAX_BYTES
    stored(checked_client).texts = small = BoundedByBytes[bytes, str](50_000)
    await send(checked_client, query=QUERY, extensions=persisted(QUERY))
    # when
    for number in range(60):
        document = f"query Flood{number} {{ levels {{ number }} }} #{'x' * 2_000}"
        await send(checked_client, query=document, extensions=persisted(document))
        assert await is_stored(checked_client, document)
        assert small.bytes <= 50_000
        # then
        assert await is_stored(checked_client, QUERY), number
    assert len(small) < 30
    first = "query Flood0 { levels { number } } #" + "x" * 2_000
    assert await answer_of(await send(checked_client, extensions=persisted(first))) == (
        200,
        "PERSISTED_QUERY_NOT_FOUND",
    )


@pytest.fixture
async def limited(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[GraphQLClient]:
    """A client of a server that allows 20 anonymous requests in an hour. How long preparing takes does not count."""
    monkeypatch.setattr(costs, "SECONDS_PER_REQUEST_UNIT", 1e9)
    limit = Limit("request-anonymous:address", ("address",), 180 * SECOND, 20)
    monkeypatch.setitem(catalogue.LIMITS, "request-anonymous", (limit,))
    app = await make_app(dataclasses.replace(settings, request_limit="on"), database)
    async with TestClient(TestServer(app)) as http:
        yield GraphQLClient(http)


async def test_a_miss_and_a_registration_cost_what_a_request_costs(limited: GraphQLClient) -> None:
    # given a document that counts as 4 requests
    long = QUERY + " #" + "x" * 15_000
    assert await answer_of(await send(limited, extensions=persisted(long))) == (200, "PERSISTED_QUERY_NOT_FOUND")
    # when
    statuses = [
        (await send(limited, query=long + str(each), extensions=persisted(long + str(each)))).status
        for each in range(10)
    ]
    # then
    assert statuses.count(200) == 5
    assert len(stored(limited).texts) == 5
    assert (await send(limited, extensions=persisted(QUERY))).status == 429


async def test_each_server_has_its_own_store(
    checked_client: GraphQLClient, settings: Settings, database: Database
) -> None:
    await send(checked_client, query=QUERY, extensions=persisted(QUERY))
    other = runtime.Runtime(settings, None)
    assert not len(other.part(PersistedQueries, PersistedQueries).texts)


# WebSockets


async def test_a_socket_takes_hashes_too(checked_client: GraphQLClient) -> None:
    async with open_socket(checked_client) as socket:
        await socket.init()
        missed = await socket.run({"extensions": persisted(QUERY)})
        assert (missed["type"], missed["payload"]) == ("error", [NOT_FOUND])
        first = await socket.run({"query": QUERY, "extensions": persisted(QUERY)})
        later = await socket.run({"operationName": "Levels", "extensions": persisted(QUERY)})
        assert first == later and later["type"] == "next"
        wrong = await socket.run({"query": QUERY, "extensions": persisted(MUTATION)})
        assert wrong["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_MISMATCH"
    assert await is_stored(checked_client, QUERY)


async def test_a_subscription_is_registered_by_a_socket(checked_client: GraphQLClient) -> None:
    document = "subscription { leaderboardChanged(board: OVERALL) { leaderboard { asOf } } }"
    async with open_socket(checked_client) as socket:
        await socket.init()
        assert (await socket.run({"extensions": persisted(document)}))["payload"] == [NOT_FOUND]
        for each in ({"query": document}, {}):
            await socket.send(id="2", type="subscribe", payload={**each, "extensions": persisted(document)})
            assert (await socket.receive())["type"] == "next"
            await socket.send(id="2", type="complete")
