"""What an operation over a WebSocket costs is counted before its document is read."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer

from catalogue import limits as catalogue
from catalogue.limits import SECOND, Limit
from execution.documents import Documents
from models.database import Database
from server import make_app
from settings import Settings
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.websocket import open_socket


@pytest.fixture
async def client(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[GraphQLClient]:
    """Five requests an hour."""
    limit = Limit("request-anonymous:address", ("address",), 3_600 * SECOND // 5, 5)
    monkeypatch.setitem(catalogue.LIMITS, "request-anonymous", (limit,))
    async with TestClient(TestServer(await make_app(settings, database))) as http:
        yield GraphQLClient(http)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("kind", ["query", "subscription"])
async def test_a_document_over_the_limit_is_not_read(
    client: GraphQLClient, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    # given
    seen, read = set[str](), Documents.read

    def noted(documents: Documents, text: str) -> object:
        seen.add(text)
        return read(documents, text)

    monkeypatch.setattr(Documents, "read", noted)
    # when
    answers = []
    async with open_socket(client) as ws:
        await ws.init()
        for number in range(20):
            text = f"{kind} {{ wrong{number} }}"
            answers.append(await ws.run({"query": text}, name=f"o{number}"))
    # then
    codes = [each["payload"][0]["extensions"]["code"] for each in answers]
    assert len(seen) <= 5
    assert codes[-15:] == ["RATE_LIMITED"] * 15
