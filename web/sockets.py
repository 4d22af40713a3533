"""
GraphQL over WebSockets, on /graphql: the `graphql-transport-ws` protocol, for queries.

Mutations are sent with POST, where cookies can be set. Who asks is said by the handshake's headers, or by the same
names in the payload of `connection_init`, since browsers cannot set headers there. It is asked again for every operation
and every few seconds: what was revoked closes the socket.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final
from weakref import WeakSet

import orjson
from aiohttp import WSCloseCode, WSMessage, WSMsgType, hdrs, web
from multidict import CIMultiDict

from execution.executor import Executor
from models.database import Database
from resolvers.context import Context
from resolvers.viewers import Client, Viewer
from services.errors import ErrorCode
from settings import Settings
from web.asked import Asked, BadRequest, asked_of
from web.credentials import EXPLICIT, BadCredential, Shown, explicit_viewer
from web.request_limits import RequestLimit, TooMany

PROTOCOL: Final = "graphql-transport-ws"
PATIENCE = 10.0
"""Seconds that a client has to say hello."""
RECHECK = 5.0
"""Seconds between two looks whether the credential still holds."""
AT_ONCE = 20
"""Operations of one socket under way at a time."""
HEARTBEAT = 30.0

INVALID, UNAUTHORIZED, FORBIDDEN, NOT_ACCEPTABLE, TIMEOUT, TAKEN, AGAIN = 4400, 4401, 4403, 4406, 4408, 4409, 4429
"""The protocol's codes for closing."""


class Closed(Exception):
    """The socket is to be closed, for this reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Sockets:
    """Answers WebSockets, and closes those that are open when the server stops."""

    def __init__(self, executor: Executor, database: Database, settings: Settings, limit: RequestLimit) -> None:
        self._executor, self._database, self._limit = executor, database, limit
        self._anonymous, self._largest = settings.anonymous == "read", settings.max_body
        self._open: WeakSet[_Conversation] = WeakSet()

    async def answer(
        self, request: web.Request, client: Client, in_handshake: Callable[[], Awaitable[Shown]]
    ) -> web.WebSocketResponse:
        """Serve one socket until it is closed. `in_handshake` tells whom the handshake's credentials stand for now."""
        socket = web.WebSocketResponse(protocols=(PROTOCOL,), heartbeat=HEARTBEAT, max_msg_size=self._largest)
        await socket.prepare(request)
        if socket.ws_protocol != PROTOCOL:
            await socket.close(code=NOT_ACCEPTABLE, message=b"Subprotocol not acceptable")
            return socket
        conversation = _Conversation(self, socket, client, in_handshake)
        self._open.add(conversation)
        await conversation.hold()
        return socket

    async def close(self, _app: web.Application) -> None:
        """Tell everyone that the server goes away."""
        for conversation in set(self._open):
            conversation.end(Closed(WSCloseCode.GOING_AWAY, "Going away"))

    async def run(self, asked: Asked, viewer: Viewer, client: Client) -> tuple[str, Any]:
        """Type and payload of the message that answers an operation."""
        try:
            await self._limit.admit(viewer, client)
        except TooMany as error:
            return "error", [_error(str(error), ErrorCode.RATE_LIMITED, retryAfter=error.retry_after)]
        context = Context(self._database, viewer, client=client, anonymous=self._anonymous)
        answer = await self._executor.run(
            asked.query, asked.variables, asked.operation_name, context, allow_mutations=False
        )
        await self._limit.settle(viewer, client, answer)
        return ("error", answer.body["errors"]) if answer.request_error else ("next", answer.body)


class _Conversation:
    """One socket, from its hello to its end."""

    def __init__(
        self,
        sockets: Sockets,
        socket: web.WebSocketResponse,
        client: Client,
        in_handshake: Callable[[], Awaitable[Shown]],
    ) -> None:
        self._sockets, self._socket, self._client, self._in_handshake = sockets, socket, client, in_handshake
        self._said: CIMultiDict[str] = CIMultiDict()
        self._first: Viewer | None = None
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def hold(self) -> None:
        """Answer messages until either side closes. Only this closes the socket: nobody else is reading then."""
        parts = (asyncio.create_task(self._listen()), asyncio.create_task(self._watch()))
        try:
            done, _ = await asyncio.wait({*parts, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*parts, *self._under_way.values(), self._ended):
                task.cancel()
            await asyncio.gather(*parts, *self._under_way.values(), return_exceptions=True)
        for each in done:
            why = each.exception()
            if isinstance(why, Closed):
                await self._socket.close(code=why.code, message=str(why).encode()[:120])
            elif why is not None:
                raise why

    def end(self, why: Closed) -> None:
        """Let the conversation end, from outside."""
        if not self._ended.done():
            self._ended.set_exception(why)

    async def _listen(self) -> None:
        async for message in self._socket:
            await self._take(_read(message))

    async def _watch(self) -> None:
        await asyncio.sleep(PATIENCE)
        while self._first is not None:
            await self._viewer()
            await asyncio.sleep(RECHECK)
        raise Closed(TIMEOUT, "Connection initialisation timeout")

    async def _take(self, message: dict[str, Any]) -> None:
        match message:
            case {"type": "connection_init"}:
                await self._greet(message.get("payload"))
            case {"type": "ping"}:
                await self._send({"type": "pong"})
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(name), "payload": {"query": _} as payload} if name:
                await self._begin(name, payload)
            case {"type": "complete", "id": str(name)}:
                if task := self._under_way.pop(name, None):
                    task.cancel()
            case _:
                raise Closed(INVALID, "Invalid message")

    async def _greet(self, payload: Any) -> None:
        if self._first is not None:
            raise Closed(AGAIN, "Too many initialisation requests")
        if not isinstance(payload, dict | None):
            raise Closed(INVALID, "Invalid payload")
        names = {name.lower() for name in EXPLICIT}
        said = {name: value for name, value in (payload or {}).items() if name.lower() in names}
        if not all(isinstance(value, str) for value in said.values()):
            raise Closed(FORBIDDEN, "Forbidden")
        self._said.extend(said)
        self._first = await self._viewer()
        await self._send({"type": "connection_ack"})

    async def _viewer(self) -> Viewer:
        """Who asks, now. A credential that held before and does not any more ends the conversation."""
        try:
            shown = await self._in_handshake()
            said = await explicit_viewer(self._said)
        except (BadCredential, TooMany):
            raise Closed(FORBIDDEN, "Forbidden") from None
        if said is not None and shown.viewer.signed_in and shown.viewer.session_id is None:
            raise Closed(FORBIDDEN, "Forbidden")  # two explicit ones
        viewer = said or shown.viewer
        if self._first is not None and self._first.account_id != viewer.account_id:
            raise Closed(FORBIDDEN, "Forbidden")
        return viewer

    async def _begin(self, name: str, payload: dict[str, Any]) -> None:
        if self._first is None:
            raise Closed(UNAUTHORIZED, "Unauthorized")
        if name in self._under_way:
            raise Closed(TAKEN, f"Subscriber for {name[:100]} already exists")
        if len(self._under_way) >= AT_ONCE:
            await self._send(
                {"id": name, "type": "error", "payload": [_error("Too many at once.", ErrorCode.TOO_MANY_ITEMS)]}
            )
            return
        viewer = await self._viewer()
        self._under_way[name] = asyncio.create_task(self._answer(name, payload, viewer))

    async def _answer(self, name: str, payload: dict[str, Any], viewer: Viewer) -> None:
        try:
            parts = (payload.get(part) for part in ("query", "variables", "operationName", "extensions"))
            kind, answer = await self._sockets.run(asked_of(*parts), viewer, self._client)
        except BadRequest as error:
            kind, answer = "error", [_error(str(error), ErrorCode.BAD_INPUT)]
        self._under_way.pop(name, None)
        await self._send({"id": name, "type": kind, "payload": answer})
        if kind == "next":
            await self._send({"id": name, "type": "complete"})

    async def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionError):  # whoever asked has left
            await self._socket.send_str(orjson.dumps(message).decode())


def wants_socket(request: web.Request) -> bool:
    """Whether a request asks for a WebSocket."""
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"


def _read(received: WSMessage) -> dict[str, Any]:
    if received.type is not WSMsgType.TEXT:
        raise Closed(INVALID, "Only text messages")
    try:
        message = orjson.loads(received.data)
    except orjson.JSONDecodeError:
        raise Closed(INVALID, "Invalid message") from None
    if not isinstance(message, dict):
        raise Closed(INVALID, "Invalid message")
    return message


def _error(message: str, code: ErrorCode, **facts: object) -> dict[str, Any]:
    return {"message": message, "extensions": {**facts, "code": code.value}}
