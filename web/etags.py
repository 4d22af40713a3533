"""
Answers that a client has already: it shows the tag of the one it keeps, and gets 304 in place of the same bytes again.

For queries that were answered without an error. The tag is a digest of the bytes, so it can never be of another answer.
"""

from hashlib import blake2b

from aiohttp import hdrs, web

SIZE = 16
RESPONSE_CACHE_CONTROL = "private, no-cache"
"""May be kept by the client, who asks each time whether it still holds."""


def tag(request: web.Request, response: web.Response, *, kept: bool) -> web.Response:
    """
    Tag an answer; one without a body, and 304, where the client shows that it has this one.

    `kept` also lets the client store it: not for a browser's session, whose answers leave nothing behind on a disk.
    """
    body = response.body if isinstance(response.body, bytes) else b""
    own = f'"{blake2b(body, digest_size=SIZE).hexdigest()}"'
    headers = {hdrs.ETAG: own, hdrs.VARY: response.headers[hdrs.VARY]}
    if kept:
        headers[hdrs.CACHE_CONTROL] = RESPONSE_CACHE_CONTROL
    if _shown(request, own):
        return web.Response(status=304, headers=headers)
    response.headers.update(headers)
    return response


def _shown(request: web.Request, own: str) -> bool:
    """Whether If-None-Match names this tag. A proxy may have made it weak on the way: W/ does not count."""
    shown = ",".join(request.headers.getall(hdrs.IF_NONE_MATCH, ()))
    return any(each.strip().removeprefix("W/") in {own, "*"} for each in shown.split(","))
