"""A whole server on a port of its own, and connections on which anything can be sent."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import orjson

from server import serving
from settings import Settings

PATIENCE = 20.0
"""Seconds for an answer that is expected; a busy machine is slow."""


class Connection:
    """One side of a TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        """Send; a server that has closed its side makes no difference."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            pass

    async def answer(self) -> "Answer":
        """The next HTTP answer."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            status, *lines = head.decode().split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
            }
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(status.split()[1]), headers, body)

    async def ended(self) -> bytes:
        """What was sent until the server closed the connection."""
        received = b""
        async with asyncio.timeout(PATIENCE):
            try:
                while chunk := await self.reader.read(65_536):
                    received += chunk
            except ConnectionError:
                pass
        return received


@dataclasses.dataclass(frozen=True)
class Answer:
    """An HTTP answer. Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of the one error; fails for anything that is no error in JSON."""
        assert self.headers["content-type"].partition(";")[0] in {
            "application/json",
            "application/graphql-response+json",
        }, self
        [error] = orjson.loads(self.body)["errors"]
        return str(error["extensions"]["code"])


Connect = Callable[[], AbstractAsyncContextManager[Connection]]


@dataclasses.dataclass
class Server:
    """A server that serves."""

    host: str
    port: int
    runner: Any

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            yield Connection(reader, writer)
        finally:
            writer.transport.abort()

    async def post(
        self, body: bytes, headers: str = "", path: str = "/graphql", kind: str = "application/json"
    ) -> Answer:
        """One request on a connection of its own."""
        async with self.connect() as connection:
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
            await connection.send(head.encode() + body)
            return await connection.answer()

    async def has_no_connection(self) -> None:
        """Wait until every connection is gone."""
        async with asyncio.timeout(PATIENCE):
            while self.runner.counts.total:  # noqa: ASYNC110 - no event tells it
                await asyncio.sleep(0.05)

    async def is_well(self) -> None:
        """Raise unless a plain question is answered at once."""
        async with asyncio.timeout(PATIENCE):
            answer = await self.post(b'{"query": "{ levels { number } }"}')
        assert answer.status == 200, answer


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Server]:
    """A server with these settings on a free port."""
    async with serving(dataclasses.replace(settings, host="127.0.0.1", port=0, drain_seconds=0.5)) as runner:
        host, port = runner.addresses[0][:2]
        yield Server(host, port, runner)
