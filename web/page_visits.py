"""
Requests to the plain pages of this server: language, limit, session, and forms that only their own page can send.

Each form has a token made from a cookie of the browser and its session, so no other page can make one. That does not depend on
headers: browsers send `Origin: null` from pages whose addresses stay out of referrers. Where they do name the origin, it must be
this server's.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import hdrs, web

from catalogue.languages import ENGLISH, Text, using_language
from services.auth import sessions
from services.auth.principals import ANONYMOUS, Client, Principal
from services.core.audit import Actor
from services.core.crypto import keyed_digest
from services.errors import ErrorCode, Refused
from settings import Settings
from web.bodies import read_body
from web.client import client_of, trusted_of
from web.cookies import SessionCookie
from web.credentials import MAX_COOKIE_CHARACTERS
from web.graphql_request import BadRequest
from web.origins import Origins
from web.plain_pages import Form, Page, response_of
from web.request_limits import RequestLimit

FORM_TYPE: Final = "application/x-www-form-urlencoded"
MAX_FORM: Final = 16 * 1024
MAX_INPUTS: Final = 20
MAX_VALUE: Final = 1_000
"""Characters of one value, as in a mutation."""
TOKEN: Final = "form"  # noqa: S105 - a name
"""Name of the hidden input with the form's token, and of its cookie."""
MIN_COOKIE: Final = 43
"""Characters of the cookie that the tokens are made from."""


class NotFromItsPage(Exception):
    """A form that its own page cannot have sent, or that is too old."""


@dataclass
class Visit:
    """One request: who sends it, and its values. `secret` and `form_cookie` are of the browser, and change with a sign-in."""

    client: Client
    viewer: Principal
    secret: str
    form_cookie: str
    query: Mapping[str, str]
    values: Mapping[str, str] = field(default_factory=dict)
    new_secret: str | None = None
    """The session to store in the browser: a secret, empty to delete it, None to leave it."""
    moved_to: str = ""
    """Where the browser goes on instead of showing a page."""

    @property
    def account_id(self) -> int:
        return self.viewer.account_id or 0

    @property
    def session_id(self) -> int:
        return self.viewer.session_id or 0

    @property
    def actor(self) -> Actor:
        """The actor of this request for the audit trail."""
        return Actor(self.viewer.account_id, self.viewer.origin, self.client.address)

    def value(self, name: str) -> str:
        """A value of the form; empty if it has none."""
        return self.values.get(name, "")

    def token(self) -> str:
        """The token of this browser's forms, as long as its session does not change."""
        return keyed_digest("page-form", self.form_cookie, self.secret)

    async def enter(self, secret: str) -> None:
        """Go on in this session: of a sign-in, or with the new secret of the same session; an empty one ends it."""
        self.new_secret = self.secret = secret
        self.viewer = (await sessions.authenticate(secret) if secret else None) or ANONYMOUS


def refused_page(page: Page, refusal: Refused) -> Page:
    """The page again, with the problems of a refusal: 429 for a limit, otherwise 422."""
    limited = any(each.code is ErrorCode.RATE_LIMITED for each in refusal.problems)
    return replace(page, problems=refusal.problems, status=429 if limited else 422)


NOT_FROM_ITS_PAGE: Final = Page(
    Text("This form is no longer valid"),
    [Text("Nothing was changed. Open the page again, and fill in the form there.")],
    status=403,
)
Answer = Callable[[Visit], Awaitable[Page]]


class Visits:
    """Turns functions from a visit to a page into handlers of requests."""

    def __init__(self, settings: Settings) -> None:
        """Raise BadSetting for origins or proxies that cannot be used."""
        self._trusted, self._limit = trusted_of(settings), RequestLimit(settings)
        self._cookie, self._origins = SessionCookie.of(settings), Origins(settings)
        self._form_cookie = f"__Host-{TOKEN}" if self._cookie.secure else TOKEN

    def handler(self, answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A handler that answers with the page; a POST only if the page's own form was sent. Refusals become its problems."""

        async def handle(request: web.Request) -> web.Response:
            client = client_of(request, self._trusted)
            await self._limit.admit(ANONYMOUS, client)
            visit = await self._visit(request, client)
            with using_language(visit.viewer.language or client.language or ENGLISH):
                try:
                    if request.method == hdrs.METH_POST:
                        visit.values = await self._read_form(request, visit)
                    return self._respond(request, visit, await answer(visit))
                except BadRequest as error:
                    response = web.Response(status=error.status, text=str(error))
                    response.force_close()  # the rest of the body may not have been read
                    return response
                except NotFromItsPage:
                    return response_of(NOT_FROM_ITS_PAGE)

        return handle

    async def _visit(self, request: web.Request, client: Client) -> Visit:
        secret = self._cookie.read(request) or ""
        possible = secret.isascii() and 0 < len(secret) <= MAX_COOKIE_CHARACTERS
        viewer = await sessions.authenticate(secret) if possible else None
        form_cookie = request.cookies.get(self._form_cookie, "")
        if not (form_cookie.isascii() and MIN_COOKIE <= len(form_cookie) <= MAX_COOKIE_CHARACTERS):
            form_cookie = ""
        return Visit(client, viewer or ANONYMOUS, secret if viewer else "", form_cookie, request.query)

    async def _read_form(self, request: web.Request, visit: Visit) -> dict[str, str]:
        if request.content_type != FORM_TYPE or not self._origins.allow_form(request):
            raise NotFromItsPage
        try:
            text = (await read_body(request, MAX_FORM)).decode()
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_INPUTS, errors="strict")
        except ValueError:
            raise BadRequest("The form is malformed.") from None
        values = dict(pairs)
        if len(values) != len(pairs) or any(len(each) > MAX_VALUE or "\0" in each for each in values.values()):
            raise BadRequest("The form has a value twice, or one that is too long or has the character U+0000.")
        if not visit.form_cookie or not compare_digest(values.pop(TOKEN, "").encode(), visit.token().encode()):
            raise NotFromItsPage
        return values

    def _respond(self, request: web.Request, visit: Visit, page: Page) -> web.Response:
        if visit.moved_to:
            response = web.Response(
                status=303, headers={hdrs.LOCATION: visit.moved_to, "Referrer-Policy": "no-referrer"}
            )
        else:
            if page.forms and not visit.form_cookie:
                visit.form_cookie = secrets.token_urlsafe(32)
            response = response_of(replace(page, forms=[_with_token(each, visit.token()) for each in page.forms]))
        response.headers[hdrs.VARY] = f"{hdrs.ACCEPT_LANGUAGE}, {hdrs.COOKIE}"
        if visit.new_secret:
            self._cookie.set(response, visit.new_secret)
        elif visit.new_secret is not None:
            self._cookie.clear(response)
        if visit.form_cookie and request.cookies.get(self._form_cookie) != visit.form_cookie:
            response.set_cookie(
                self._form_cookie,
                visit.form_cookie,
                path="/",
                secure=self._cookie.secure,
                httponly=True,
                samesite="Lax",
            )
        for problem in page.problems:
            if problem.code is ErrorCode.RATE_LIMITED:
                response.headers[hdrs.RETRY_AFTER] = str(problem.facts["retry_after"])
        return response


def _with_token(form: Form, token: str) -> Form:
    return replace(form, hidden={**form.hidden, TOKEN: token})
