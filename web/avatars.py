"""
Pictures of people and of their projects: GET /avatars/{key}/{size}.webp, GET /pictures/{key}/{size}.webp.

A key is random and its picture never changes, so whoever has a picture may keep it; but only for themselves: a shared
cache would go on showing it when its person has hidden. What a viewer may not see is answered like what never was.
"""

from typing import Final

from aiohttp import hdrs, web

from catalogue import scopes
from services.auth.principals import Client
from services.core import rate_limits
from services.errors import Refused
from services.portfolio import project_images
from services.profiles import avatars
from settings import Settings
from web.client import client_of, trusted_of
from web.cookies import SessionCookie
from web.credentials import BadCredential, authenticate, own_profile_of, refusal
from web.origins import Origins
from web.request_limits import TooMany, too_many

OPENED_AS: Final = {
    "/avatars": (avatars.content_of, frozenset({"Profile.avatarUrl"})),
    "/pictures": (project_images.content_of, frozenset({"ProjectImage.url"})),
}
"""Whose pictures are where; and the field of the graph that leads there, which a token's scopes have to open."""
PICTURE_CACHE_CONTROL: Final = "private, max-age=31536000, immutable"
POLICY: Final = "sandbox; default-src 'none'"


class Avatars:
    """Answers for pictures at one place."""

    def __init__(self, settings: Settings, place: str = "/avatars") -> None:
        """Raise BadSetting for origins or proxies that cannot be used."""
        self._content_of, self._opened_as = OPENED_AS[place]
        self._anonymous, self._limited = settings.anonymous == "read", settings.request_limit == "on"
        self._origins, self._trusted = Origins(settings), trusted_of(settings)
        self._cookie = SessionCookie.of(settings)

    async def picture(self, request: web.Request) -> web.Response:
        """The picture. 404: there is none for this viewer; 304: the one that the browser has; 403: a bad credential."""
        try:
            await self._admit(client_of(request, self._trusted))
            viewer = (await authenticate(request, self._cookie, self._origins)).principal
        except TooMany as error:
            return too_many(error)
        except BadCredential:
            return refusal()
        if viewer.scopes is not None and scopes.closed(self._opened_as, viewer.scopes):
            return refusal()
        found = None
        if viewer.signed_in or self._anonymous:
            key, size = request.match_info["key"], int(request.match_info["size"])
            found = await self._content_of(key, size, viewer_profile=own_profile_of(viewer))
        if found is None:
            return web.Response(status=404)
        content, public = found
        return self._told(request, content, public=public)

    async def _admit(self, client: Client) -> None:
        if self._limited:
            try:
                await rate_limits.spend("picture", by=[f"address:{client.address}"])
            except Refused as refused:
                raise TooMany(refused) from None

    def _told(self, request: web.Request, content: bytes, *, public: bool) -> web.Response:
        tag = f'"{request.match_info["key"]}-{request.match_info["size"]}"'
        headers = {
            hdrs.CACHE_CONTROL: PICTURE_CACHE_CONTROL,
            hdrs.CONTENT_DISPOSITION: "inline",
            "Content-Security-Policy": POLICY,
            # Pages of other hosts may show what is public; what only its owner sees stays on ours.
            "Cross-Origin-Resource-Policy": "cross-origin" if public else "same-origin",
            hdrs.ETAG: tag,
            "X-Content-Type-Options": "nosniff",
        }
        if tag in {each.strip().removeprefix("W/") for each in request.headers.get(hdrs.IF_NONE_MATCH, "").split(",")}:
            return web.Response(status=304, headers=headers)
        return web.Response(body=content, content_type="image/webp", headers=headers)


def install(app: web.Application, settings: Settings) -> None:
    """Serve pictures in this application. Raises BadSetting."""
    for place in OPENED_AS:
        app.router.add_get(place + "/{key:[a-z2-7]{32}}/{size:[0-9]{1,4}}.webp", Avatars(settings, place).picture)
