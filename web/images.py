"""
Images of profiles and projects: GET /avatars/{key}/{size}.webp, GET /pictures/{key}/{size}.webp.

A key is random and its image never changes, so a client may cache it; a shared cache may not, because it would go on
serving the image of a profile that has hidden since. An image that the viewer may not see is a 404, like an unknown one.

An address with a valid `expires` and `signature` opens its image without a credential, on pages of all origins.
"""

from typing import Final

from aiohttp import hdrs, web

from catalogue import scopes
from services.auth.principals import Client
from services.core import rate_limits
from services.errors import Refused
from services.media import picture_addresses
from services.portfolio import project_images
from services.profiles import avatars
from settings import Settings
from web import etags
from web.client import client_of, trusted_of
from web.cookies import SessionCookie
from web.credentials import authenticate, own_profile_of, refusal
from web.origins import Origins
from web.request_limits import TooManyRequests

SOURCES: Final = {
    "/avatars": (avatars.content_of, frozenset({"Profile.avatarUrl"})),
    "/pictures": (project_images.content_of, frozenset({"ProjectImage.url"})),
}
"""Path prefix to the function that reads an image, and the field with its URL, which a token's scopes must open."""
IMAGE_CACHE_CONTROL: Final = "private, max-age=31536000, immutable"
POLICY: Final = "sandbox; default-src 'none'"


class ImageEndpoint:
    """Answers for the images under one path prefix."""

    def __init__(self, settings: Settings, prefix: str = "/avatars") -> None:
        """Raise BadSetting for origins or proxies that cannot be used."""
        self._content_of, self._opened_as = SOURCES[prefix]
        self._anonymous, self._limited = settings.anonymous == "read", settings.request_limit == "on"
        self._origins, self._trusted = Origins(settings), trusted_of(settings)
        self._cookie = SessionCookie.of(settings)

    async def get(self, request: web.Request) -> web.Response:
        """The image; 304 if the browser has it, 403 for a bad credential, 404 if the viewer may not see one."""
        await self._admit(client_of(request, self._trusted))
        viewer = (await authenticate(request, self._cookie, self._origins)).principal
        if viewer.scopes is not None and scopes.closed(self._opened_as, viewer.scopes):
            return refusal()
        found, seconds_left = None, self._seconds_left(request)
        if viewer.signed_in or self._anonymous or seconds_left:
            key, size = request.match_info["key"], int(request.match_info["size"])
            found = await self._content_of(key, size, viewer_profile=own_profile_of(viewer), signed=seconds_left > 0)
        if found is None:
            return web.Response(status=404)
        content, public = found
        return self._respond(request, content, public=public, seconds_left=seconds_left)

    def _seconds_left(self, request: web.Request) -> int:
        """For how long the signature of this address still opens it; 0 if it has none that does."""
        expires, signature = (request.query.get(name, "") for name in ("expires", "signature"))
        return picture_addresses.seconds_left(request.path, expires, signature)

    async def _admit(self, client: Client) -> None:
        if self._limited:
            try:
                await rate_limits.spend("picture", by=[f"address:{client.address}"])
            except Refused as refused:
                raise TooManyRequests(refused) from None

    def _respond(self, request: web.Request, content: bytes, *, public: bool, seconds_left: int) -> web.Response:
        tag = f"{request.match_info['key']}-{request.match_info['size']}"
        headers = {
            hdrs.CACHE_CONTROL: IMAGE_CACHE_CONTROL
            if public or not seconds_left
            else f"private, max-age={seconds_left}",
            hdrs.CONTENT_DISPOSITION: "inline",
            "Content-Security-Policy": POLICY,
            # Pages of other hosts may embed public images, those whose signed address they know, and no others.
            "Cross-Origin-Resource-Policy": "cross-origin" if public or seconds_left else "same-origin",
            "Referrer-Policy": "no-referrer",  # the address may be signed
            "X-Content-Type-Options": "nosniff",
        }
        if etags.matches(request, tag):
            response = web.Response(status=304, headers=headers)
        else:
            response = web.Response(body=content, content_type="image/webp", headers=headers)
        response.etag = tag
        return response


def install(app: web.Application, settings: Settings) -> None:
    """Serve images in this application. Raises BadSetting."""
    for prefix in SOURCES:
        app.router.add_get(prefix + "/{key:[a-z2-7]{32}}/{size:[0-9]{1,4}}.webp", ImageEndpoint(settings, prefix).get)
