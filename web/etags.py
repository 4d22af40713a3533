"""
ETag and If-None-Match.

Responses to queries are tagged if they have no error: the tag is a digest of the bytes, so equal tags mean equal answers.
"""

from hashlib import blake2b

from aiohttp import hdrs, web

DIGEST_BYTES = 16
RESPONSE_CACHE_CONTROL = "private, no-cache"
"""The client may store the response, and must revalidate it each time."""


def tag(request: web.Request, response: web.Response, *, storable: bool) -> web.Response:
    """
    Add an ETag; return 304 without a body if the client has this response already.

    `storable` lets the client store it. False for browser sessions, whose responses must leave nothing on a disk.
    """
    body = response.body if isinstance(response.body, bytes) else b""
    value = blake2b(body, digest_size=DIGEST_BYTES).hexdigest()
    if matches(request, value):
        response = web.Response(status=304, headers={hdrs.VARY: response.headers[hdrs.VARY]})
    response.etag = value
    if storable:
        response.headers[hdrs.CACHE_CONTROL] = RESPONSE_CACHE_CONTROL
    return response


def matches(request: web.BaseRequest, value: str) -> bool:
    """True if If-None-Match names this tag, which has no comma. Weak tags match: a proxy may have weakened ours."""
    # Not aiohttp's parser: it reads only the first of several headers, and takes the tag "*" for an unquoted *.
    sent = ",".join(request.headers.getall(hdrs.IF_NONE_MATCH, ()))
    return any(each.strip().removeprefix("W/") in {f'"{value}"', "*"} for each in sent.split(","))
