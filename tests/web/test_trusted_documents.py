"""A server that runs only the documents of its clients' manifest."""

import dataclasses
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from models.database import Database
from server import make_app
from settings import BadSetting, Settings
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.websocket import open_socket
from web.trusted_documents import APOLLO_FORMAT

QUERY = "query Levels { levels { number } }"
MUTATION = "mutation Leave { signOut { errors { code } } }"
HASH = sha256(QUERY.encode()).hexdigest()
UNKNOWN = "{ levels { number } }"
PLAIN = {"levels-id": QUERY, "leave-id": MUTATION}
APOLLO = {
    "format": APOLLO_FORMAT,
    "version": 1,
    "operations": [{"id": name, "name": "Any", "type": "query", "body": text} for name, text in PLAIN.items()],
}


def trusting(settings: Settings, tmp_path: Path, manifest: Any) -> Settings:
    file = tmp_path / "manifest.json"
    file.write_bytes(manifest if isinstance(manifest, bytes) else orjson.dumps(manifest))
    return dataclasses.replace(settings, documents="trusted", documents_manifest=str(file))


@pytest.fixture(params=[PLAIN, APOLLO], ids=["plain", "apollo"])
async def client(
    settings: Settings, database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[GraphQLClient]:
    app = await make_app(trusting(settings, tmp_path, request.param), database)
    async with TestClient(TestServer(app)) as http:
        yield GraphQLClient(http)


def persisted(name: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": name}}


TRUSTED: list[dict[str, Any]] = [
    {"query": QUERY}, {"documentId": "levels-id"}, {"documentId": HASH}, {"documentId": f"sha256:{HASH}"},
    {"extensions": persisted("levels-id")}, {"extensions": persisted(HASH)}, {"query": QUERY, "extensions": persisted(HASH)},
]  # fmt: skip
REFUSED: list[dict[str, Any]] = [
    {"query": UNKNOWN}, {"query": QUERY + " "}, {"query": "{ __schema { queryType { name } } }"}, {"query": "{"}, {},
    {"query": UNKNOWN, "documentId": "levels-id"}, {"query": UNKNOWN, "extensions": persisted(HASH)},
    {"query": UNKNOWN, "extensions": persisted(sha256(UNKNOWN.encode()).hexdigest())},
    {"documentId": "other"}, {"documentId": 5}, {"extensions": persisted("0" * 64)}, {"extensions": {"persistedQuery": 5}},
]  # fmt: skip


async def test_documents_of_the_manifest_run(client: GraphQLClient) -> None:
    for body in TRUSTED:
        posted = await client.http.post("/graphql", json=body)
        assert (posted.status, "errors" in await posted.json()) == (200, False), body
        sent = {name: each if isinstance(each, str) else orjson.dumps(each).decode() for name, each in body.items()}
        got = await client.http.get("/graphql", params=sent)
        assert await got.read() == await posted.read(), body
    by_get = await client.http.get("/graphql", params={"documentId": "leave-id"})
    assert by_get.status == 405


async def test_no_other_document_runs(client: GraphQLClient) -> None:
    for _ in range(2):  # a refused document is not registered
        for body in REFUSED:
            response = await client.http.post("/graphql", json=body)
            codes = [each["extensions"]["code"] for each in (await response.json())["errors"]]
            assert (response.status, codes) == (400, ["DOCUMENT_NOT_TRUSTED"]), body


async def test_sockets_run_the_same_documents(client: GraphQLClient) -> None:
    async with open_socket(client) as socket:
        await socket.init()
        for body in TRUSTED:
            assert (await socket.run(body))["type"] == "next", body
        for body in ({"query": UNKNOWN}, {"documentId": "other"}, {"extensions": persisted("0" * 64)}):
            answer = await socket.run(body)
            assert answer["payload"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED", body


async def test_graphiql_says_that_it_is_off_and_health_answers(client: GraphQLClient) -> None:
    page = await client.http.get("/graphql", headers={"Accept": "text/html"})
    assert page.status == 200 and "GraphiQL is off" in await page.text()
    assert (await client.http.get("/healthz")).status == (await client.http.get("/readyz")).status == 200


@pytest.mark.parametrize(
    "manifest",
    [b"", b"{", b"[]", b"{}", b'{"a": 5}', b'["{ levels { number } }"]', orjson.dumps({"format": APOLLO_FORMAT}),
     orjson.dumps({"format": APOLLO_FORMAT, "operations": [5]}), orjson.dumps({"format": APOLLO_FORMAT, "operations": [{"id": "x"}]})],
)  # fmt: skip
async def test_a_manifest_that_cannot_be_used_stops_the_start(
    settings: Settings, database: Database, tmp_path: Path, manifest: bytes
) -> None:
    with pytest.raises(BadSetting, match="DOCUMENTS_MANIFEST"):
        await make_app(trusting(settings, tmp_path, manifest), database)


async def test_a_missing_manifest_stops_the_start(settings: Settings, database: Database, tmp_path: Path) -> None:
    for path in ("", str(tmp_path), str(tmp_path / "none.json")):
        with pytest.raises(BadSetting, match="DOCUMENTS_MANIFEST"):
            await make_app(dataclasses.replace(settings, documents="trusted", documents_manifest=path), database)
