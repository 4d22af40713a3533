"""The whole server, on the test's own database."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from execution.executor import Counts, Executor
from execution.results import Answer
from models.database import Database
from resolvers.base.context import Context
from server import EXECUTOR, make_app
from services.core import clock
from settings import Settings
from tests.helpers.equality import answered_by_core, comparable
from tests.helpers.graphql_client import GraphQLClient


@pytest.fixture
async def checked_client(
    settings: Settings, database: Database, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[GraphQLClient]:
    """
    A client of the server. Whatever query a test sends is also run by graphql-core alone, and the answers must be
    equal; not where statements are counted.
    """
    app = await make_app(settings, database)
    if "count_statements" not in request.fixturenames:
        monkeypatch.setattr(app[EXECUTOR], "run", compared(app[EXECUTOR]))
    async with TestClient(TestServer(app)) as http:
        yield GraphQLClient(http)


def compared(executor: Executor) -> Any:
    """`executor.run` that holds every answer to a query against graphql-core's own."""
    run = executor.run

    async def run_both(text: str, variables: Any, name: str | None, context: Context, **more: Any) -> Answer:
        with clock.frozen(clock.now()):
            answer = await run(text, variables, name, context, **more)
            if answer.kind != "query" or answer.request_error or answer.body.get("data") is None:
                return answer
            twin = Context(context.database, context.viewer, client=context.client, anonymous=context.anonymous)
            core = await answered_by_core(executor, text, variables, name, twin)
        ours, theirs = (orjson.dumps(comparable(orjson.loads(orjson.dumps(body)))) for body in (answer.body, core))
        assert ours == theirs, f"{text}\nplan: {ours!r}\ncore: {theirs!r}"
        return answer

    return run_both


@pytest.fixture
def counts(checked_client: GraphQLClient) -> Counts:
    """How the server answered: by plan, falling back, or by graphql-core alone."""
    return checked_client.http.app[EXECUTOR].counts
