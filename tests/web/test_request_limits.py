"""How many requests one may send: docs/rules/api.md#request-limits."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from catalogue import limits as catalogue
from catalogue.limits import SECOND, Limit
from execution.executor import Counts
from models.database import Database
from server import make_app
from services.auth import access_tokens, sessions
from services.auth.principals import Client
from services.core import clock
from settings import Settings
from tests.helpers.factories import make_person, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.runtimes import forget_limits
from web import costs

PROFILE = "mx:user:profile:v1:read"
START = datetime(2026, 3, 10, 12, tzinfo=UTC)
FALLS_BACK = '{ node(id: "nonsense") { id } }'
ACCOUNT, ANONYMOUS = 30, 20


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small limits, so that a test reaches them: one more each second. How long preparing takes here does not count."""
    monkeypatch.setattr(costs, "SECONDS_PER_REQUEST_UNIT", 1e9)
    monkeypatch.setitem(catalogue.LIMITS, "request", (Limit("request:account", ("account",), SECOND, ACCOUNT),))
    monkeypatch.setitem(
        catalogue.LIMITS, "request-anonymous", (Limit("request-anonymous:address", ("address",), SECOND, ANONYMOUS),)
    )


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncIterator[GraphQLClient]:
    settings = dataclasses.replace(settings, trusted_proxies="127.0.0.1, ::1")
    with clock.frozen(START):
        async with TestClient(TestServer(await make_app(settings, database))) as http:
            yield GraphQLClient(http)


async def post(client: GraphQLClient, document: str = "{ levels { number } }", **headers: str) -> ClientResponse:
    return await client.post(document, headers={name.replace("_", "-"): value for name, value in headers.items()})


async def statuses(client: GraphQLClient, times: int, **headers: str) -> list[int]:
    return [(await post(client, **headers)).status for _ in range(times)]


async def test_an_anonymous_caller_has_the_budget_of_the_address(client: GraphQLClient) -> None:
    assert await statuses(client, ANONYMOUS) == [200] * ANONYMOUS
    # when
    response = await post(client)
    # then
    assert (response.status, response.headers["Retry-After"], response.content_type) == (429, "1", "application/json")
    [error] = (await response.json())["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfter": 1}
    assert error["message"] == "Too many requests. Try again in 1 second."
    # a query in the address is a request as well, another address is not meant, nor is the health of the server
    assert (await client.http.get("/graphql", params={"query": "{ __typename }"})).status == 429
    assert (await post(client, X_Forwarded_For="192.0.2.7")).status == 200
    assert (await client.http.get("/healthz")).status == 200
    assert (await client.http.get("/graphql", headers={"Accept": "text/html"})).status == 200


async def test_addresses_that_a_client_invents_do_not_help(client: GraphQLClient) -> None:
    answers = [
        (await post(client, X_Forwarded_For=f"198.51.100.{number}, 192.0.2.7")).status
        for number in range(ANONYMOUS + 5)
    ]
    assert answers == [200] * ANONYMOUS + [429] * 5


async def test_a_network_of_ipv6_is_one_client(client: GraphQLClient) -> None:
    answers = [(await post(client, X_Forwarded_For=f"2001:db8::{number:x}")).status for number in range(ANONYMOUS + 5)]
    assert answers == [200] * ANONYMOUS + [429] * 5


async def test_ten_tokens_and_a_session_are_one_budget(client: GraphQLClient) -> None:
    ada = await make_person()
    shown: list[dict[str, str]] = [
        {"Authorization": f"mxtoken {await make_token(ada, PROFILE)}"} for _ in range(ACCOUNT // 3)
    ]
    shown.append({"Cookie": f"session={await sessions.begin(ada.id, Client())}"})
    # when
    answers = [(await post(client, **each)).status for _ in range(3) for each in shown]
    # then
    assert answers == [200] * ACCOUNT + [429] * 3
    # and neither somebody else nor nobody pays for it
    bob = await make_token(await make_person(), PROFILE)
    assert (await post(client, Authorization=f"mxtoken {bob}")).status == 200
    assert (await post(client)).status == 200


async def test_somebody_signed_in_does_not_use_up_the_address(client: GraphQLClient) -> None:
    token = await make_token(await make_person(), PROFILE)
    assert await statuses(client, ANONYMOUS + 5, Authorization=f"mxtoken {token}") == [200] * (ANONYMOUS + 5)
    assert await statuses(client, 5) == [200] * 5


async def test_a_small_mistake_counts_as_one(client: GraphQLClient) -> None:
    counts: Counts = client.http.app[_executor()].counts
    answers = [(await post(client, FALLS_BACK)).status for _ in range(ANONYMOUS + 1)]
    assert answers == [200] * ANONYMOUS + [429]
    assert counts.fell_back == ANONYMOUS


async def test_a_large_query_that_falls_back_counts_its_cost_ten_times(client: GraphQLClient) -> None:
    large = (
        FALLS_BACK[:-1] + "leaderboard(board: FORUM) { entries(first: 100) { edges { cursor } } } }"
    )  # 152: four of 500
    assert [(await post(client, large)).status for _ in range(6)] == [200] * 5 + [429]


async def test_guessing_credentials_costs_the_address(client: GraphQLClient) -> None:
    answers = [
        (await post(client, Authorization=f"mxtoken {access_tokens.new_secret()}")).status for _ in range(ANONYMOUS + 5)
    ]
    assert answers == [403] * ANONYMOUS + [429] * 5
    # a good one still works from there
    token = await make_token(await make_person(), PROFILE)
    assert (await post(client, Authorization=f"mxtoken {token}")).status == 200


async def test_what_is_no_request_counts_too(client: GraphQLClient) -> None:
    answers = [
        (await client.http.post("/graphql", data=b"{", headers={"Content-Type": "application/json"})).status
        for _ in range(ANONYMOUS + 5)
    ]
    assert answers == [400] * ANONYMOUS + [429] * 5


async def test_a_dead_cookie_counts_for_the_address(client: GraphQLClient) -> None:
    answers = [(await post(client, Cookie=f"session=dead-{n}")).status for n in range(ANONYMOUS + 5)]
    assert answers == [200] * ANONYMOUS + [429] * 5


async def test_the_limit_can_be_lifted(settings: Settings, database: Database) -> None:
    settings = dataclasses.replace(settings, request_limit="off")
    with clock.frozen(START):
        async with TestClient(TestServer(await make_app(settings, database))) as http:
            assert await statuses(GraphQLClient(http), ANONYMOUS * 3) == [200] * (ANONYMOUS * 3)


async def test_an_operations_own_limit_is_told_in_its_payload_and_in_the_headers(client: GraphQLClient) -> None:
    document = """
        mutation { signIn(input: {email: "nobody@people.example", password: "not the password"}) {
            errors { code message } } }
    """
    monkeypatched = (Limit("sign-in:x", ("address", "email"), SECOND, 1),)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalogue.LIMITS, "sign-in", monkeypatched)
        forget_limits()
        first, second = await post(client, document), await post(client, document)
    told: list[Any] = [(await each.json())["data"]["signIn"]["errors"][0]["code"] for each in (first, second)]
    assert (told, first.status, second.status) == (["BAD_CREDENTIALS", "RATE_LIMITED"], 200, 200)
    assert "Retry-After" not in first.headers and second.headers["Retry-After"] == "1"


def _executor() -> Any:
    from server import EXECUTOR

    return EXECUTOR
