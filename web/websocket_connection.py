"""
One WebSocket, from its hello to its end: `graphql-transport-ws`, for queries and subscriptions.

Who asks is said by the handshake's headers, or by the same names in the payload of `connection_init`, since browsers cannot
set headers there. It is asked again for every operation, for every event that is delivered and every few seconds: what
was revoked closes the socket.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack, aclosing
from time import monotonic
from typing import Any, Protocol

import orjson
import structlog
from aiohttp import WSCloseCode, WSMsgType, web
from multidict import CIMultiDict

from services.auth.principals import Client, Principal
from services.errors import ErrorCode, Unavailable
from web.credentials import EXPLICIT, Authentication, BadCredential, authenticate_explicit
from web.graphql_request import BadRequest, GraphQLRequest, request_of
from web.request_limits import TooMany
from web.socket_protocol import AGAIN, FORBIDDEN, INVALID, TAKEN, TIMEOUT, UNAUTHORIZED, Closed, error, read
from web.unavailable import note

log = structlog.get_logger()

INIT_TIMEOUT_SECONDS = 10.0
"""Seconds that a client has to say hello."""
RECHECK_SECONDS = 5.0
"""Seconds between two looks whether the credential still holds."""
MAX_OPERATIONS_PER_SOCKET = 20
"""Operations of one socket under way at a time, subscriptions among them."""
MESSAGE_BURST, MESSAGES_PER_SECOND = 200, 20
"""Messages of any kind that a client may send at once, and then in each second."""

Message = tuple[str, Any]
"""Type and payload of what is sent to the client."""


class Answers(Protocol):
    """What a conversation needs of the server."""

    def admit(self, viewer: Principal) -> AbstractContextManager[None]:
        """Count the socket as one of the viewer's inside the block. Raises Closed."""

    async def refusal(self, viewer: Principal, client: Client) -> Message | None:
        """Count an operation before its document is read; the message that refuses it when there are too many."""

    def subscribes(self, asked: GraphQLRequest) -> bool:
        """Whether it is a subscription."""

    async def run(self, asked: GraphQLRequest, viewer: Principal, client: Client) -> Message:
        """Answer an operation."""

    def subscribe(
        self, asked: GraphQLRequest, client: Client, who: Callable[[], Awaitable[Principal]]
    ) -> AsyncGenerator[Message, None]:
        """Answer a subscription; `who` tells who asks now."""


class Conversation:
    """One socket. `in_handshake` tells whom the handshake's credentials stand for now."""

    def __init__(
        self,
        answers: Answers,
        socket: web.WebSocketResponse,
        client: Client,
        in_handshake: Callable[[], Awaitable[Authentication]],
    ) -> None:
        self._answers, self._socket, self._client, self._in_handshake = answers, socket, client, in_handshake
        self._said: CIMultiDict[str] = CIMultiDict()
        self._first: Principal | None = None
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._counted = ExitStack()
        self._credit, self._credited_at = float(MESSAGE_BURST), monotonic()

    async def hold(self) -> None:
        """Answer messages until either side closes. Only this closes the socket: nobody else is reading then."""
        parts = (asyncio.create_task(self._listen()), asyncio.create_task(self._watch()))
        try:
            done, _ = await asyncio.wait({*parts, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._counted.close()
            under_way = list(self._under_way.values())
            for task in (*parts, *under_way, self._ended):
                task.cancel()
            await asyncio.gather(*parts, *under_way, return_exceptions=True)
        for each in done:
            why = each.exception()
            if isinstance(why, Unavailable):
                why = _try_again_later(why)
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
            self._pay()
            if message.type is WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is not WSMsgType.PONG:
                await self._take(read(message))

    def _pay(self) -> None:
        """Count a message, a ping or a pong: answering costs little, but not nothing. Raises Closed."""
        now = monotonic()
        self._credit = min(MESSAGE_BURST, self._credit + (now - self._credited_at) * MESSAGES_PER_SECOND) - 1
        self._credited_at = now
        if self._credit < 0:
            raise Closed(AGAIN, "Too many messages")

    async def _watch(self) -> None:
        await asyncio.sleep(INIT_TIMEOUT_SECONDS)
        while self._first is not None:
            await self._viewer()
            await asyncio.sleep(RECHECK_SECONDS)
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
        # Null is how clients of JSON leave a header out.
        said = {name: value for name, value in (payload or {}).items() if name.lower() in names and value is not None}
        if not all(isinstance(value, str) for value in said.values()):
            raise Closed(FORBIDDEN, "Forbidden")
        self._said.extend(said)
        viewer = await self._viewer()
        self._counted.enter_context(self._answers.admit(viewer))
        self._first = viewer
        await self._send({"type": "connection_ack"})

    async def _viewer(self) -> Principal:
        """Who asks, now. A credential that held before and does not any more ends the conversation."""
        try:
            by_handshake = (await self._in_handshake()).principal
            explicit = await authenticate_explicit(self._said)
        except (BadCredential, TooMany):
            raise Closed(FORBIDDEN, "Forbidden") from None
        if explicit is not None and by_handshake.signed_in and by_handshake.session_id is None:
            raise Closed(FORBIDDEN, "Forbidden")  # two explicit ones
        viewer = explicit or by_handshake
        if self._first is not None and self._first.account_id != viewer.account_id:
            raise Closed(FORBIDDEN, "Forbidden")
        if self._first is not None and self._first.profile_id != viewer.profile_id:
            raise Closed(
                WSCloseCode.SERVICE_RESTART, "Connect again"
            )  # merged: what runs here was begun as another person
        return viewer

    async def _begin(self, name: str, payload: dict[str, Any]) -> None:
        if self._first is None:
            raise Closed(UNAUTHORIZED, "Unauthorized")
        if name in self._under_way:
            raise Closed(TAKEN, f"Subscriber for {name[:100]} already exists")
        if len(self._under_way) >= MAX_OPERATIONS_PER_SOCKET:
            await self._refuse(name, error("Too many at once.", ErrorCode.TOO_MANY_ITEMS))
            return
        viewer = await self._viewer()
        try:
            asked = request_of(*(payload.get(part) for part in ("query", "variables", "operationName", "extensions")))
        except BadRequest as bad:
            await self._refuse(name, error(str(bad), ErrorCode.BAD_INPUT))
            return
        self._under_way[name] = asyncio.create_task(self._work(name, asked, viewer))

    async def _work(self, name: str, asked: GraphQLRequest, viewer: Principal) -> None:
        if refusal := await self._answers.refusal(viewer, self._client):
            kind, answer = refusal
            self._under_way.pop(name, None)
            await self._send({"id": name, "type": kind, "payload": answer})
        elif self._answers.subscribes(asked):
            await self._follow(name, asked)
        else:
            await self._answer(name, asked, viewer)

    async def _answer(self, name: str, asked: GraphQLRequest, viewer: Principal) -> None:
        try:
            kind, answer = await self._answers.run(asked, viewer, self._client)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must not wait for ever
            self._end_because(error)
            return
        self._under_way.pop(name, None)
        await self._send({"id": name, "type": kind, "payload": answer})
        if kind == "next":
            await self._send({"id": name, "type": "complete"})

    async def _follow(self, name: str, asked: GraphQLRequest) -> None:
        # Nothing is read from the source while a slow client has not taken what was sent: it is the source's to bound.
        kind = "next"
        try:
            async with aclosing(self._answers.subscribe(asked, self._client, self._viewer)) as answers:
                async for kind, answer in answers:
                    await self._send({"id": name, "type": kind, "payload": answer})
        except Exception as error:  # noqa: BLE001 - as above
            self._end_because(error)
            return
        self._under_way.pop(name, None)
        if kind == "next":
            await self._send({"id": name, "type": "complete"})

    def _end_because(self, error: Exception) -> None:
        """End the conversation with what an operation raised."""
        if isinstance(error, Unavailable):
            error = _try_again_later(error)
        elif not isinstance(error, Closed):
            log.error("operation_failed", exc_info=error)
            error = Closed(WSCloseCode.INTERNAL_ERROR, "Internal error")
        self.end(error)

    async def _refuse(self, name: str, why: dict[str, Any]) -> None:
        await self._send({"id": name, "type": "error", "payload": [why]})

    async def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionError):  # whoever asked has left
            await self._socket.send_str(orjson.dumps(message).decode())


def _try_again_later(error: Unavailable) -> Closed:
    """How a socket is closed while something is away that the server needs. Tells the log."""
    note(error)
    return Closed(WSCloseCode.TRY_AGAIN_LATER, "Try again later")
