"""
What is answered when a handler fails: always JSON in the form of GraphQL errors, never a version or a traceback.

A client that hung up is no failure, and is not in the log.
"""

import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

import orjson
import structlog
from aiohttp import hdrs, web

from services.errors import ErrorCode, Unavailable
from web.bodies import ClientGone, encoding_of
from web.unavailable import RETRY_SECONDS, note

BUG: Final = "Something went wrong on our side."
AWAY: Final = "The server cannot do this now. Try again later."
PATHS_WITH_BODY: Final = {"/graphql"}
"""Paths whose handler reads a body."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger(__name__)


def answer(status: int, message: str, code: ErrorCode, **facts: object) -> web.Response:
    """One error as JSON."""
    error = {"message": message, "extensions": {**facts, "code": code.value}}
    return web.Response(status=status, body=orjson.dumps({"errors": [error]}), content_type="application/json")


def unavailable(error: Unavailable) -> web.Response:
    """The answer while something is away that the server needs: 503, and when to try again. Tells the log."""
    note(error)
    response = answer(503, AWAY, ErrorCode.UNAVAILABLE, retryAfter=RETRY_SECONDS)
    response.headers[hdrs.RETRY_AFTER] = str(RETRY_SECONDS)
    return response


@web.middleware
async def answer_failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what a handler raises, and refuse compressed bodies where no body is read."""
    if hdrs.CONTENT_ENCODING in request.headers and encoding_of(request) and request.path not in PATHS_WITH_BODY:
        refused = answer(415, "Nothing here takes a compressed body.", ErrorCode.BAD_INPUT)
        refused.force_close()
        return refused
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return as_json(error)
    except Exception as error:
        if request.transport is None or isinstance(error, ClientGone):
            return web.Response(status=400)  # is written nowhere: the connection is closed
        if request.writer.output_size:
            raise  # the answer has begun: the connection is closed by what called this
        if isinstance(error, Unavailable):
            return unavailable(error)
        return bug(error, request.match_info.route.resource)


def bug(error: BaseException, where: web.AbstractResource | None = None) -> web.Response:
    """The answer to a failure of ours, which goes to the log under a reference that the client gets."""
    reference = secrets.token_hex(8)
    # The path as it is declared: in the one that was sent a secret may stand.
    log.error("request_failed", reference=reference, path=where and where.canonical, exc_info=error)
    response = answer(500, BUG, ErrorCode.INTERNAL, reference=reference)
    response.force_close()
    return response


def as_json(error: web.HTTPException) -> web.Response:
    """A refusal of aiohttp (404, 405, …), as JSON."""
    code = ErrorCode.NOT_FOUND if error.status == HTTPStatus.NOT_FOUND else ErrorCode.BAD_INPUT
    response = answer(error.status, error.reason, code)
    if hdrs.ALLOW in error.headers:
        response.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
    return response
