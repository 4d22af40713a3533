"""
Pages of other hosts: which may ask here at all (CORS), and whose requests count with their cookie.

A request with a cookie comes from a browser, and a browser says which page sent it. It counts only when that page is ours
or one that ORIGINS names. Rule and reasons: docs/decisions/0007-sessions-at-the-edge.md.
"""

import re
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from settings import BadSetting, Settings
from web.multipart import FORM, has_preflight

FETCH_SITE = "Sec-Fetch-Site"
METHODS = "GET, POST"
HEADERS = (
    "apollo-require-preflight, authorization, content-type, graphql-cost, graphql-require-preflight, if-none-match, "
    "mendix-apikey, mendix-username"
)
EXPOSED = "ETag, Retry-After"
MAX_AGE = "600"
PORTS = {"http": 80, "https": 443}

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?", re.ASCII)


def parse(text: str) -> frozenset[str]:
    """The origins of a setting, as browsers write them. Raises BadSetting."""
    return frozenset(_origin(each.strip()) for each in text.split(",") if each.strip())


class Origins:
    """Which pages may ask with a cookie. `path` is where they may."""

    def __init__(self, settings: Settings, path: str = "/graphql") -> None:
        self._allowed = parse(settings.origins)
        self._own = _own(settings.public_url) if settings.public_url else None
        self._path = path

    def install(self, app: web.Application) -> None:
        """Answer preflights, and say on every answer who may read it."""
        app.router.add_route(hdrs.METH_OPTIONS, self._path, self.preflight)
        app.on_response_prepare.append(self.mark)

    def cookie_counts(self, request: web.BaseRequest) -> bool:
        """
        Whether a request may use the browser's cookie.

        A POST has to be JSON, or a form beside a header of its own: neither can a foreign page send without a
        preflight. A GET has to come from a page of ours
        or from no page at all, and the browser has to say so.
        """
        site = request.headers.get(FETCH_SITE)
        if hdrs.ORIGIN in request.headers:
            ours = self._is_ours(request) or self._allowed_origin(request) is not None
        else:
            ours = site in {"none", "same-origin"} or (site is None and request.method == hdrs.METH_POST)
        kind = request.content_type
        asked_before = kind == "application/json" or (kind == FORM and has_preflight(request))
        return ours and (request.method == hdrs.METH_GET or asked_before)

    def may_connect(self, request: web.BaseRequest) -> bool:
        """
        Whether a WebSocket may be opened: browsers ask for no permission before they do, so a page of a foreign origin
        is refused here. Programs send no Origin. A page of this very server, under whatever name the browser reached it,
        may connect; whether its cookie counts is asked apart (`cookie_counts`).
        """
        return (
            hdrs.ORIGIN not in request.headers
            or self._is_ours(request)
            or _is_same_host(request)
            or self._allowed_origin(request) is not None
        )

    async def preflight(self, request: web.Request) -> web.Response:
        """The answer to a browser that asks whether a page may ask. `mark` adds the yes; without it, it is a no."""
        headers = {hdrs.ALLOW: f"{METHODS}, OPTIONS"}
        if self._allowed_origin(request) is not None:
            headers |= {
                hdrs.ACCESS_CONTROL_ALLOW_METHODS: METHODS,
                hdrs.ACCESS_CONTROL_ALLOW_HEADERS: HEADERS,
                hdrs.ACCESS_CONTROL_MAX_AGE: MAX_AGE,
            }
        return web.Response(status=204, headers=headers)

    async def mark(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let a page of an allowed origin read the answer: by its name, out of our list."""
        if request.path != self._path:
            return
        vary = [*filter(None, [response.headers.get(hdrs.VARY)]), hdrs.ORIGIN]
        response.headers[hdrs.VARY] = ", ".join(vary)
        origin = self._allowed_origin(request)
        if origin is not None:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = EXPOSED

    def _allowed_origin(self, request: web.BaseRequest) -> str | None:
        shown = request.headers.getall(hdrs.ORIGIN, ())
        return shown[0] if len(shown) == 1 and shown[0] in self._allowed else None

    def _is_ours(self, request: web.BaseRequest) -> bool:
        shown = request.headers.getall(hdrs.ORIGIN, ())
        if len(shown) != 1:
            return False
        # Without a public address ours is whatever name the browser reached us by: it sends a cookie to no other.
        return shown[0] == self._own if self._own else _is_same_host(request)


def _is_same_host(request: web.BaseRequest) -> bool:
    """Whether the page that asks was loaded from the name and port that this request was sent to."""
    shown = request.headers.getall(hdrs.ORIGIN, ())
    return len(shown) == 1 and shown[0] in {f"{scheme}://{request.host}" for scheme in PORTS}


def _own(address: str) -> str:
    try:
        return _serialised(address)
    except ValueError:
        raise BadSetting(f"PUBLIC_URL is {address!r}; that is no address.") from None


def _origin(text: str) -> str:
    bad = BadSetting(f"ORIGINS has {text!r}; it must be scheme and host alone, as `https://app.example`.")
    if not _ORIGIN.fullmatch(text.lower()):
        raise bad
    try:
        return _serialised(text)
    except ValueError:
        raise bad from None


def _serialised(address: str) -> str:
    """An address's origin as a browser writes it: lower case, no usual port. Raises ValueError."""
    parts = urlsplit(address.lower())
    host, port = parts.hostname or "", parts.port
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != PORTS[parts.scheme] else "")
