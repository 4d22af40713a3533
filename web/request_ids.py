"""
The id of a request, in the header `X-Request-Id` of the answer and in each log line that the request causes.

A client or a proxy can send one of its own, so that its log and ours can be read together. Another is made for a request
without one, or with one that is not safe to log.
"""

import re
import secrets
from typing import Final

from aiohttp import web
from structlog.contextvars import bound_contextvars

from web.failures import Handler

HEADER: Final = "X-Request-Id"
_KEY: Final = web.RequestKey("request_id", str)
# Without underscore: a token or an API key, which must not be logged, is never an id.
_SAFE: Final = re.compile(r"[A-Za-z0-9.:=+-]{8,128}", re.ASCII)


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request under its id; a WebSocket keeps that of the request that opened it."""
    request[_KEY] = request_id = _id_of(request)
    with bound_contextvars(request_id=request_id):
        return await handler(request)


async def add_header(request: web.Request, response: web.StreamResponse) -> None:
    """Name the id in the response."""
    if request_id := request.get(_KEY):
        response.headers[HEADER] = request_id


def _id_of(request: web.BaseRequest) -> str:
    sent = request.headers.getall(HEADER, ())
    return sent[0] if len(sent) == 1 and _SAFE.fullmatch(sent[0]) else secrets.token_hex(16)
