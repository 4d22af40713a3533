"""
Authenticate a request by its headers.

Credentials come in headers only: a token (`Authorization: mxtoken <token>`, the scheme in any case; `Bearer` works too),
an API key (`Mendix-Username` and `Mendix-ApiKey`), or a session's cookie. A token or key takes precedence over a cookie;
two of them are refused. A bad token or key is refused, whatever is wrong with it, and never treated as anonymous; a
cookie of an ended session is anonymous. Rule: docs/rules/tokens.md#credentials-in-headers.
"""

from dataclasses import dataclass

from aiohttp import hdrs, web
from multidict import MultiMapping

from services.auth import access_tokens, api_keys, sessions
from services.auth.principals import ANONYMOUS, Principal
from web.cookies import SessionCookie
from web.origins import Origins

SCHEMES = ("mxtoken", "bearer")
USERNAME, API_KEY = "Mendix-Username", "Mendix-ApiKey"
EXPLICIT = (hdrs.AUTHORIZATION, USERNAME, API_KEY)
REFUSAL = b'{"error": ""}'
MAX_COOKIE_CHARACTERS = 200
"""Session secrets are shorter; longer cookies are not looked up."""


class BadCredential(Exception):
    """The request has a token or API key that is not valid."""


@dataclass(frozen=True)
class Authentication:
    """The principal of a request; `ended` if its cookie is of a session that has ended or never existed."""

    principal: Principal = ANONYMOUS
    ended: bool = False


NO_CREDENTIAL = Authentication()


async def authenticate(request: web.BaseRequest, cookie: SessionCookie, origins: Origins) -> Authentication:
    """Authenticate a request by its token, API key or cookie. Raises BadCredential."""
    explicit = await authenticate_explicit(request.headers)
    if explicit is not None:
        return Authentication(explicit)
    secret = cookie.read(request)
    if secret is None or not origins.cookie_counts(request):
        return NO_CREDENTIAL
    return await _authenticate_cookie(secret)


async def authenticate_explicit(headers: MultiMapping[str]) -> Principal | None:
    """The principal of a token or API key in these headers; None if there is none or it is empty. Raises BadCredential."""
    sent = {
        name: values for name in EXPLICIT if (values := [each for each in headers.getall(name, ()) if each.strip()])
    }
    if not sent:
        return None
    if any(len(values) > 1 for values in sent.values()):
        raise BadCredential
    if sent.keys() == {hdrs.AUTHORIZATION}:
        principal = await _authenticate_token(sent[hdrs.AUTHORIZATION][0])
    elif sent.keys() == {USERNAME, API_KEY}:
        principal = await api_keys.authenticate(sent[USERNAME][0].strip(), sent[API_KEY][0].strip())
    else:
        raise BadCredential
    if principal is None:
        raise BadCredential
    return principal


def own_profile_of(principal: Principal) -> int:
    """The profile whose private rows the principal may read over HTTP; 0 if none, or the password has expired."""
    return 0 if principal.password_expired else principal.own_profile


def refusal() -> web.Response:
    """The response to a bad credential: the same for all of them."""
    return web.Response(status=403, body=REFUSAL, content_type="application/json")


async def _authenticate_token(authorization: str) -> Principal | None:
    scheme, _, secret = authorization.strip().partition(" ")
    return await access_tokens.authenticate(secret.strip()) if scheme.lower() in SCHEMES else None


async def _authenticate_cookie(secret: str) -> Authentication:
    possible = secret.isascii() and 0 < len(secret) <= MAX_COOKIE_CHARACTERS
    principal = await sessions.authenticate(secret) if possible else None
    return Authentication(ended=True) if principal is None else Authentication(principal)
