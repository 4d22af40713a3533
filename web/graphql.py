"""
GraphQL over HTTP: POST and GET on /graphql; uploads are multipart requests (web/multipart.py).

Follows the GraphQL-over-HTTP specification: `application/graphql-response+json` if the client accepts it (then a
request that could not be run is a 400), else `application/json` (then it is a 200). A POST must be `application/json`,
which a page of another origin cannot send without a preflight.
"""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from aiohttp import hdrs, web

from catalogue import languages
from execution.executor import Executor
from execution.results import Answer
from models.database import Database
from resolvers.base.context import Context
from services.auth.principals import ANONYMOUS, Client, Principal
from services.errors import ErrorCode
from settings import Settings
from web import costs, etags, failures, graphiql, trusted_documents
from web.accept import accepted_by, quality
from web.bodies import read_body
from web.client import client_of, trusted_of
from web.cookies import SessionCookie, origins_without_cookie
from web.credentials import EXPLICIT, Authentication, BadCredential, authenticate
from web.graphql_request import BadRequest, GraphQLRequest, request_of
from web.multipart import Uploads, check_preflight, wants_upload
from web.origins import Origins
from web.request_limits import RequestLimit
from web.websockets import WebSocketEndpoint, wants_socket

log = structlog.get_logger()

ReadRequest = Callable[[web.Request, Principal], Coroutine[Any, Any, GraphQLRequest]]

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"

INCOMPLETE = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
"""Statuses of requests whose body was not read completely."""

VARY = f"{hdrs.ACCEPT}, {hdrs.ACCEPT_LANGUAGE}, {', '.join(EXPLICIT)}, {hdrs.COOKIE}, {costs.HEADER}"


class GraphQLEndpoint:
    """Answers /graphql: runs operations, and serves GraphiQL to browsers."""

    def __init__(self, executor: Executor, database: Database, settings: Settings) -> None:
        """Raise BadSetting for origins or proxies that cannot be used."""
        self._executor, self._database = executor, database
        self._anonymous, self._max_body = settings.anonymous == "read", settings.max_body
        self._origins, self._trusted = Origins(settings), trusted_of(settings)
        self._cookie, self._limit = SessionCookie.of(settings), RequestLimit(settings)
        self._uploads = Uploads(settings)
        self._sockets = WebSocketEndpoint(executor, database, settings, self._limit)
        if unusable := origins_without_cookie(settings):
            log.warning("origins.cannot_sign_in", origins=unusable, address=settings.address)
        if self._origins.lacks_client(settings):
            log.warning("client_url.not_in_origins", client_url=settings.client_address)

    def install(self, app: web.Application) -> None:
        """Serve /graphql in this application."""
        app.router.add_get("/graphql", self.get)
        app.router.add_post("/graphql", self.post)
        self._origins.install(app)
        app.on_shutdown.append(self._sockets.close)

    async def get(self, request: web.Request) -> web.StreamResponse:
        """A query in the URL, a WebSocket, or GraphiQL for a browser without a query."""
        if wants_socket(request):
            if not self._origins.may_connect(request):
                return failures.error_response(
                    403, "Pages of this origin may not connect: see ORIGINS.", ErrorCode.FORBIDDEN
                )
            client = client_of(request, self._trusted)
            return await self._sockets.answer(request, client, lambda: self._authenticate(request, client))
        if graphiql.wants_page(request):
            if trusted_documents.current():
                return web.Response(text="This server runs only the documents of its clients: GraphiQL is off.\n")
            return graphiql.page(request)
        return await self._answer(request, _read_url)

    async def post(self, request: web.Request) -> web.StreamResponse:
        """An operation in a JSON body, or in a form with a file."""
        return await self._answer(request, self._read_upload if wants_upload(request) else self._read_body)

    async def _answer(self, request: web.Request, read_request: ReadRequest) -> web.Response:
        client = client_of(request, self._trusted)
        authenticated = await self._authenticate(request, client)
        await self._limit.admit(authenticated.principal, client)
        context = Context(
            self._database,
            authenticated.principal,
            client=client,
            anonymous=self._anonymous,
            cookie_possible=self._cookie.is_possible(request, self._origins),
        )
        if authenticated.ended:
            context.cookie = ""
        with languages.using_language(context.language):
            try:
                response = await self._run(request, await read_request(request, context.viewer), context)
            except BadRequest as error:
                body = {"errors": [{"message": str(error), "extensions": {"code": error.code.value}}]}
                response = _response(request, body, error.status)
                if error.status in INCOMPLETE:
                    response.force_close()  # the rest of the body is not read
            response.headers[hdrs.CONTENT_LANGUAGE] = languages.current_language()
        self._add_headers(response, context)
        return response

    async def _authenticate(self, request: web.Request, client: Client) -> Authentication:
        try:
            return await authenticate(request, self._cookie, self._origins)
        except BadCredential:
            await self._limit.admit(ANONYMOUS, client)  # guesses are charged to the address
            raise

    async def _read_body(self, request: web.Request, _viewer: Principal) -> GraphQLRequest:
        if request.content_type != JSON:
            raise BadRequest(f"Send the request as {JSON}.", 415)
        if (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
            raise BadRequest("Send the request as UTF-8.", 415)
        try:
            body = orjson.loads(await read_body(request, self._max_body))
        except orjson.JSONDecodeError:
            raise BadRequest("The body is not valid JSON.") from None
        if isinstance(body, list):
            raise BadRequest("Batches (an array of requests) are not supported: send one operation per request.")
        if not isinstance(body, dict):
            raise BadRequest("The body is not a JSON object.")
        return request_of(body)

    async def _read_upload(self, request: web.Request, viewer: Principal) -> GraphQLRequest:
        check_preflight(request)
        if viewer.account_id is None:  # no operation takes a file of an anonymous caller: it is not read
            raise BadRequest("Sign in or send a token to upload a file.", 401, ErrorCode.UNAUTHENTICATED)
        return await self._uploads.read(request, viewer.account_id)

    async def _run(self, request: web.Request, operation: GraphQLRequest, context: Context) -> web.Response:
        posted = request.method == hdrs.METH_POST
        answer = await self._executor.run(
            operation.query, operation.variables, operation.operation_name, context, allow_mutations=posted
        )
        if answer.unavailable:
            raise answer.unavailable
        await self._limit.settle(context.viewer, context.client, answer, request=operation)
        if not answer.request_error:
            operation.register()
        body = costs.body_of(request, answer)
        if answer.kind == "mutation" and not posted:
            response = _response(request, body, 405)
            response.headers[hdrs.ALLOW] = hdrs.METH_POST
            return response
        response = _response(request, body, _status(request, answer))
        if answer.kind == "query" and "errors" not in body:
            return etags.tag(request, response, storable=context.viewer.session_id is None)
        return response

    def _add_headers(self, response: web.Response, context: Context) -> None:
        """Add the cookie and Retry-After that the resolvers asked for."""
        if context.cookie:
            self._cookie.set(response, context.cookie)
        elif context.cookie is not None:
            self._cookie.clear(response)
        if context.retry_after is not None:
            response.headers[hdrs.RETRY_AFTER] = str(context.retry_after)


async def _read_url(request: web.Request, _viewer: Principal) -> GraphQLRequest:
    try:
        variables = orjson.loads(request.query.get("variables") or "null")
        extensions = orjson.loads(request.query.get("extensions") or "null")
    except orjson.JSONDecodeError:
        raise BadRequest("`variables` and `extensions` must be JSON.") from None
    return request_of({**request.query, "variables": variables, "extensions": extensions})


def _status(request: web.Request, answer: Answer) -> int:
    return 400 if answer.request_error and _media_type(request) == GRAPHQL_JSON else 200


def _media_type(request: web.Request) -> str:
    """
    GRAPHQL_JSON if the client names it and does not prefer JSON; JSON otherwise. Clients that accept `*/*` may know
    JSON only, and clients that accept neither type get errors in the more common one.
    """
    accepted = accepted_by(request)
    named = accepted.get(GRAPHQL_JSON, 0.0)
    return GRAPHQL_JSON if named and named >= quality(JSON, accepted) else JSON


def _response(request: web.Request, body: Any, status: int) -> web.Response:
    return web.Response(
        status=status,
        body=orjson.dumps(body),
        headers={hdrs.CONTENT_TYPE: f"{_media_type(request)}; charset=utf-8", hdrs.VARY: VARY},
    )
