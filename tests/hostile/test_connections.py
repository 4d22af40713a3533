"""Connections that are silent, slow, deaf, too many, or speak no HTTP."""

import asyncio
import dataclasses
import logging
import resource
import socket
from contextlib import AsyncExitStack

import orjson
import pytest

from server import serving
from settings import Settings
from tests.helpers.servers import Server, running
from tests.helpers.waiting import until
from web import connections

pytestmark = pytest.mark.sqlite_only

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "WATCH_SECONDS", 0.05)


async def test_a_silent_connection_is_closed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    async with server.connect() as connection:
        assert await connection.ended() == b""
    assert server.runner.counts.total == 0


async def test_a_head_that_drips_is_closed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    async with server.connect() as connection:
        await connection.send(HEALTH)
        assert (await connection.answer()).status == 200
        await asyncio.sleep(1)  # between requests it may be silent for longer
        await connection.send(HEALTH)
        assert (await connection.answer()).status == 200

        async def drip() -> None:
            for byte in b"GET /healthz HTTP/1.1\r\nX: " + b"y" * 500:
                await connection.send(bytes([byte]))
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        assert await connection.ended() == b""
        assert not dripping.done()
        dripping.cancel()


async def test_a_client_that_stops_reading_is_closed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr(connections, "WRITE_SECONDS", 0.5)
    ask = b'{"query": "{ __schema { types { name description fields { name description } } } }"}'
    request = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    deaf.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(deaf, (server.host, server.port))
    # when it asks for much and takes nothing of it
    try:
        await loop.sock_sendall(deaf, (request % (len(ask), ask)) * 60)
        await server.has_no_connection()
    finally:
        deaf.close()
    # then its connection is gone, and others are answered
    await server.is_well()


async def test_connections_of_an_address_and_of_all_have_a_limit(settings: Settings, caplog) -> None:
    few = dataclasses.replace(settings, max_connections=6, max_connections_per_address=3)
    async with running(few) as server, AsyncExitStack() as stack:
        held = [await stack.enter_async_context(server.connect()) for _ in range(3)]
        for connection in held:
            await connection.send(HEALTH)
            assert (await connection.answer()).status == 200
        for _ in range(3):
            async with server.connect() as refused:
                answer = await refused.answer()
                assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "UNAVAILABLE", "5")
                assert await refused.ended() == b""
        held[0].writer.transport.abort()
        await until(lambda: server.runner.counts.total == 2, seconds=5)
        await server.is_well()
        # and the log has it within a second
        await until(lambda: any("connections.refused" in each.getMessage() for each in caplog.records), seconds=5)


async def test_no_address_gets_all_connections_but_a_proxy_may(settings: Settings) -> None:
    counts = connections.ConnectionCounts(dataclasses.replace(settings, max_connections=6))
    assert [counts.acquire("192.0.2.1") for _ in range(4)] == ["192.0.2.1"] * 3 + [None]
    assert counts.acquire("2001:db8::1") == counts.acquire("2001:db8::2")  # one /64
    counts.release("192.0.2.1")
    counts.release("192.0.2.1")
    assert (counts.total, counts.acquire("192.0.2.1")) == (3, "192.0.2.1")
    trusting = dataclasses.replace(settings, max_connections=6, trusted_proxies="192.0.2.1")
    behind = connections.ConnectionCounts(trusting)
    assert [behind.acquire("192.0.2.1") for _ in range(7)] == [""] * 6 + [None]


def test_connections_fit_below_the_limit_of_files(settings: Settings) -> None:
    assert connections.max_connections(settings, 256) == 256 - connections.RESERVED_FILES - settings.database_pool
    assert connections.max_connections(settings, 1_000_000) == settings.max_connections
    assert connections.max_connections(settings, 20) == connections.MIN_CONNECTIONS
    assert connections.max_connections(settings, None) == settings.max_connections


async def test_the_soft_limit_of_files_is_raised(settings: Settings) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard <= 512:
        pytest.skip("this machine has a hard limit of 512 files or fewer")
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        async with serving(settings):
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 512
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    "garbage",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"y" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_refused_as_json_without_a_version(server: Server, garbage: bytes, caplog) -> None:
    async with server.connect() as connection:
        await connection.send(garbage)
        answer = await connection.answer()
        assert (answer.status, answer.code) == (400, "BAD_INPUT")
        assert "server" not in answer.headers and b"iohttp" not in answer.body
        await connection.ended()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("PUT", "/graphql", "", 405),
        ("GET", "/nowhere", "", 404),
        ("POST", "/graphql", "Expect: a miracle\r\n", 417),
        ("GET", "/graphql", "Upgrade: websocket\r\nConnection: Upgrade\r\n", 400),
    ],
)
async def test_every_refusal_is_json(server: Server, method: str, path: str, more: str, status: int) -> None:
    async with server.connect() as connection:
        await connection.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode())
        answer = await connection.answer()
    assert answer.status == status and answer.code
    assert "server" not in answer.headers
    assert (status != 405) or "POST" in answer.headers["allow"]


async def test_a_failure_of_ours_is_json_with_a_reference(server: Server, monkeypatch, caplog) -> None:
    async def fails(*_: object) -> None:
        raise LookupError("ada@people.example")

    monkeypatch.setattr("web.graphql.authenticate", fails)
    answer = await server.post(b'{"query": "{ levels { number } }"}')
    assert (answer.status, answer.code) == (500, "INTERNAL")
    reference = orjson.loads(answer.body)["errors"][0]["extensions"]["reference"]
    [line] = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert reference in line and "request.failed" in line


@pytest.mark.parametrize("header", [b"Authorization: \xff", b"Mendix-Username: \xff\r\nMendix-ApiKey: \xff"])
async def test_a_credential_that_is_no_utf8_is_a_bad_one_and_not_an_empty_one(server: Server, header: bytes) -> None:
    async with server.connect() as connection:
        await connection.send(b"GET /graphql?query={__typename} HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n")
        answer = await connection.answer()
    assert (answer.status, answer.body) == (403, b'{"error": ""}')
