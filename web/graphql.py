"""
GraphQL over HTTP: POST and GET on /graphql.

Follows the GraphQL-over-HTTP specification: `application/graphql-response+json` where the client accepts it (then a
request that could not be run is a 400), `application/json` otherwise (then it is a 200). A POST has to be
`application/json`, which a foreign page cannot send without asking first.
"""

import re
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import hdrs, web

from execution.executor import Executor
from execution.results import Answer
from models.database import Database
from resolvers.context import Context
from services.errors import ErrorCode
from web import graphiql
from web.credentials import BadCredential, refusal, viewer_of

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"


# The character that PostgreSQL's text cannot hold, as a document can write it.
_NUL_IN_DOCUMENT = re.compile(r"(?<!\\)(?:\\\\)*\\u(?:0000|\{0+\})")


class BadRequest(Exception):
    """The HTTP request holds no GraphQL request."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, as far as HTTP can tell."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


class GraphQLEndpoint:
    """Answers /graphql: runs documents, and shows GraphiQL to browsers."""

    def __init__(self, executor: Executor, database: Database, *, anonymous: bool) -> None:
        self._executor, self._database, self._anonymous = executor, database, anonymous

    async def get(self, request: web.Request) -> web.StreamResponse:
        """A query in the address; without one, a browser gets GraphiQL."""
        if graphiql.wants_page(request):
            return graphiql.page(request)
        return await self._answer(request, _asked_in_address)

    async def post(self, request: web.Request) -> web.StreamResponse:
        """A document in the body."""
        return await self._answer(request, _asked_in_body)

    async def _answer(self, request: web.Request, read: Any) -> web.StreamResponse:
        try:
            viewer = await viewer_of(request)
            asked = await read(request)
        except BadCredential:
            return refusal()
        except BadRequest as error:
            body = {"errors": [{"message": str(error), "extensions": {"code": ErrorCode.BAD_INPUT.value}}]}
            return _response(request, body, error.status)
        posted = request.method == hdrs.METH_POST
        context = Context(self._database, viewer, anonymous=self._anonymous)
        answer = await self._executor.run(
            asked.query, asked.variables, asked.operation_name, context, allow_mutations=posted
        )
        if answer.kind == "mutation" and not posted:
            response = _response(request, answer.body, 405)
            response.headers[hdrs.ALLOW] = hdrs.METH_POST
            return response
        return _response(request, answer.body, _status(request, answer))


async def _asked_in_body(request: web.Request) -> Asked:
    if request.content_type != JSON:
        raise BadRequest(f"Send the request as {JSON}.", 415)
    if (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        raise BadRequest("Send the request as UTF-8.", 415)
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body is not a JSON object.")
    return _asked(body.get("query"), body.get("variables"), body.get("operationName"), body.get("extensions"))


async def _asked_in_address(request: web.Request) -> Asked:
    try:
        variables = orjson.loads(request.query.get("variables") or "null")
        extensions = orjson.loads(request.query.get("extensions") or "null")
    except orjson.JSONDecodeError:
        raise BadRequest("`variables` and `extensions` must be JSON.") from None
    return _asked(request.query.get("query"), variables, request.query.get("operationName"), extensions)


def _asked(query: Any, variables: Any, operation_name: Any, extensions: Any) -> Asked:
    if not isinstance(query, str) or not query:
        raise BadRequest("`query` must be a GraphQL document.")
    if not isinstance(variables, dict | None):
        raise BadRequest("`variables` must be an object.")
    if not isinstance(operation_name, str | None):
        raise BadRequest("`operationName` must be a string.")
    if not isinstance(extensions, dict | None):
        raise BadRequest("`extensions` must be an object.")
    if _NUL_IN_DOCUMENT.search(query) or _holds_nul(variables):
        raise BadRequest("No text may hold the character U+0000.")
    return Asked(query, variables, operation_name)


def _holds_nul(value: Any) -> bool:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if "\0" in each:
                return True
        elif isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return False


def _status(request: web.Request, answer: Answer) -> int:
    return 400 if answer.request_error and _media_type(request) == GRAPHQL_JSON else 200


def _media_type(request: web.Request) -> str:
    return GRAPHQL_JSON if GRAPHQL_JSON in request.headers.get(hdrs.ACCEPT, "") else JSON


def _response(request: web.Request, body: Any, status: int) -> web.Response:
    return web.Response(
        status=status,
        body=orjson.dumps(body),
        headers={hdrs.CONTENT_TYPE: f"{_media_type(request)}; charset=utf-8", hdrs.VARY: "Accept, Authorization"},
    )
