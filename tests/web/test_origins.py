"""Pages of other hosts: who may read answers, and whose requests count with a cookie. docs/decisions/0007."""

import dataclasses
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer

from models.database import Database
from server import make_app
from services.auth import sessions
from services.auth.principals import Client
from settings import BadSetting, Settings
from tests.helpers.factories import make_person
from tests.helpers.graphql_client import GraphQLClient
from web.origins import HEADERS, parse

APP = "https://app.example"
OWN = "http://graph.example"
WHO = "{ viewer { account { email } } }"
FOREIGN = [
    "https://app.example.evil.com",
    "https://evil-app.example",
    "https://app.example:444",
    "https://app.example.",
    "http://app.example",
    "https://APP.example",
    "https://app.example/",
    "https://sub.app.example",
    "https://app.example, https://evil.example",
    "https://user@app.example",
    "https://evil.example",
    "http://graph.example.evil.com",
    "https://graph.example",
    "http://graph.example:8080",
    "null",
    "*",
    "",
    "file://",
]
CORS = "Access-Control-"


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncIterator[GraphQLClient]:
    settings = dataclasses.replace(settings, origins=f"{APP}, https://other.example:8443")
    async with TestClient(TestServer(await make_app(settings, database))) as http:
        yield GraphQLClient(http)


async def signed_in() -> dict[str, str]:
    account = await make_person("ada@people.example")
    return {"Cookie": f"session={await sessions.begin(account.id, Client())}"}


async def counts(client: GraphQLClient, headers: dict[str, str], *, get: bool = False) -> bool:
    """Whether the server takes us for the person of the cookie; anything but nobody is a failure."""
    if get:
        response = await client.http.get("/graphql", params={"query": WHO}, headers=headers)
    else:
        response = await client.http.post("/graphql", json={"query": WHO}, headers=headers)
    body = await response.json()
    assert response.status == 200 and "errors" not in body
    assert "Set-Cookie" not in response.headers
    return body["data"]["viewer"] is not None


def allowed(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith(CORS)}


@pytest.mark.parametrize("origin", [APP, "https://other.example:8443"])
async def test_a_page_of_a_named_origin_may_read_and_use_the_cookie(client: GraphQLClient, origin: str) -> None:
    headers = await signed_in()
    # preflight
    response = await client.http.options(
        "/graphql",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert response.status == 204
    assert response.headers["Access-Control-Allow-Origin"] == origin
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST"
    assert set(response.headers["Access-Control-Allow-Headers"].split(", ")) == {
        "apollo-require-preflight",
        "authorization",
        "content-type",
        "graphql-cost",
        "graphql-require-preflight",
        "if-none-match",
        "mendix-apikey",
        "mendix-username",
        "x-request-id",
    }
    assert int(response.headers["Access-Control-Max-Age"]) > 0
    assert "Origin" in response.headers["Vary"]
    # the request itself
    for method in ("POST", "GET"):
        response = await client.http.request(
            method,
            "/graphql",
            json={"query": WHO} if method == "POST" else None,
            params={"query": WHO} if method == "GET" else None,
            headers={**headers, "Origin": origin, "Sec-Fetch-Site": "cross-site"},
        )
        assert (await response.json())["data"]["viewer"] is not None
        assert response.headers["Access-Control-Allow-Origin"] == origin
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
        assert "Retry-After" in response.headers["Access-Control-Expose-Headers"]


async def allowed_headers(client: GraphQLClient, *requested: str, origin: str = APP) -> set[str] | None:
    """The header names that a preflight allows; None if it allows none."""
    headers = [("Origin", origin), ("Access-Control-Request-Method", "POST")]
    response = await client.http.options(
        "/graphql", headers=[*headers, *(("Access-Control-Request-Headers", each) for each in requested)]
    )
    assert response.status == 204
    assert {"Origin", "Access-Control-Request-Headers"} <= set(response.headers["Vary"].split(", "))
    names = response.headers.get("Access-Control-Allow-Headers")
    return names if names is None else set(names.split(", "))


async def test_a_page_of_a_named_origin_may_send_headers_of_its_own(client: GraphQLClient) -> None:
    # given
    apollo = "apollographql-client-name,apollographql-client-version,baggage,content-type,sentry-trace,traceparent"
    # when, then
    assert await allowed_headers(client, apollo) == {*apollo.split(","), *HEADERS.split(", ")}
    assert await allowed_headers(client, "X-Request-Id , traceparent,", "tracestate") == {
        "x-request-id",
        "traceparent",
        "tracestate",
        *HEADERS.split(", "),
    }
    assert await allowed_headers(client) == await allowed_headers(client, "") == set(HEADERS.split(", "))


@pytest.mark.parametrize(
    "requested",
    [
        "*",
        "x-a, *",
        "x-*",
        "x a",
        "x-a;x-b",
        "x-a: 1",
        "x-ä",
        '"x-a"',
        "x-a\tx-b",
        ", ".join(f"x-{number}" for number in range(51)),
        "x" * 2_001,
        "x-a" + "," * 2_000,
    ],
)
async def test_what_is_no_list_of_header_names_is_not_allowed(client: GraphQLClient, requested: str) -> None:
    assert await allowed_headers(client, requested) == set(HEADERS.split(", "))


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_preflight_of_any_other_page_allows_no_header(client: GraphQLClient, origin: str) -> None:
    assert await allowed_headers(client, "content-type, x-request-id", origin=origin) is None


async def test_a_header_of_its_own_lets_no_page_use_the_cookie(client: GraphQLClient) -> None:
    # given what a preflight would have refused, and what looks like a browser's own words
    cookie = await signed_in()
    headers = {**cookie, "Origin": "https://evil.example", "traceparent": "00-1-1-01"}
    for more in ({}, {"X-Forwarded-Host": "graph.example"}, {"X-Origin": APP}, {"Forwarded": "host=graph.example"}):
        assert not await counts(client, {**headers, **more})
    # nor does it make a form of an allowed page a request that asked first
    response = await client.http.post(
        "/graphql",
        data="{}",
        headers={**cookie, "Origin": APP, "traceparent": "00-1-1-01", "Content-Type": "text/plain"},
    )
    assert response.status == 415


async def test_pages_can_read_the_tag_and_when_to_retry(client: GraphQLClient) -> None:
    response = await client.http.post("/graphql", json={"query": WHO}, headers={"Origin": APP})
    assert set(response.headers["Access-Control-Expose-Headers"].split(", ")) == {"ETag", "Retry-After", "X-Request-Id"}


async def test_refusals_can_be_read_by_the_page_too(client: GraphQLClient) -> None:
    for headers, body, status in (
        ({"Authorization": "mxtoken nonsense"}, b"{}", 403),
        ({"Content-Type": "application/json"}, b"{", 400),
        ({"Content-Type": "application/json"}, b" " * 300_000, 413),
    ):
        response = await client.http.post("/graphql", data=body, headers={**headers, "Origin": APP})
        assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (status, APP)


@pytest.mark.parametrize("origin", FOREIGN)
async def test_any_other_page_may_neither_read_nor_use_the_cookie(client: GraphQLClient, origin: str) -> None:
    headers = {**await signed_in(), "Origin": origin}
    for site in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        assert not await counts(client, {**headers, **site})
        assert not await counts(client, {**headers, **site}, get=True)
    for method in ("OPTIONS", "POST", "GET"):
        response = await client.http.request(
            method, "/graphql", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
        )
        assert allowed(dict(response.headers)) == {}
        assert "Origin" in response.headers["Vary"]


async def test_two_origins_are_none(client: GraphQLClient) -> None:
    headers = [*(await signed_in()).items(), ("Origin", APP), ("Origin", "https://evil.example")]
    response = await client.http.post("/graphql", json={"query": WHO}, headers=headers)
    assert (await response.json())["data"] == {"viewer": None}
    assert allowed(dict(response.headers)) == {}


async def test_our_own_page_and_programs_use_the_cookie(client: GraphQLClient) -> None:
    headers = await signed_in()
    for more in ({"Origin": OWN}, {"Origin": OWN, "Sec-Fetch-Site": "same-origin"}, {}, {"Sec-Fetch-Site": "none"}):
        assert await counts(client, {**headers, **more}), more
    response = await client.http.post("/graphql", json={"query": WHO}, headers={"Origin": OWN})
    assert allowed(dict(response.headers)) == {}  # nothing to allow: it is the same origin


@pytest.mark.parametrize(
    ("more", "counted"),
    [
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": OWN}, True),
        ({"Origin": APP, "Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "nonsense"}, False),
        ({}, False),
    ],
)
async def test_a_query_in_the_address_counts_when_a_page_of_ours_asks(
    client: GraphQLClient, more: dict[str, str], counted: bool
) -> None:
    assert await counts(client, {**await signed_in(), **more}, get=True) is counted


async def test_a_post_without_an_origin_from_another_site_does_not_count(client: GraphQLClient) -> None:
    headers = await signed_in()
    for site in ("cross-site", "same-site"):
        assert not await counts(client, {**headers, "Sec-Fetch-Site": site})


async def test_without_a_public_address_ours_is_the_name_it_was_reached_by(
    settings: Settings, database: Database
) -> None:
    headers = await signed_in()
    settings = dataclasses.replace(settings, public_url="", origins="")
    async with TestClient(TestServer(await make_app(settings, database))) as http:
        client = GraphQLClient(http)
        for host in ("localhost:8080", "127.0.0.1:8080", "[::1]:8080", "devbox"):
            assert await counts(client, {**headers, "Host": host, "Origin": f"http://{host}"})
            assert not await counts(client, {**headers, "Host": host, "Origin": "http://evil.example"})
            assert not await counts(client, {**headers, "Host": host, "Origin": "null"})


async def test_without_origins_no_other_page_is_answered(settings: Settings, database: Database) -> None:
    async with TestClient(TestServer(await make_app(settings, database))) as http:
        for origin in (APP, "", "null"):
            response = await http.options("/graphql", headers={"Origin": origin})
            assert response.status == 204 and allowed(dict(response.headers)) == {}


@pytest.mark.parametrize(
    "origins",
    ["*", "null", "app.example", "https://*.example", "https://app.example/", "https://app.example/path", "ftp://a.example",
     "https://user@app.example", "https://app.example?x", "https://app.example:99999999", "https://app.example:70000", "https://[::1", "https://[1:2]", "https://äpp.example", "javascript:x"],
)  # fmt: skip
async def test_an_origin_that_cannot_be_meant_is_named(origins: str, settings: Settings, database: Database) -> None:
    with pytest.raises(BadSetting, match="ORIGINS"):
        await make_app(dataclasses.replace(settings, origins=f"{APP},{origins}"), database)


def test_origins_are_read_as_browsers_write_them() -> None:
    assert parse("https://App.Example:443 ,http://localhost:3000, http://a.example:80,https://[::1]:8443,") == {
        "https://app.example",
        "http://localhost:3000",
        "http://a.example",
        "https://[::1]:8443",
    }
