"""
Request bodies, read within limits of bytes and time.

Compressed bodies are inflated here, up to the limit. aiohttp would inflate them to their end on every path, even after
the response, so the application switches that off (`HANDLER_ARGUMENTS`).
"""

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Any, Final

from aiohttp import ClientPayloadError, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

from web.graphql_request import BadRequest

ENCODINGS: Final = ("gzip", "x-gzip", "deflate")
BODY_SECONDS: Final = 20.0
"""Time for the whole body of a request, uploads excepted."""
LINGER_SECONDS: Final = 2.0
"""Time in which the rest of a refused body is read and discarded, so that the client can read the response."""
KEEP_ALIVE_SECONDS: Final = 75.0
"""Time that an idle connection stays open; longer than the 60 seconds after which common proxies close theirs."""
HANDLER_ARGUMENTS: Final[dict[str, Any]] = {
    "auto_decompress": False,
    "keepalive_timeout": KEEP_ALIVE_SECONDS,
    "lingering_time": LINGER_SECONDS,
}
"""For `web.Application(handler_args=…)`."""

_GZIP_WINDOW, _ZLIB_WINDOW, _RAW_WINDOW = 31, 15, -15  # for zlib.decompressobj
_DEFLATE_METHOD = 8


class ClientGone(ConnectionError):
    """The client closed the connection before its request was complete: no response can be sent."""


async def read_body(request: web.Request, limit: int, *, seconds: float | None = None) -> bytes:
    """
    The whole body, inflated: at most `limit` bytes as sent and as inflated, within `seconds` (BODY_SECONDS).

    Raises BadRequest: 400 (malformed), 408 (too slow), 413 (too large), 415 (an encoding not in ENCODINGS); and
    ClientGone.
    """
    encoding = encoding_of(request)
    if encoding not in {"", *ENCODINGS}:
        raise BadRequest(f"Send the body uncompressed, or with Content-Encoding {' or '.join(ENCODINGS[::2])}.", 415)
    content = request.content
    if content.is_eof() and content.exception() is None:
        body = content.read_nowait()  # it arrived with the head, as most do: no timeout is needed
        if len(body) > limit:
            raise too_large(limit)
    else:
        body = await _read_within(request, limit, BODY_SECONDS if seconds is None else seconds)
    return _inflate(body, encoding, limit) if encoding else body


async def _read_within(request: web.Request, limit: int, seconds: float) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in read_chunks(request, limit):
                body += chunk
    except TimeoutError:
        raise BadRequest("The body took too long.", 408) from None
    return bytes(body)


async def read_chunks(request: web.Request, limit: int) -> AsyncIterator[bytes]:
    """The body as it arrives, not inflated. Raises BadRequest (400, 413) and ClientGone."""
    if (request.content_length or 0) > limit:
        raise too_large(limit)
    received = 0
    try:
        async for chunk in request.content.iter_any():
            received += len(chunk)
            if received > limit:
                raise too_large(limit)
            yield chunk
    except (RequestPayloadError, HttpProcessingError, ClientPayloadError):
        raise BadRequest("The body is not complete, or not well-formed HTTP.") from None
    except OSError:
        raise ClientGone from None


def encoding_of(request: web.BaseRequest) -> str:
    """The Content-Encoding in lower case; empty if the body is not encoded."""
    encoding = ",".join(request.headers.getall(hdrs.CONTENT_ENCODING, ())).strip().lower()
    return "" if encoding == "identity" else encoding


def too_large(limit: int) -> BadRequest:
    """The refusal of a body over the limit."""
    return BadRequest(f"The body is larger than {limit} bytes.", 413)


def _inflate(body: bytes, encoding: str, limit: int) -> bytes:
    if encoding == "deflate":
        # The standard means zlib's format; some clients send the raw stream.
        window = _ZLIB_WINDOW if body[:1] and body[0] & 0x0F == _DEFLATE_METHOD else _RAW_WINDOW
    else:
        window = _GZIP_WINDOW
    inflater = zlib.decompressobj(wbits=window)
    try:
        inflated = inflater.decompress(body, limit + 1)
    except zlib.error:
        raise BadRequest(f"The body is not {encoding}.") from None
    if len(inflated) > limit:
        raise too_large(limit)
    if not inflater.eof or inflater.unused_data:
        raise BadRequest(f"The {encoding} body is incomplete, or has data after its end.")
    return inflated
