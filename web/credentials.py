"""
Who is asking, by what the request's headers say.

Credentials come in headers only. A token is `Authorization: mxtoken <token>`, the scheme in any case; `Bearer` works
too. A bad credential is refused, whatever is wrong with it, and never treated as nobody. Rule: domain.md "Security
settings".
"""

from aiohttp import hdrs, web

from models.audit import Origin
from resolvers.viewers import NOBODY, Viewer
from services import tokens

SCHEMES = ("mxtoken", "bearer")
REFUSAL = b'{"error": ""}'


class BadCredential(Exception):
    """The request shows a credential that does not hold."""


async def viewer_of(request: web.BaseRequest) -> Viewer:
    """Who makes this request. Raises BadCredential."""
    shown = request.headers.getall(hdrs.AUTHORIZATION, ())
    if not shown:
        return NOBODY
    if len(shown) > 1:
        raise BadCredential
    scheme, _, secret = shown[0].strip().partition(" ")
    if scheme.lower() not in SCHEMES:
        raise BadCredential
    bearer = await tokens.bearer_of(secret.strip())
    if bearer is None:
        raise BadCredential
    return Viewer(bearer.account_id, bearer.profile_id, bearer.service, bearer.scopes, Origin.TOKEN)


def refusal() -> web.Response:
    """The answer to a bad credential: the same for all of them."""
    return web.Response(status=403, body=REFUSAL, content_type="application/json")
