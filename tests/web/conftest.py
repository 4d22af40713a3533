"""The whole server, on the test's own database."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer

from execution.executor import Counts
from models.database import Database
from server import EXECUTOR, make_app
from settings import Settings
from tests.web.clients import GraphQLClient


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncIterator[GraphQLClient]:
    async with TestClient(TestServer(await make_app(settings, database))) as http:
        yield GraphQLClient(http)


@pytest.fixture
def counts(client: GraphQLClient) -> Counts:
    """How the server answered: by plan, falling back, or by graphql-core alone."""
    return client.http.app[EXECUTOR].counts
