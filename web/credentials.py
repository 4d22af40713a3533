"""
Who is asking, by what the request's headers say.

Credentials come in headers only: a token (`Authorization: mxtoken <token>`, the scheme in any case; `Bearer` works too),
an API key (`Mendix-Username` and `Mendix-ApiKey`), or a session's cookie. A token or key wins over a cookie; two of them
are refused. A bad one is refused, whatever is wrong with it, and never treated as nobody; a dead cookie is nobody's.
Rule: docs/rules/tokens.md#credentials-in-headers.
"""

from dataclasses import dataclass

from aiohttp import hdrs, web
from multidict import MultiMapping

from models.audit import Origin
from resolvers.base.viewers import ANONYMOUS, Viewer
from resolvers.sessions import viewer_by
from services.auth import access_tokens, api_keys
from services.auth.credential_owners import CredentialOwner
from services.errors import Refused
from web.cookies import SessionCookie
from web.origins import Origins

SCHEMES = ("mxtoken", "bearer")
USERNAME, API_KEY = "Mendix-Username", "Mendix-ApiKey"
EXPLICIT = (hdrs.AUTHORIZATION, USERNAME, API_KEY)
REFUSAL = b'{"error": ""}'
MAX_CREDENTIAL_CHARACTERS = 200
"""Characters of a cookie that could be one of ours, with room to spare."""


class BadCredential(Exception):
    """The request shows a credential that does not hold."""


@dataclass(frozen=True)
class Shown:
    """Whom a request's credentials stand for; `dead` when its cookie stands for nobody any more."""

    viewer: Viewer = ANONYMOUS
    dead: bool = False


NO_CREDENTIAL = Shown()


async def shown_by(request: web.BaseRequest, cookie: SessionCookie, origins: Origins) -> Shown:
    """Who makes this request. Raises BadCredential."""
    explicit = await explicit_viewer(request.headers)
    if explicit is not None:
        return Shown(explicit)
    secret = cookie.read(request)
    if secret is None or not origins.cookie_counts(request):
        return NO_CREDENTIAL
    return await _in_session(secret)


async def explicit_viewer(headers: MultiMapping[str]) -> Viewer | None:
    """Whom a token or key in these headers stands for; None: there is none, or an empty one. Raises BadCredential."""
    shown = {name: sent for name in EXPLICIT if (sent := [each for each in headers.getall(name, ()) if each.strip()])}
    if any(len(values) > 1 for values in shown.values()):
        raise BadCredential
    match {name: value for name, [value] in shown.items()}:
        case {hdrs.AUTHORIZATION: authorization, **more} if not more:
            return _viewer(await _bearer(authorization), Origin.TOKEN)
        case {"Mendix-Username": username, "Mendix-ApiKey": key, **more} if not more:
            return _viewer(await api_keys.bearer_of(username.strip(), key.strip()), Origin.API_KEY)
        case {**any_} if any_:
            raise BadCredential
    return None


def refusal() -> web.Response:
    """The answer to a bad credential: the same for all of them."""
    return web.Response(status=403, body=REFUSAL, content_type="application/json")


async def _bearer(authorization: str) -> CredentialOwner | None:
    scheme, _, secret = authorization.strip().partition(" ")
    return await access_tokens.bearer_of(secret.strip()) if scheme.lower() in SCHEMES else None


def _viewer(bearer: CredentialOwner | None, origin: Origin) -> Viewer:
    if bearer is None:
        raise BadCredential
    return Viewer(
        account_id=bearer.account_id,
        profile_id=bearer.profile_id,
        service=bearer.service,
        scopes=bearer.scopes,
        origin=origin,
        company_id=bearer.company_id,
        company_admin=bearer.company_admin,
        language=bearer.language,
    )


async def _in_session(secret: str) -> Shown:
    ours = secret.isascii() and 0 < len(secret) <= MAX_CREDENTIAL_CHARACTERS
    try:
        return Shown(await viewer_by(secret)) if ours else Shown(dead=True)
    except Refused:
        return Shown(dead=True)
