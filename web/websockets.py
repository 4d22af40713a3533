"""
GraphQL over WebSockets, on /graphql: queries, and subscriptions, which are answered nowhere else.

Mutations are sent with POST, where cookies can be set. An address and an account have so many sockets and no more. Events are
counted apart from requests: what is over that limit waits, and then comes as things stand by then.
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
from web.request_limits import RequestLimit, TooMany
from web.socket_protocol import AGAIN, NOT_ACCEPTABLE, PROTOCOL, Closed, error
from web.websocket_connection import Conversation, Message

HEARTBEAT = 30.0
MAX_SOCKETS_PER_ADDRESS = 200
"""Sockets of one address at a time; of IPv6 the /64. Many people may share one."""
MAX_SOCKETS_PER_ACCOUNT = 20
"""Sockets of one account at a time."""


class Sockets:
    """Answers WebSockets, and closes those that are open when the server stops."""

    def __init__(self, executor: Executor, database: Database, settings: Settings, limit: RequestLimit) -> None:
        self._executor, self._database, self._limit = executor, database, limit
        self._anonymous, self._largest = settings.anonymous == "read", settings.max_body
        self._open: WeakSet[Conversation] = WeakSet()
        self._held: Counter[str] = Counter()

    async def answer(
        self, request: web.Request, client: Client, in_handshake: Callable[[], Awaitable[Authentication]]
    ) -> web.WebSocketResponse:
        """Serve one socket until it is closed. `in_handshake` tells whom the handshake's credentials stand for now."""
        socket = web.WebSocketResponse(
            # Pings are answered by the conversation, which counts them.
            protocols=(PROTOCOL,),
            heartbeat=HEARTBEAT,
            max_msg_size=self._largest,
            autoping=False,
            timeout=connections.CLOSE_SECONDS,  # for the client to say that it closes too
        )
        await socket.prepare(request)
        if socket.ws_protocol != PROTOCOL:
            await socket.close(code=NOT_ACCEPTABLE, message=b"Subprotocol not acceptable")
            return socket
        try:
            with self._counted(f"address:{network_of(client.address)}", MAX_SOCKETS_PER_ADDRESS):
                conversation = Conversation(self, socket, client, in_handshake)
                self._open.add(conversation)
                await conversation.hold()
        except Closed as why:
            await socket.close(code=why.code, message=str(why).encode())
        except ConnectionError:
            pass  # the client has left
        return socket

    async def close(self, _app: web.Application) -> None:
        """Tell everyone that the server goes away."""
        for conversation in set(self._open):
            conversation.end(Closed(WSCloseCode.GOING_AWAY, "Going away"))

    @contextmanager
    def admit(self, viewer: Principal) -> Iterator[None]:
        """Count a socket as one of the viewer's inside the block. Raises Closed when there are too many."""
        if not viewer.signed_in:
            yield  # counted by its address
            return
        with self._counted(f"account:{viewer.account_id}", MAX_SOCKETS_PER_ACCOUNT):
            yield

    @contextmanager
    def _counted(self, whose: str, most: int) -> Iterator[None]:
        if self._held[whose] >= most:
            raise Closed(AGAIN, "Too many sockets")
        self._held[whose] += 1
        try:
            yield
        finally:
            self._held[whose] -= 1
            if not self._held[whose]:
                del self._held[whose]

    async def refusal(self, viewer: Principal, client: Client) -> Message | None:
        """Count an operation before its document is read; the message that refuses it when there are too many."""
        try:
            await self._limit.admit(viewer, client)
        except TooMany as over:
            return _refused(over)
        return None

    def subscribes(self, asked: GraphQLRequest) -> bool:
        """Whether it is a subscription."""
        return self._executor.subscribes(asked.query, asked.operation_name)

    async def run(self, asked: GraphQLRequest, viewer: Principal, client: Client) -> Message:
        """Type and payload of the message that answers a query. Raises Unavailable."""
        context = self._context(viewer, client)
        with languages.speaking(context.language):
            answer = await self._executor.run(
                asked.query, asked.variables, asked.operation_name, context, allow_mutations=False
            )
        if answer.unavailable:
            raise answer.unavailable
        await self._limit.settle(viewer, client, answer, asked=asked)
        return ("error", answer.body["errors"]) if answer.request_error else ("next", answer.body)

    async def subscribe(
        self, asked: GraphQLRequest, client: Client, who: Callable[[], Awaitable[Principal]]
    ) -> AsyncGenerator[Message, None]:
        """
        Type and payload of each message that answers a subscription. `who` tells who asks, and is asked for each event,
        as late as possible; what it raises comes through. Raises Unavailable.
        """
        viewer = await who()
        begun = False

        async def fresh() -> Context:
            nonlocal begun, viewer
            viewer = await who()
            if begun and await self._limit.take_turn(viewer, client):
                viewer = await who()
            begun = True
            context = self._context(viewer, client)
            languages.speak(context.language)  # the task answers this subscription alone
            return context

        answers = self._executor.subscribe(asked.query, asked.variables, asked.operation_name, fresh)
        async with aclosing(answers):
            async for answer in answers:
                if answer.unavailable:
                    raise answer.unavailable
                await self._limit.settle(viewer, client, answer, event=True)
                yield ("error", answer.body["errors"]) if answer.request_error else ("next", answer.body)

    def _context(self, viewer: Principal, client: Client) -> Context:
        return Context(self._database, viewer, client=client, anonymous=self._anonymous)


def _refused(over: TooMany) -> tuple[str, list[dict[str, Any]]]:
    return "error", [error(str(over), ErrorCode.RATE_LIMITED, retryAfter=over.retry_after)]


def wants_socket(request: web.Request) -> bool:
    """Whether a request asks for a WebSocket."""
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
