"""A client of the graphql-transport-ws protocol."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from tests.helpers.graphql_client import GraphQLClient
from web.socket_protocol import PROTOCOL


class GraphQLSocket:
    """A client of graphql-transport-ws: one socket, message by message."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.raw = socket

    async def send(self, **message: Any) -> None:
        await self.raw.send_str(orjson.dumps(message).decode())

    async def receive(self) -> Any:
        received = await asyncio.wait_for(self.raw.receive(), 5)
        assert received.type is aiohttp.WSMsgType.TEXT, (received.type, received.data, self.raw.close_code)
        return orjson.loads(received.data)

    async def init(self, payload: Any = None) -> None:
        await self.send(type="connection_init", **({} if payload is None else {"payload": payload}))
        assert await self.receive() == {"type": "connection_ack"}

    async def run(self, payload: Any, name: str = "1") -> Any:
        await self.send(id=name, type="subscribe", payload=payload)
        answer = await self.receive()
        assert answer["id"] == name
        if answer["type"] == "next":
            assert await self.receive() == {"id": name, "type": "complete"}
        return answer

    async def closed(self) -> int | None:
        while (await asyncio.wait_for(self.raw.receive(), 5)).type is aiohttp.WSMsgType.TEXT:
            pass
        return self.raw.close_code


@asynccontextmanager
async def open_socket(
    client: GraphQLClient, headers: dict[str, str] | None = None, protocol: str = PROTOCOL
) -> AsyncIterator[GraphQLSocket]:
    async with client.http.ws_connect("/graphql", protocols=(protocol,), headers=headers or {}) as socket:
        yield GraphQLSocket(socket)
