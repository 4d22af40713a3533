"""WebSockets that flood, stop reading, leave in the middle, or come from elsewhere."""

import asyncio
import base64
import logging
import os
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.helpers.servers import PATIENCE, Connection, Server
from tests.helpers.waiting import until
from web import connections, websocket_connection
from web.socket_protocol import PROTOCOL

pytestmark = pytest.mark.sqlite_only

TEXT, PING, PONG, CLOSE, CONTINUATION = 1, 9, 10, 8, 0


@pytest.fixture(autouse=True)
def _no_traceback(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A client that leaves is no error."""
    yield
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]
    assert not errors, [record.getMessage() for record in errors]


def frame(kind: int, content: bytes = b"", *, last: bool = True) -> bytes:
    """A client's frame, masked with zeros."""
    assert len(content) < 65_536
    length = bytes([0x80 | len(content)]) if len(content) < 126 else b"\xfe" + struct.pack("!H", len(content))
    return bytes([(0x80 if last else 0) | kind]) + length + b"\0\0\0\0" + content


@asynccontextmanager
async def socket(server: Server) -> AsyncIterator[Connection]:
    async with server.connect() as connection:
        key = base64.b64encode(os.urandom(16)).decode()
        await connection.send(
            f"GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )
        assert (await connection.answer()).status == 101
        yield connection


def close_code(received: bytes) -> int | None:
    """The code of the close frame at the end of what a server sent; None: there is none."""
    at = 0
    while at + 2 <= len(received):
        length, begin = received[at + 1], at + 2
        if length == 126:
            length, begin = struct.unpack("!H", received[begin : begin + 2])[0], begin + 2
        if received[at] & 0x0F == CLOSE:
            return int(struct.unpack("!H", received[begin : begin + 2])[0])
        at = begin + length
    return None


async def greeted(connection: Connection) -> None:
    await connection.send(frame(TEXT, b'{"type": "connection_init"}'))
    async with asyncio.timeout(PATIENCE):
        assert b"connection_ack" in await connection.reader.read(100)


@pytest.mark.parametrize("kind", [PING, PONG])
async def test_a_flood_of_pings_closes_the_socket(server: Server, monkeypatch: pytest.MonkeyPatch, kind: int) -> None:
    monkeypatch.setattr(connections, "CLOSE_SECONDS", 0.3)  # this client never answers that the socket is closed
    async with socket(server) as connection:
        await greeted(connection)
        await connection.send(frame(kind, b"x") * (websocket_connection.MESSAGE_BURST * 2))
        assert close_code(await connection.ended()) == 4429
    await server.is_well()


async def test_a_ping_is_answered(server: Server) -> None:
    async with socket(server) as connection:
        await greeted(connection)
        await connection.send(frame(PING, b"there?"))
        async with asyncio.timeout(PATIENCE):
            assert await connection.reader.readexactly(8) == b"\x8a\x06there?"


async def test_frames_that_are_no_messages_are_counted_by_their_bytes(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SOCKET_BYTES", 10_000)
    monkeypatch.setattr(connections, "SOCKET_BYTES_PER_SECOND", 1_000)
    async with socket(server) as connection:
        await greeted(connection)
        await connection.send(frame(TEXT, b"x", last=False) + frame(CONTINUATION, last=False) * 10_000)
        await connection.ended()
    await server.is_well()


async def test_a_compressed_bomb_closes_the_socket(server: Server) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"ws://{server.host}:{server.port}/graphql", protocols=(PROTOCOL,), compress=15) as bomb,
    ):
        await bomb.send_str('{"type": "' + " " * 30_000_000 + '"}')
        assert (await bomb.receive(timeout=PATIENCE)).type is aiohttp.WSMsgType.CLOSE
        assert bomb.close_code == 1009
    await server.is_well()


async def test_a_socket_that_stops_reading_is_closed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(connections, "WRITE_SECONDS", 0.5)
    monkeypatch.setattr(websocket_connection, "MESSAGE_BURST", 10_000)
    ask = b'{"id": "%d", "type": "subscribe", "payload": {"query": "{ __schema { types { name description fields { name description } } } }"}}'
    async with socket(server) as connection:
        await greeted(connection)
        connection.writer.transport.pause_reading()  # type: ignore[attr-defined]
        async with asyncio.timeout(PATIENCE):
            number = 0
            while server.runner.counts.total:
                number += 1
                if number < 200:
                    await connection.send(frame(TEXT, ask % number))
                await asyncio.sleep(0.05)
    await server.is_well()


@pytest.mark.parametrize("moment", ["handshake", "hello", "query"])
async def test_a_client_that_leaves_is_no_error(server: Server, moment: str) -> None:
    for _ in range(5):
        async with socket(server) as connection:
            if moment != "handshake":
                await greeted(connection)
            if moment == "query":
                asked = b'{"id": "1", "type": "subscribe", "payload": {"query": "{ __schema { types { name } } }"}}'
                await connection.send(frame(TEXT, asked))
    await until(lambda: server.runner.counts.total == 0, seconds=PATIENCE)
    await server.is_well()
