"""
Limits of connections: their number, the time to send a request's head, and the time to read a response.

aiohttp limits sizes and idle connections, but none of these. A connection over a limit is closed at once, so that the
process never runs out of file descriptors: without them no client could connect and the database could not be opened.
"""

# ruff: noqa: SLF001
# Private parts of aiohttp are used here, because it has no public hook for connections: `_make_server`, `_kwargs` and `_loop`
# to create our request handler; `_waiter`, `_messages`, `_payload_parser`, `_current_request`, `_request_count`,
# `_force_close` and `_ErrInfo` to know what a connection waits for. Public limits in aiohttp for connections and for the
# time of a request's head, or a proxy in front that always enforces both, would replace this module. aiohttp's version is
# pinned, and tests/hostile/test_connections.py fails if a new one changes these parts.

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
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

HEAD_SECONDS = 10.0
"""Time for a request's head to arrive, from its first byte; for the first request, from the connection."""
WRITE_SECONDS = 20.0
"""Time in which a client must read some of a waiting response."""
CLOSE_SECONDS = 5.0
"""Time in which a client must read the rest once the connection is being closed."""
WATCH_SECONDS = 1.0
"""Time between two checks of all connections."""
SOCKET_BYTES, SOCKET_BYTES_PER_SECOND = 1_048_576, 131_072
"""Bytes that a WebSocket's client may send at once, and then per second; control frames and fragments count too."""
RESERVED_FILES = 64
"""Open files besides connections and the database pool: the database's own, libraries, log, images."""
MAX_FILES = 1_048_576
"""The soft limit of open files is raised to the hard one, at most to this: some systems have no hard limit."""
MIN_CONNECTIONS = 16
FULL_BODY: Final = orjson.dumps(
    {"errors": [{"message": "Too many connections.", "extensions": {"code": ErrorCode.UNAVAILABLE.value}}]}
)
FULL_RESPONSE: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(FULL_BODY), FULL_BODY)
)

log = structlog.get_logger(__name__)


class ConnectionCounts:
    """Counts open connections: in total and per address (IPv6: per /64)."""

    def __init__(self, settings: Settings) -> None:
        """Raise BadSetting for proxies that cannot be used."""
        self.max_total = max_connections(settings, raise_file_limit())
        # One address never gets all connections.
        self.max_of_address = min(settings.max_connections_per_address, max(1, self.max_total // 2))
        self._trusted: Trusted = trusted_of(settings)
        self._open_of: Counter[str] = Counter()
        self.total = 0
        self._refused = 0

    def acquire(self, peer: str) -> str | None:
        """Count a connection; returns the key for `release`, or None if there are too many already."""
        owner = "" if is_proxy(peer, self._trusted) else network_of(peer)
        if self.total >= self.max_total or (owner and self._open_of[owner] >= self.max_of_address):
            self._refused += 1
            return None
        self.total += 1
        self._open_of[owner] += 1
        return owner

    def release(self, owner: str) -> None:
        """Count a closed connection."""
        self.total -= 1
        self._open_of[owner] -= 1
        if not self._open_of[owner]:
            del self._open_of[owner]

    def log_refused(self) -> None:
        """Log how many connections were refused since the last call."""
        if self._refused:
            log.warning("connections.refused", count=self._refused, open=self.total)
            self._refused = 0


def raise_file_limit() -> int | None:
    """Raise the soft limit of open files to the hard one; returns the limit, None if there is none."""
    if resource is None:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # the system allows less than its hard limit
            return soft
        return wanted
    return None if soft == resource.RLIM_INFINITY else soft


def max_connections(settings: Settings, files: int | None) -> int:
    """How many connections fit into the limit of open files, at most `settings.max_connections`."""
    if files is None:
        return settings.max_connections
    return min(settings.max_connections, max(MIN_CONNECTIONS, files - RESERVED_FILES - settings.database_pool))


class _Connection(web.RequestHandler):
    """One connection of aiohttp, with limits."""

    __slots__ = (
        "_bytes_credited_at",
        "_bytes_left",
        "_closing_since",
        "_counts",
        "_head_since",
        "_owner",
        "_paused_since",
        "_socket",
    )

    def __init__(self, counts: ConnectionCounts, manager: web.Server, **arguments: Any) -> None:
        super().__init__(manager, **arguments)
        self._counts = counts
        self._owner: str | None = None
        self._socket: asyncio.Transport | None = None
        # In the loop's time; 0 if not the case now.
        self._head_since = self._paused_since = self._closing_since = 0.0
        self._bytes_left, self._bytes_credited_at = float(SOCKET_BYTES), 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self._owner = self._counts.acquire(peer[0] if isinstance(peer, tuple) and peer else "")
        if self._owner is None:
            self._force_close = True
            transport.write(FULL_RESPONSE)  # type: ignore[attr-defined]  # aiohttp's transports can write
            transport.close()
            return
        self._socket = transport  # type: ignore[assignment]
        self._head_since = self._loop.time()
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        owner, self._owner = self._owner, None
        if owner is not None:
            self._counts.release(owner)
        self._socket = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._payload_parser is not None and not self._within_byte_rate(len(data)):
            if self._socket:
                self._socket.abort()
            return
        super().data_received(data)
        if self._messages:
            self._fail_broken_body()
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
        """Close the connection if its client exceeded a time limit."""
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
        """The response to malformed HTTP, which is not logged, and to a failure outside of handlers."""
        if request.writer.output_size > 0:
            raise ConnectionError("The response has begun: no other can be sent.")
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            response: web.Response = _BareResponse(
                failures.error_response(status, "The request is not valid HTTP.", ErrorCode.BAD_INPUT)
            )
        else:
            response = _BareResponse(failures.internal_error_response(exc or RuntimeError(message)))
        response.force_close()
        return response

    def _fail_broken_body(self) -> None:
        """
        Fail the current request if the rest of its body is malformed HTTP.

        aiohttp's parser drops the body and queues a response of its own: the request would wait forever.
        """
        request, last = self._current_request, self._messages[-1][0]
        if request is not None and isinstance(last, _ErrInfo) and not request.content.is_eof():
            self._messages.clear()  # one response is enough
            request.content.set_exception(RequestPayloadError())

    def _is_waiting(self) -> bool:
        """True if it waits for a request's head."""
        return self._waiter is not None and not self._waiter.done()

    def _within_byte_rate(self, count: int) -> bool:
        now = self._loop.time()
        since, self._bytes_credited_at = self._bytes_credited_at or now, now
        self._bytes_left = min(SOCKET_BYTES, self._bytes_left + (now - since) * SOCKET_BYTES_PER_SECOND) - count
        return self._bytes_left >= 0


class _BareResponse(web.Response):
    """A response outside of the application and its signals: without the server's name and version."""

    def __init__(self, made: web.Response) -> None:
        super().__init__(status=made.status, body=made.body, headers={**made.headers, "Cache-Control": "no-store"})

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall("Server", None)


def _refusing_as_json(handler: Callable[[Any], Awaitable[web.StreamResponse]]) -> Any:
    """A handler whose refusals are JSON even if aiohttp refuses before any middleware (the Expect header)."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < HTTPStatus.BAD_REQUEST:
                raise
            return failures.as_json(error)

    return handle


class _Server(web.Server):
    """Creates connections with limits."""

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
    """aiohttp's application runner, with limits of connections."""

    def __init__(self, app: web.Application, settings: Settings, **arguments: Any) -> None:
        """Raise BadSetting for proxies that cannot be used."""
        super().__init__(app, **arguments)
        self.counts = ConnectionCounts(settings)

    async def _make_server(self) -> web.Server:
        return _Server(self.counts, await super()._make_server())

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Close overdue connections while the block runs."""
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
            self.counts.log_refused()
            for connection in self.server.connections if self.server else ():
                if isinstance(connection, _Connection):
                    connection.close_if_overdue(loop.time())
