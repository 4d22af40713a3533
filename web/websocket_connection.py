"""
State machine of one WebSocket connection: `graphql-transport-ws`, for queries and subscriptions.

Credentials come in the handshake's headers, or under the same names in the payload of `connection_init`, because browsers
cannot set headers there. They are checked again for every operation, for every delivered event and every few seconds:
a revoked credential closes the socket.
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

from services.auth import sessions
from services.auth.principals import ANONYMOUS, Client, Principal
from services.core.unavailable_log import log_unavailable
from services.errors import ErrorCode, Unavailable
from web.credentials import EXPLICIT, Authentication, BadCredential, authenticate_explicit
from web.graphql_request import BadRequest, GraphQLRequest, request_of
from web.request_limits import TooManyRequests
from web.socket_protocol import (
    ALREADY_SUBSCRIBED,
    BAD_MESSAGE,
    FORBIDDEN,
    INIT_TIMEOUT,
    TOO_MANY,
    UNAUTHORIZED,
    Closed,
    error,
    parse_message,
)

log = structlog.get_logger()

INIT_TIMEOUT_SECONDS = 10.0
"""Seconds in which a client must send `connection_init`."""
RECHECK_SECONDS = 5.0
"""Seconds between two checks of the credential of an idle socket."""
MAX_OPERATIONS_PER_SOCKET = 20
"""Running operations of one socket, subscriptions included."""
MESSAGE_BURST, MESSAGES_PER_SECOND = 200, 20
"""Messages of any kind that a client may send at once, and then per second."""

Message = tuple[str, Any]
"""Type and payload of a message to the client."""


class OperationRunner(Protocol):
    """Runs the operations of a connection."""

    def admit(self, viewer: Principal) -> AbstractContextManager[None]:
        """Count the socket as one of the viewer's inside the block. Raises Closed."""

    async def refusal(self, viewer: Principal, client: Client) -> Message | None:
        """Count an operation before its document is read; the message that refuses it if there are too many."""

    def subscribes(self, request: GraphQLRequest) -> bool:
        """True if the operation is a subscription."""

    async def run(self, request: GraphQLRequest, viewer: Principal, client: Client) -> Message:
        """Answer a query."""

    def subscribe(
        self, request: GraphQLRequest, client: Client, current_viewer: Callable[[], Awaitable[Principal]]
    ) -> AsyncGenerator[Message, None]:
        """Answer a subscription; `current_viewer` authenticates again."""


class WebSocketConnection:
    """One socket. `by_handshake` authenticates the handshake's credentials again."""

    def __init__(
        self,
        runner: OperationRunner,
        socket: web.WebSocketResponse,
        client: Client,
        by_handshake: Callable[[], Awaitable[Authentication]],
    ) -> None:
        self._runner, self._socket, self._client, self._by_handshake = runner, socket, client, by_handshake
        self._init_headers: CIMultiDict[str] = CIMultiDict()
        self._first_viewer: Principal | None = None
        self._session: tuple[int, int] | None = None
        """The session of the handshake's cookie: its number, and how often its secret had been replaced."""
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._counts = ExitStack()
        self._message_credit, self._credited_at = float(MESSAGE_BURST), monotonic()

    async def serve(self) -> None:
        """Answer messages until either side closes. Only this method closes the socket, after its reader has stopped."""
        tasks = (asyncio.create_task(self._read_messages()), asyncio.create_task(self._recheck_credential()))
        try:
            done, _ = await asyncio.wait({*tasks, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._counts.close()
            operations = list(self._operations.values())
            for task in (*tasks, *operations, self._ended):
                task.cancel()
            await asyncio.gather(*tasks, *operations, return_exceptions=True)
        for each in done:
            why = each.exception()
            if isinstance(why, Unavailable):
                why = _try_again_later(why)
            if isinstance(why, Closed):
                await self._socket.close(code=why.code, message=str(why).encode()[:120])
            elif why is not None:
                raise why

    def end(self, why: Closed) -> None:
        """Make `serve` close the socket."""
        if not self._ended.done():
            self._ended.set_exception(why)

    async def _read_messages(self) -> None:
        async for message in self._socket:
            self._count_message()
            if message.type is WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is not WSMsgType.PONG:
                await self._handle_message(parse_message(message))

    def _count_message(self) -> None:
        """Charge a message, a ping or a pong: answering is cheap, but not free. Raises Closed."""
        now = monotonic()
        earned = (now - self._credited_at) * MESSAGES_PER_SECOND
        self._message_credit = min(MESSAGE_BURST, self._message_credit + earned) - 1
        self._credited_at = now
        if self._message_credit < 0:
            raise Closed(TOO_MANY, "Too many messages")

    async def _recheck_credential(self) -> None:
        await asyncio.sleep(INIT_TIMEOUT_SECONDS)
        while self._first_viewer is not None:
            await self._current_viewer()
            await asyncio.sleep(RECHECK_SECONDS)
        raise Closed(INIT_TIMEOUT, "Connection initialisation timeout")

    async def _handle_message(self, message: dict[str, Any]) -> None:
        match message:
            case {"type": "connection_init"}:
                await self._initialise(message.get("payload"))
            case {"type": "ping"}:
                await self._send({"type": "pong"})
            case {"type": "pong"}:
                pass
            case {
                "type": "subscribe",
                "id": str(name),
                "payload": {"query": _} | {"documentId": _} | {"extensions": {"persistedQuery": _}} as payload,
            } if name:
                await self._start_operation(name, payload)
            case {"type": "complete", "id": str(name)}:
                if task := self._operations.pop(name, None):
                    task.cancel()
            case _:
                raise Closed(BAD_MESSAGE, "Invalid message")

    async def _initialise(self, payload: Any) -> None:
        if self._first_viewer is not None:
            raise Closed(TOO_MANY, "Too many initialisation requests")
        if not isinstance(payload, dict | None):
            raise Closed(BAD_MESSAGE, "Invalid payload")
        names = {name.lower() for name in EXPLICIT}
        # JSON clients write null for a header that they leave out.
        sent = {name: value for name, value in (payload or {}).items() if name.lower() in names and value is not None}
        if not all(isinstance(value, str) for value in sent.values()):
            raise Closed(FORBIDDEN, "Forbidden")
        self._init_headers.extend(sent)
        viewer = await self._current_viewer()
        self._counts.enter_context(self._runner.admit(viewer))
        self._first_viewer = viewer
        await self._send({"type": "connection_ack"})

    async def _current_viewer(self) -> Principal:
        """Authenticate again. Raises Closed, also if a credential is no longer valid or belongs to another person now."""
        try:
            by_handshake = await self._handshake_viewer()
            explicit = await authenticate_explicit(self._init_headers)
        except (BadCredential, TooManyRequests):
            raise Closed(FORBIDDEN, "Forbidden") from None
        if explicit is not None and by_handshake.signed_in and by_handshake.session_id is None:
            raise Closed(FORBIDDEN, "Forbidden")  # two tokens or API keys
        viewer = explicit or by_handshake
        if self._first_viewer is not None and self._first_viewer.account_id != viewer.account_id:
            raise Closed(FORBIDDEN, "Forbidden")
        if self._first_viewer is not None and self._first_viewer.profile_id != viewer.profile_id:
            # Profiles were merged: the running operations belong to the other profile.
            raise Closed(WSCloseCode.SERVICE_RESTART, "Connect again")
        return viewer

    async def _handshake_viewer(self) -> Principal:
        """
        The principal of the handshake's credentials. A session is found again by itself and not by the cookie of the
        handshake: the person who elevates it gets another cookie, and keeps the sockets.
        """
        session = self._session
        if session is not None:
            return await sessions.authenticate_open(*session) or ANONYMOUS
        principal = (await self._by_handshake()).principal
        if principal.session_id is not None:
            self._session = principal.session_id, principal.session_renewals
        return principal

    async def _start_operation(self, name: str, payload: dict[str, Any]) -> None:
        if self._first_viewer is None:
            raise Closed(UNAUTHORIZED, "Unauthorized")
        if name in self._operations:
            raise Closed(ALREADY_SUBSCRIBED, f"Subscriber for {name[:100]} already exists")
        if len(self._operations) >= MAX_OPERATIONS_PER_SOCKET:
            await self._refuse(name, error("Too many operations at once.", ErrorCode.TOO_MANY_ITEMS))
            return
        viewer = await self._current_viewer()
        try:
            request = request_of(payload)
        except BadRequest as bad:
            await self._refuse(name, error(str(bad), bad.code))
            return
        self._operations[name] = asyncio.create_task(self._run_operation(name, request, viewer))

    async def _run_operation(self, name: str, request: GraphQLRequest, viewer: Principal) -> None:
        if refusal := await self._runner.refusal(viewer, self._client):
            kind, payload = refusal
            self._operations.pop(name, None)
            await self._send({"id": name, "type": kind, "payload": payload})
        elif self._runner.subscribes(request):
            await self._answer_subscription(name, request)
        else:
            await self._answer_query(name, request, viewer)

    async def _answer_query(self, name: str, request: GraphQLRequest, viewer: Principal) -> None:
        try:
            kind, payload = await self._runner.run(request, viewer, self._client)
        except Exception as error:  # noqa: BLE001 - the client must not wait forever, whatever failed
            self._end_because(error)
            return
        self._operations.pop(name, None)
        await self._send({"id": name, "type": kind, "payload": payload})
        if kind == "next":
            await self._send({"id": name, "type": "complete"})

    async def _answer_subscription(self, name: str, request: GraphQLRequest) -> None:
        # The next answer is read after the client has taken the last one: the source bounds what waits for a slow client.
        kind = "next"
        try:
            async with aclosing(self._runner.subscribe(request, self._client, self._current_viewer)) as answers:
                async for kind, payload in answers:
                    await self._send({"id": name, "type": kind, "payload": payload})
        except Exception as error:  # noqa: BLE001 - as above
            self._end_because(error)
            return
        self._operations.pop(name, None)
        if kind == "next":
            await self._send({"id": name, "type": "complete"})

    def _end_because(self, error: Exception) -> None:
        """End the connection because an operation raised this."""
        if isinstance(error, Unavailable):
            error = _try_again_later(error)
        elif not isinstance(error, Closed):
            log.error("operation.failed", exc_info=error)
            error = Closed(WSCloseCode.INTERNAL_ERROR, "Internal error")
        self.end(error)

    async def _refuse(self, name: str, why: dict[str, Any]) -> None:
        await self._send({"id": name, "type": "error", "payload": [why]})

    async def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionError):  # the client has left
            await self._socket.send_str(orjson.dumps(message).decode())


def _try_again_later(error: Unavailable) -> Closed:
    """The close of a socket while a dependency is unavailable. Logs the reason."""
    log_unavailable(error)
    return Closed(WSCloseCode.TRY_AGAIN_LATER, "Try again later")
