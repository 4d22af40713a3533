"""
Connections: how many there may be, and how long one may take to send a request or to read its answer.

aiohttp bounds sizes and idle connections, but neither the number of connections, nor the time for a request's head, nor the
time for which a client may leave an answer unread. A connection over a limit is closed at once, so that the process
never runs out of files: then nobody could connect, and the database could not be opened either.
"""

# ruff: noqa: SLF001 - aiohttp has no public way to its server's arguments

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

import orjson
import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError, _ErrInfo

from services.core.rate_limits import network_of
from services.errors import ErrorCode
from settings import Settings
from web import failures
from web.client import Trusted, is_proxy, trusted_of

try:
    import resource
except ImportError:  # there is none for Windows
    resource = None  # type: ignore[assignment]

HEAD_SECONDS = 10.0
"""Time in which the head of a request has to arrive, from its first byte, or from the connection for the first request."""
WRITE_SECONDS = 20.0
"""Time in which a client has to take some of an answer that waits for it."""
CLOSE_SECONDS = 5.0
"""Time in which a client has to take the rest once the connection is being closed."""
WATCH_SECONDS = 1.0
"""Time between two looks at all connections."""
SOCKET_BYTES, SOCKET_BYTES_PER_SECOND = 1_048_576, 131_072
"""Bytes that a WebSocket's client may send at once, and then in each second: frames that are no messages count too."""
RESERVED_FILES = 64
"""Open files beside connections and the database's pool: the database's own, libraries, log, pictures."""
MAX_FILES = 1_048_576
"""The soft limit of open files is raised to the hard one, up to this: some systems have no hard one."""
MIN_CONNECTIONS = 16
FULL: Final = orjson.dumps(
    {"errors": [{"message": "Too many connections.", "extensions": {"code": ErrorCode.UNAVAILABLE.value}}]}
)
FULL_ANSWER: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(FULL), FULL)
)

log = structlog.get_logger(__name__)


class ConnectionCounts:
    """Connections that are open: all of them, and those of each address (of IPv6, of each /64)."""

    def __init__(self, settings: Settings) -> None:
        """Raise BadSetting for proxies that cannot be used."""
        self.max_total = max_connections(settings, raise_file_limit())
        # One address never gets all of them.
        self.max_of_address = min(settings.max_connections_per_address, max(1, self.max_total // 2))
        self._trusted: Trusted = trusted_of(settings)
        self._of: Counter[str] = Counter()
        self.total = 0
        self._refused = 0

    def take(self, peer: str) -> str | None:
        """Count a connection and return what to give back for it; None when there are too many already."""
        whose = "" if is_proxy(peer, self._trusted) else network_of(peer)
        if self.total >= self.max_total or (whose and self._of[whose] >= self.max_of_address):
            self._refused += 1
            return None
        self.total += 1
        self._of[whose] += 1
        return whose

    def give_back(self, whose: str) -> None:
        """One connection fewer."""
        self.total -= 1
        self._of[whose] -= 1
        if not self._of[whose]:
            del self._of[whose]

    def tell_refused(self) -> None:
        """Tell the log how many were refused since it was told last."""
        if self._refused:
            log.warning("connections_refused", count=self._refused, open=self.total)
            self._refused = 0


def raise_file_limit() -> int | None:
    """Raise the soft limit of open files to the hard one; returns the limit, None where there is none."""
    if resource is None:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # a system that allows less than it says
            return soft
        return wanted
    return None if soft == resource.RLIM_INFINITY else soft


def max_connections(settings: Settings, files: int | None) -> int:
    """How many connections fit below the limit of open files, at most MAX_CONNECTIONS."""
    if files is None:
        return settings.max_connections
    return min(settings.max_connections, max(MIN_CONNECTIONS, files - RESERVED_FILES - settings.database_pool))


class _Connection(web.RequestHandler):
    """One connection, as aiohttp serves it, with times and numbers watched."""

    __slots__ = (
        "_bytes_credited_at",
        "_bytes_left",
        "_closing_since",
        "_counts",
        "_head_since",
        "_paused_since",
        "_socket",
        "_whose",
    )

    def __init__(self, counts: ConnectionCounts, manager: web.Server, **arguments: Any) -> None:
        super().__init__(manager, **arguments)
        self._counts = counts
        self._whose: str | None = None
        self._socket: asyncio.Transport | None = None
        # Moments in the loop's time; 0: it is not so now.
        self._head_since = self._paused_since = self._closing_since = 0.0
        self._bytes_left, self._bytes_credited_at = float(SOCKET_BYTES), 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self._whose = self._counts.take(peer[0] if isinstance(peer, tuple) and peer else "")
        if self._whose is None:
            self._force_close = True
            transport.write(FULL_ANSWER)  # type: ignore[attr-defined]  # aiohttp's protocols get no other transport
            transport.close()
            return
        self._socket = transport  # type: ignore[assignment]
        self._head_since = self._loop.time()
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        whose, self._whose = self._whose, None
        if whose is not None:
            self._counts.give_back(whose)
        self._socket = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._payload_parser is not None and not self._pays_for(len(data)):
            if self._socket:
                self._socket.abort()
            return
        super().data_received(data)
        if self._messages:
            self._give_up_broken_body()
        if self._is_waiting():
            if data and not self._head_since:
                self._head_since = self._loop.time()
        elif self._request_count:
            self._head_since = 0.0

    def pause_writing(self) -> None:
        super().pause_writing()
        self._paused_since = self._loop.time()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._paused_since = 0.0

    def close_if_overdue(self, now: float) -> None:
        """Close the connection when its client has let a time pass."""
        socket = self._socket
        if socket is None:
            return
        if socket.is_closing():
            self._closing_since = self._closing_since or now
            if now - self._closing_since > CLOSE_SECONDS:
                socket.abort()
        elif self._paused_since and now - self._paused_since > WRITE_SECONDS:
            socket.abort()
        elif self._head_since and now - self._head_since > HEAD_SECONDS and self._is_waiting():
            self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is not HTTP, which is not worth a line in the log, and to a failure outside of handlers."""
        if request.writer.output_size > 0:
            raise ConnectionError("The answer has begun: another one cannot be sent.")
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            response: web.Response = _Bare(failures.answer(status, "That is not HTTP.", ErrorCode.BAD_INPUT))
        else:
            response = _Bare(failures.bug(exc or RuntimeError(message)))
        response.force_close()
        return response

    def _give_up_broken_body(self) -> None:
        """
        Let the request under way know when the rest of its body turned out to be no HTTP.

        aiohttp's parser then forgets the body and queues an answer of its own: the request would wait for ever.
        """
        request, last = self._current_request, self._messages[-1][0]
        if request is not None and isinstance(last, _ErrInfo) and not request.content.is_eof():
            self._messages.clear()  # one answer is enough
            request.content.set_exception(RequestPayloadError())

    def _is_waiting(self) -> bool:
        """Whether it waits for the head of a request."""
        return self._waiter is not None and not self._waiter.done()

    def _pays_for(self, count: int) -> bool:
        now = self._loop.time()
        since, self._bytes_credited_at = self._bytes_credited_at or now, now
        self._bytes_left = min(SOCKET_BYTES, self._bytes_left + (now - since) * SOCKET_BYTES_PER_SECOND) - count
        return self._bytes_left >= 0


class _Bare(web.Response):
    """An answer outside of the application, whose signals do not reach it: without the name and version of the server."""

    def __init__(self, made: web.Response) -> None:
        super().__init__(status=made.status, body=made.body, headers={**made.headers, "Cache-Control": "no-store"})

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall("Server", None)


def _refusing_as_json(handler: Callable[[Any], Awaitable[web.StreamResponse]]) -> Any:
    """The handler, whose refusals are JSON also where aiohttp refuses before any middleware (the header Expect)."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < HTTPStatus.BAD_REQUEST:
                raise
            return failures.as_json(error)

    return handle


class _Server(web.Server):
    """Makes connections that are counted and watched."""

    def __init__(self, counts: ConnectionCounts, made: web.Server) -> None:
        super().__init__(
            _refusing_as_json(made.request_handler),
            request_factory=made.request_factory,
            loop=made._loop,
            **made._kwargs,
        )
        self._counts = counts

    def __call__(self) -> web.RequestHandler:
        return _Connection(self._counts, self, loop=self._loop, **self._kwargs)


class WatchedRunner(web.AppRunner):
    """aiohttp's runner of an application, with connections that are counted and watched."""

    def __init__(self, app: web.Application, settings: Settings, **arguments: Any) -> None:
        """Raise BadSetting for proxies that cannot be used."""
        super().__init__(app, **arguments)
        self.counts = ConnectionCounts(settings)

    async def _make_server(self) -> web.Server:
        return _Server(self.counts, await super()._make_server())

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Close connections that are overdue, inside the block."""
        task = asyncio.create_task(self._watch(), name="connections")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            self.counts.tell_refused()
            for connection in self.server.connections if self.server else ():
                if isinstance(connection, _Connection):
                    connection.close_if_overdue(loop.time())
