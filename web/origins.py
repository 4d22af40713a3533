"""
CORS: which pages of other origins may send requests, and whose requests may use the session cookie.

A request with a cookie comes from a browser, and browsers name the page that sent it. The cookie is used only if the
page belongs to this server or to an origin in ORIGINS. Rule and reasons: docs/decisions/0007-sessions-at-the-edge.md.
"""

import re
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from settings import BadSetting, Settings
from web.multipart import FORM, has_preflight
from web.sites import same_site

FETCH_SITE = "Sec-Fetch-Site"
METHODS = "GET, POST"
HEADERS = (
    "apollo-require-preflight, authorization, content-type, graphql-cost, graphql-require-preflight, if-none-match, "
    "mendix-apikey, mendix-username, x-request-id"
)
EXPOSED_HEADERS = "ETag, Retry-After, X-Request-Id"
PREFLIGHT_MAX_AGE = "600"
REQUEST_HEADERS = "Access-Control-Request-Headers"
MAX_REQUEST_HEADERS = 50
"""Header names in one preflight. Clients with tracing send about ten."""
MAX_REQUEST_HEADERS_LENGTH = 2_000
"""Characters of all header names in one preflight."""
DEFAULT_PORTS = {"http": 80, "https": 443}

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?", re.ASCII)

# A token of RFC 9110, in lower case as browsers send it, but without `*`, which in an answer could mean every header.
_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'+.^_`|~-]+", re.ASCII)


def parse(text: str) -> frozenset[str]:
    """The origins in a setting, as browsers serialise them. Raises BadSetting."""
    return frozenset(_parse_origin(each.strip()) for each in text.split(",") if each.strip())


class Origins:
    """The origins whose pages may send requests with a cookie, to `path` only."""

    def __init__(self, settings: Settings, path: str = "/graphql") -> None:
        self._allowed = parse(settings.origins)
        self._own = _own(settings.public_url) if settings.public_url else None
        self._path = path

    def install(self, app: web.Application) -> None:
        """Answer preflights, and add the CORS headers to every response."""
        app.router.add_route(hdrs.METH_OPTIONS, self._path, self.preflight)
        app.on_response_prepare.append(self.add_cors_headers)

    def lacks_client(self, settings: Settings) -> bool:
        """True if CLIENT_URL is of another origin than this server, and ORIGINS does not list it: no one could sign in there."""
        if not settings.client_url:
            return False
        client = _serialise(settings.client_address)
        return client != _serialise(settings.address) and client not in self._allowed

    def cookie_counts(self, request: web.BaseRequest) -> bool:
        """
        True if the cookie of this request may be used.

        A POST must be JSON, or a form with a preflight header: a page of another origin can send neither without a
        preflight. A GET must come from a page of this server or from no page at all, by the browser's own headers.
        """
        site = request.headers.get(FETCH_SITE)
        if hdrs.ORIGIN in request.headers:
            ours = self._is_ours(request) or self._allowed_origin(request) is not None
        else:
            ours = site in {"none", "same-origin"} or (site is None and request.method == hdrs.METH_POST)
        kind = request.content_type
        had_preflight = kind == "application/json" or (kind == FORM and has_preflight(request))
        return ours and (request.method == hdrs.METH_GET or had_preflight)

    def may_connect(self, request: web.BaseRequest) -> bool:
        """
        True if a WebSocket may be opened. Browsers send no preflight for WebSockets, so pages of other origins are
        refused here. Programs send no Origin. A page of this server may connect, under whatever name the browser
        reached it; `cookie_counts` decides separately about its cookie.
        """
        return (
            hdrs.ORIGIN not in request.headers
            or self._is_ours(request)
            or _is_same_host(request)
            or self._allowed_origin(request) is not None
        )

    def allow_form(self, request: web.BaseRequest) -> bool:
        """
        True if nothing in the headers says that a page of another origin sent this form. Browsers send `Origin: null` from pages
        that send no referrer, so this is not enough by itself.
        """
        sent = request.headers.getall(hdrs.ORIGIN, ["null"])
        named = self._is_ours(request) or _is_same_host(request)
        return request.headers.get(FETCH_SITE, "none") in {"same-origin", "none"} and (sent == ["null"] or named)

    def is_cross_site(self, request: web.BaseRequest) -> bool:
        """
        True if the request comes from a page of another site, so that browsers neither store nor send a `Lax` cookie.

        Browsers say so themselves, but not to plain HTTP on other machines. There the Origin is compared with PUBLIC_URL
        and Host; a proxy may have changed the Host, so either is enough.
        """
        site = request.headers.get(FETCH_SITE)
        if site is not None:
            return site == "cross-site"
        origin = self._allowed_origin(request)
        if origin is None:
            return False
        scheme = (self._own or origin).partition(":")[0]
        return not any(same_site(origin, each) for each in (self._own, f"{scheme}://{request.host}") if each)

    async def preflight(self, request: web.Request) -> web.Response:
        """
        The response to a preflight. `add_cors_headers` adds what allows it; without that, browsers refuse.

        A page of an allowed origin may send the headers that it requests: it may act for the viewer anyway, and browsers
        let no page set the headers that decide whether a cookie counts (Origin, Sec-Fetch-Site, Cookie).
        """
        headers = {hdrs.ALLOW: f"{METHODS}, OPTIONS", hdrs.VARY: REQUEST_HEADERS}
        if self._allowed_origin(request) is not None:
            headers |= {
                hdrs.ACCESS_CONTROL_ALLOW_METHODS: METHODS,
                hdrs.ACCESS_CONTROL_ALLOW_HEADERS: _allowed_headers(request),
                hdrs.ACCESS_CONTROL_MAX_AGE: PREFLIGHT_MAX_AGE,
            }
        return web.Response(status=204, headers=headers)

    async def add_cors_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let pages of an allowed origin read the response. The origin is echoed only if ORIGINS lists it."""
        if request.path != self._path:
            return
        vary = [*filter(None, [response.headers.get(hdrs.VARY)]), hdrs.ORIGIN]
        response.headers[hdrs.VARY] = ", ".join(vary)
        origin = self._allowed_origin(request)
        if origin is not None:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = EXPOSED_HEADERS

    def _allowed_origin(self, request: web.BaseRequest) -> str | None:
        sent = request.headers.getall(hdrs.ORIGIN, ())
        return sent[0] if len(sent) == 1 and sent[0] in self._allowed else None

    def _is_ours(self, request: web.BaseRequest) -> bool:
        sent = request.headers.getall(hdrs.ORIGIN, ())
        if len(sent) != 1:
            return False
        # Without PUBLIC_URL, the name by which the browser reached this server: it sends the cookie to no other.
        return sent[0] == self._own if self._own else _is_same_host(request)


def _allowed_headers(request: web.BaseRequest) -> str:
    """HEADERS and the requested ones; HEADERS alone if the request names too many, or one that is no header name."""
    requested = ",".join(request.headers.getall(REQUEST_HEADERS, ()))
    if len(requested) > MAX_REQUEST_HEADERS_LENGTH:
        return HEADERS
    names = {each.strip(" \t").lower() for each in requested.split(",")} - {""}
    if len(names) > MAX_REQUEST_HEADERS or not all(map(_HEADER_NAME.fullmatch, names)):
        return HEADERS
    return ", ".join(sorted(names.union(HEADERS.split(", "))))


def _is_same_host(request: web.BaseRequest) -> bool:
    """True if the page was loaded from the host and port that this request was sent to."""
    sent = request.headers.getall(hdrs.ORIGIN, ())
    return len(sent) == 1 and sent[0] in {f"{scheme}://{request.host}" for scheme in DEFAULT_PORTS}


def _own(address: str) -> str:
    try:
        return _serialise(address)
    except ValueError:
        raise BadSetting(f"PUBLIC_URL is {address!r}; that is no URL.") from None


def _parse_origin(text: str) -> str:
    bad = BadSetting(f"ORIGINS has {text!r}; it must be a scheme and a host only, for example `https://app.example`.")
    if not _ORIGIN.fullmatch(text.lower()):
        raise bad
    try:
        return _serialise(text)
    except ValueError:
        raise bad from None


def _serialise(address: str) -> str:
    """The origin of a URL as a browser serialises it: lower case, without a default port. Raises ValueError."""
    parts = urlsplit(address.lower())
    host, port = parts.hostname or "", parts.port
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != DEFAULT_PORTS[parts.scheme] else "")
