"""
Responses to failures and refusals: always JSON in the form of GraphQL errors, never a version or a traceback.

A client that closed its connection is no failure, and is not logged.
"""

import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

import orjson
import structlog
from aiohttp import hdrs, web

from services.core.unavailable_log import RETRY_SECONDS, log_unavailable
from services.errors import ErrorCode, Unavailable
from web.bodies import ClientGone, encoding_of
from web.credentials import BadCredential, refusal
from web.request_limits import TooManyRequests, too_many_requests

INTERNAL_MESSAGE: Final = "Something went wrong on our side."
UNAVAILABLE_MESSAGE: Final = "The server cannot do this now. Try again later."
PATHS_WITH_BODY: Final = {"/graphql"}
"""Paths whose handler reads a body."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger(__name__)


def error_response(status: int, message: str, code: ErrorCode, **facts: object) -> web.Response:
    """One error as JSON."""
    error = {"message": message, "extensions": {**facts, "code": code.value}}
    return web.Response(status=status, body=orjson.dumps({"errors": [error]}), content_type="application/json")


def unavailable_response(error: Unavailable) -> web.Response:
    """The response while a dependency is unavailable: 503 with Retry-After. Logs the reason."""
    log_unavailable(error)
    response = error_response(503, UNAVAILABLE_MESSAGE, ErrorCode.UNAVAILABLE, retryAfter=RETRY_SECONDS)
    response.headers[hdrs.RETRY_AFTER] = str(RETRY_SECONDS)
    return response


@web.middleware
async def answer_failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn exceptions of handlers into responses, and refuse compressed bodies on paths that read no body."""
    if hdrs.CONTENT_ENCODING in request.headers and encoding_of(request) and request.path not in PATHS_WITH_BODY:
        refused = error_response(415, "This path takes no compressed body.", ErrorCode.BAD_INPUT)
        refused.force_close()
        return refused
    try:
        return await handler(request)
    except (BadCredential, TooManyRequests, web.HTTPException) as error:
        return _refusal_response(error)
    except Exception as error:
        if request.transport is None or isinstance(error, ClientGone):
            return web.Response(status=400)  # never sent: the connection is closed
        if request.writer.output_size:
            raise  # the response has begun: the caller closes the connection
        if isinstance(error, Unavailable):
            return unavailable_response(error)
        return internal_error_response(error, request.match_info.route.resource)


def _refusal_response(error: BadCredential | TooManyRequests | web.HTTPException) -> web.Response:
    if isinstance(error, BadCredential):
        return refusal()
    if isinstance(error, TooManyRequests):
        return too_many_requests(error)
    if error.status < HTTPStatus.BAD_REQUEST:
        raise error
    return as_json(error)


def internal_error_response(error: BaseException, where: web.AbstractResource | None = None) -> web.Response:
    """The response to a bug: 500. Logs it under a reference that the client gets too."""
    reference = secrets.token_hex(8)
    # The declared path: the requested one may contain a secret.
    log.error("request.failed", reference=reference, path=where and where.canonical, exc_info=error)
    response = error_response(500, INTERNAL_MESSAGE, ErrorCode.INTERNAL, reference=reference)
    response.force_close()
    return response


def as_json(error: web.HTTPException) -> web.Response:
    """A refusal of aiohttp (404, 405, …) as JSON."""
    code = ErrorCode.NOT_FOUND if error.status == HTTPStatus.NOT_FOUND else ErrorCode.BAD_INPUT
    response = error_response(error.status, error.reason, code)
    if hdrs.ALLOW in error.headers:
        response.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
    return response
