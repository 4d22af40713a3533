"""Accept-Language headers that nobody's browser sends: they cost nothing, give English, and are never repeated."""

from collections.abc import AsyncIterator
from time import perf_counter

import pytest
from aiohttp.test_utils import TestClient, TestServer

from catalogue import languages
from models.database import Database
from server import make_app
from settings import Settings
from tests.helpers.graphql_client import GraphQLClient

BADGE = '{ badge(code: "FIRST_LIGHT") { name } }'
JUNK = [
    "*;q=1," + ",".join(f"xx-{number}" for number in range(1_000)),
    "nl-" + "a-" * 3_000,
    "nl;q=" + "0" * 7_000,
    "," * 8_000,
    "../../etc/passwd",
    "nl/../en",
    "<script>alert(1)</script>",
    "en\tnl",
]


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncIterator[GraphQLClient]:
    async with TestClient(TestServer(await make_app(settings, database))) as http:
        yield GraphQLClient(http)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("header", JUNK, ids=lambda header: header[:12])
async def test_junk_gives_english_and_is_not_repeated(client: GraphQLClient, header: str) -> None:
    response = await client.post(BADGE, headers={"Accept-Language": header[:8_000]})
    text = await response.text()
    assert '"First Light"' in text
    assert response.headers["Content-Language"] == "en"
    assert header[:20] not in text + str(response.headers)


def test_many_different_headers_take_bounded_memory_and_little_time() -> None:
    begun = perf_counter()
    for number in range(5_000):
        languages.negotiate_language(f"x{number % 26}-{number}," + "a;q=0.1," * 100)
        languages.negotiate_language(f"{number}" + "nl;q=0.5," * 2_000)
    assert languages._negotiated.cache_info().currsize <= 256
    assert perf_counter() - begun < 20
