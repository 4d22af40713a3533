"""
Badge credentials over HTTP, and what verifying one takes: keys, issuer, achievements, the list of revoked ones.

All of it is for everybody and any page may read it. A credential is there as long as its recipient's profile is to be seen;
its owner, signed in here, can always fetch it. Formats: Open Badges 3.0 ("Web Resource"), RFC 7517.
"""

import hashlib
from typing import Final

import orjson
from aiohttp import hdrs, web

from catalogue import scopes
from resolvers.viewers import Viewer
from services import open_badges, signing_keys
from services.open_badges import Award, Document
from settings import Settings
from web import open_badge_page
from web.accept import best_of
from web.client import client_of, trusted_of
from web.cookies import SessionCookie
from web.credentials import EXPLICIT, BadCredential, refusal, shown_by
from web.origins import Origins
from web.request_limits import RequestLimit, TooMany, too_many

KEYS: Final = "/.well-known/jwks.json"
OPENED_AS: Final = frozenset({"EarnedBadge.credentialUrl"})
"""A token's scopes have to open this field of the graph for it to fetch what the field leads to."""

SIGNED: Final = ("text/plain", "application/vc+jwt", "application/jwt", "application/jose")
ENVELOPED: Final = ("application/vc+ld+json", "application/vc", "application/ld+json", "application/json")
PAGE: Final = "text/html"

REVALIDATED: Final = "public, no-cache"
"""Kept by whoever likes, and asked for again each time: visibility and revocation hold at once."""
LASTING: Final = "public, max-age=300"
OWN: Final = "private, no-store"
VARY: Final = f"{hdrs.ACCEPT}, {', '.join(EXPLICIT)}, {hdrs.COOKIE}"


class OpenBadges:
    """Answers the addresses that credentials name."""

    def __init__(self, settings: Settings) -> None:
        """Raise BadSetting for origins or proxies that cannot be used."""
        self._anonymous = settings.anonymous == "read"
        self._origins, self._trusted = Origins(settings), trusted_of(settings)
        self._cookie, self._limit = SessionCookie.of(settings), RequestLimit(settings)
        self._keys = f"{settings.address}{KEYS}"

    def install(self, app: web.Application) -> None:
        """Serve credentials in this application."""
        for path, handler in {
            KEYS: self.keys,
            "/credentials/revoked": self.revoked,
            "/credentials/keys/{thumbprint}": self.key,
            "/credentials/{credential:[0-9a-f]{32}}": self.credential,
            "/achievements/{code}": self.achievement,
            "/achievements/{code}/{level:[2-9]}": self.achievement,
            "/issuer": self.issuer,
        }.items():
            app.router.add_get(path, handler)

    async def credential(self, request: web.Request) -> web.Response:
        """One credential: signed, signed inside of JSON, or as a page. 404: nobody may see it; 410: it was revoked."""
        client = client_of(request, self._trusted)
        try:
            shown = await shown_by(request, self._cookie, self._origins)
            await self._limit.admit(shown.viewer, client)
        except BadCredential:
            return refusal()
        except TooMany as error:
            return too_many(error)
        viewer = shown.viewer
        if viewer.scopes is not None and scopes.closed(OPENED_AS, viewer.scopes):
            return refusal()
        found = None
        if viewer.signed_in or self._anonymous:
            found = await open_badges.award_of(request.match_info["credential"], own_profile=_own_profile(viewer))
        if found is None:
            return _answer(request, b"", "text/plain", REVALIDATED, status=404, headers={hdrs.VARY: VARY})
        return await self._told(request, found)

    async def _told(self, request: web.Request, award: Award) -> web.Response:
        media = best_of(request, (*SIGNED, *ENVELOPED, PAGE))
        cache = REVALIDATED if award.listed and self._anonymous else OWN
        headers: dict[str, str] = {hdrs.VARY: VARY}
        status = 410 if award.revoked else 200
        if media is None:
            return _answer(request, b"", "text/plain", cache, status=406, headers=headers)
        if media == PAGE:
            body = open_badge_page.page_of(award, self._keys).encode()
            return _answer(request, body, media, cache, status=status, headers=headers | open_badge_page.HEADERS)
        if award.revoked:
            return _answer(request, open_badges.REVOKED.encode(), "text/plain", cache, status=status, headers=headers)
        jws = await open_badges.signed(award)
        body = jws.encode() if media in SIGNED else orjson.dumps(open_badges.enveloped(jws))
        return _answer(request, body, media, cache, headers=headers)

    async def achievement(self, request: web.Request) -> web.Response:
        """What one level of a badge is for; 404: there is no such badge."""
        level = int(request.match_info.get("level", "1"))
        found = await open_badges.achievement_of(request.match_info["code"], level)
        return await self._public(request, None if found is None else open_badges.achievement_document(found))

    async def issuer(self, request: web.Request) -> web.Response:
        """Who issues the credentials."""
        return await self._public(request, open_badges.issuer())

    async def keys(self, request: web.Request) -> web.Response:
        """The public keys, as a JSON Web Key Set."""
        return await self._public(request, {"keys": [each.jwk() for each in signing_keys.published()]})

    async def key(self, request: web.Request) -> web.Response:
        """One public key, as a JSON Web Key; 404: it is not, or no longer, one of ours."""
        found = signing_keys.by_thumbprint(request.match_info["thumbprint"])
        return await self._public(request, None if found is None else dict(found.jwk()))

    async def revoked(self, request: web.Request) -> web.Response:
        """The revoked credentials."""
        return await self._public(request, await open_badges.revocation_list(), cache=REVALIDATED)

    async def _public(self, request: web.Request, document: Document | None, *, cache: str = LASTING) -> web.Response:
        """A document for everybody, whoever asks; None: there is none."""
        try:
            await self._limit.admit(Viewer(), client_of(request, self._trusted))
        except TooMany as error:
            return too_many(error)
        if document is None:
            return _answer(request, b"", "text/plain", REVALIDATED, status=404)
        media = "application/ld+json" if "@context" in document else "application/json"
        return _answer(request, orjson.dumps(document), media, cache)


def install(app: web.Application, settings: Settings) -> None:
    """Serve credentials in this application. Raises BadSetting."""
    OpenBadges(settings).install(app)


def _own_profile(viewer: Viewer) -> int:
    return 0 if viewer.password_expired else viewer.own_profile


def _answer(
    request: web.Request,
    body: bytes,
    media: str,
    cache: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> web.Response:
    """An answer with its ETag; 304 for a client that has it already."""
    sent = {hdrs.CACHE_CONTROL: cache, **(headers or {})}
    if cache != OWN:
        sent[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
    if status == 200:  # noqa: PLR2004 - the one that can be kept
        tag = hashlib.sha256(media.encode() + b"\0" + body).hexdigest()[:32]
        sent[hdrs.ETAG] = f'"{tag}"'
        if any(each.value in {tag, "*"} for each in request.if_none_match or ()):
            return web.Response(status=304, headers=sent)
    charset = "" if media.endswith(("json", "jwt", "jose", "vc")) else "; charset=utf-8"
    return web.Response(status=status, body=body, headers={**sent, hdrs.CONTENT_TYPE: f"{media}{charset}"})
