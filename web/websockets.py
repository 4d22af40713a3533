"""
GraphQL over WebSockets on /graphql: queries, and subscriptions, which are answered nowhere else.

Mutations need POST, where cookies can be set. The sockets of an address and of an account are limited. Events have a rate
limit of their own: an event over it waits, and is then answered with the state of that moment.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Any
from weakref import WeakSet

from aiohttp import WSCloseCode, hdrs, web

from catalogue import languages
from execution.executor import Executor
from models.database import Database
from resolvers.base.context import Context
from services.auth.principals import Client, Principal
from services.core.rate_limits import network_of
from services.errors import ErrorCode
from settings import Settings
from web import connections
from web.credentials import Authentication
from web.graphql_request import GraphQLRequest
from web.request_limits import RequestLimit, TooManyRequests
from web.socket_protocol import NOT_ACCEPTABLE, PROTOCOL, TOO_MANY, Closed, error
from web.websocket_connection import Message, WebSocketConnection

HEARTBEAT_SECONDS = 30.0
MAX_SOCKETS_PER_ADDRESS = 200
"""Open sockets of one address (IPv6: of one /64). Many people may share one."""
MAX_SOCKETS_PER_ACCOUNT = 20
"""Open sockets of one account."""


class WebSocketEndpoint:
    """Answers WebSockets, and closes the open ones when the server stops."""

    def __init__(self, executor: Executor, database: Database, settings: Settings, limit: RequestLimit) -> None:
        self._executor, self._database, self._limit = executor, database, limit
        self._anonymous, self._max_message_bytes = settings.anonymous == "read", settings.max_body
        self._connections: WeakSet[WebSocketConnection] = WeakSet()
        self._open: Counter[str] = Counter()

    async def answer(
        self, request: web.Request, client: Client, by_handshake: Callable[[], Awaitable[Authentication]]
    ) -> web.WebSocketResponse:
        """Serve one socket until it is closed. `by_handshake` authenticates the handshake's credentials again."""
        socket = web.WebSocketResponse(
            protocols=(PROTOCOL,),
            heartbeat=HEARTBEAT_SECONDS,
            max_msg_size=self._max_message_bytes,
            autoping=False,  # the connection answers pings, and counts them
            timeout=connections.CLOSE_SECONDS,  # for the client's close frame
        )
        await socket.prepare(request)
        if socket.ws_protocol != PROTOCOL:
            await socket.close(code=NOT_ACCEPTABLE, message=b"Subprotocol not acceptable")
            return socket
        try:
            with self._counted(f"address:{network_of(client.address)}", MAX_SOCKETS_PER_ADDRESS):
                connection = WebSocketConnection(self, socket, client, by_handshake)
                self._connections.add(connection)
                await connection.serve()
        except Closed as why:
            await socket.close(code=why.code, message=str(why).encode())
        except ConnectionError:
            pass  # the client has left
        return socket

    async def close(self, _app: web.Application) -> None:
        """Close every socket because the server stops."""
        for connection in set(self._connections):
            connection.end(Closed(WSCloseCode.GOING_AWAY, "Going away"))

    @contextmanager
    def admit(self, viewer: Principal) -> Iterator[None]:
        """Count a socket as one of the viewer's inside the block. Raises Closed if there are too many."""
        if not viewer.signed_in:
            yield  # counted by its address
            return
        with self._counted(f"account:{viewer.account_id}", MAX_SOCKETS_PER_ACCOUNT):
            yield

    @contextmanager
    def _counted(self, owner: str, limit: int) -> Iterator[None]:
        if self._open[owner] >= limit:
            raise Closed(TOO_MANY, "Too many sockets")
        self._open[owner] += 1
        try:
            yield
        finally:
            self._open[owner] -= 1
            if not self._open[owner]:
                del self._open[owner]

    async def refusal(self, viewer: Principal, client: Client) -> Message | None:
        """Count an operation before its document is read; the message that refuses it if there are too many."""
        try:
            await self._limit.admit(viewer, client)
        except TooManyRequests as over:
            return _refusal_message(over)
        return None

    def subscribes(self, request: GraphQLRequest) -> bool:
        """True if the operation is a subscription."""
        return self._executor.subscribes(request.query, request.operation_name)

    async def run(self, request: GraphQLRequest, viewer: Principal, client: Client) -> Message:
        """Type and payload of the message that answers a query. Raises Unavailable."""
        context = self._context(viewer, client)
        with languages.using_language(context.language):
            answer = await self._executor.run(
                request.query, request.variables, request.operation_name, context, allow_mutations=False
            )
        if answer.unavailable:
            raise answer.unavailable
        await self._limit.settle(viewer, client, answer, request=request)
        if not answer.request_error:
            request.register()
        return ("error", answer.body["errors"]) if answer.request_error else ("next", answer.body)

    async def subscribe(
        self, request: GraphQLRequest, client: Client, current_viewer: Callable[[], Awaitable[Principal]]
    ) -> AsyncGenerator[Message, None]:
        """
        Type and payload of each message that answers a subscription. `current_viewer` is called for each event, as late
        as possible, and may raise. Raises Unavailable.
        """
        viewer = await current_viewer()
        begun = False

        async def new_context() -> Context:
            nonlocal begun, viewer
            viewer = await current_viewer()
            if begun and await self._limit.take_turn(viewer, client):
                viewer = await current_viewer()
            begun = True
            context = self._context(viewer, client)
            languages.set_language(context.language)  # this task answers nothing else
            return context

        answers = self._executor.subscribe(request.query, request.variables, request.operation_name, new_context)
        async with aclosing(answers):
            async for answer in answers:
                if answer.unavailable:
                    raise answer.unavailable
                await self._limit.settle(viewer, client, answer, event=True)
                if not answer.request_error:
                    request.register()
                yield ("error", answer.body["errors"]) if answer.request_error else ("next", answer.body)

    def _context(self, viewer: Principal, client: Client) -> Context:
        return Context(self._database, viewer, client=client, anonymous=self._anonymous)


def _refusal_message(over: TooManyRequests) -> tuple[str, list[dict[str, Any]]]:
    return "error", [error(str(over), ErrorCode.RATE_LIMITED, retryAfter=over.retry_after)]


def wants_socket(request: web.Request) -> bool:
    """True if the request upgrades to a WebSocket."""
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
