"""
Badge credentials over HTTP, and what verifiers need: keys, issuer, achievements with their images, status lists.

All of it is public and any page may read it. A credential can be fetched while its recipient's profile is listed, and
always by the recipient, signed in here. Formats: Open Badges 3.0 ("Web Resource"), RFC 7517.
"""

import hashlib
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import orjson
import structlog
from aiohttp import hdrs, web

from catalogue import scopes
from services.auth.principals import ANONYMOUS
from services.open_badges import badge_credentials, badge_images, credential_status, issuer_keys
from services.open_badges.badge_credentials import Award, Document
from services.open_badges.badge_images import DEFAULT_SIZE, SIZES, ImageKind
from settings import Settings
from web import etags, open_badge_page
from web.accept import best_of
from web.client import client_of, trusted_of
from web.cookies import SessionCookie
from web.credentials import EXPLICIT, authenticate, own_profile_of, refusal
from web.origins import Origins
from web.request_limits import RequestLimit

log = structlog.get_logger(__name__)
KEYS_PATH: Final = "/.well-known/jwks.json"
OPENED_AS: Final = frozenset({"EarnedBadge.credentialUrl"})
"""A token may fetch a credential if its scopes open this field of the graph."""

SIGNED: Final = ("text/plain", "application/vc+jwt", "application/jwt", "application/jose")
SECURED: Final = ("application/vc+ld+json", "application/vc", "application/ld+json", "application/json")
PAGE: Final = "text/html"
SVG: Final = "image/svg+xml"
IMAGES: Final = {ImageKind.PNG: "image/png", ImageKind.SVG: SVG}
IMAGE_HEADERS: Final = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
"""For images: an SVG is a document of this origin, which must not run anything."""

REVALIDATED: Final = "public, no-cache"
"""Caches may store it and must revalidate it each time, so that visibility and revocation apply at once."""
CACHED: Final = "public, max-age=300"
PRIVATE_CACHE_CONTROL: Final = "private, no-store"
VARY: Final = f"{hdrs.ACCEPT}, {', '.join(EXPLICIT)}, {hdrs.COOKIE}"


class OpenBadges:
    """Answers the URLs that credentials contain."""

    def __init__(self, settings: Settings) -> None:
        """Raise BadSetting for origins or proxies that cannot be used."""
        self._anonymous = settings.anonymous == "read"
        self._origins, self._trusted = Origins(settings), trusted_of(settings)
        self._cookie, self._limit = SessionCookie.of(settings), RequestLimit(settings)
        self._keys_url = f"{settings.address}{KEYS_PATH}"

    def install(self, app: web.Application) -> None:
        """Serve credentials in this application."""
        for path, handler in {
            KEYS_PATH: self.keys,
            "/credentials/status/{number:[0-9]{1,9}}": self.status_list,
            "/credentials/keys/{thumbprint}": self.key,
            "/credentials/{credential:[0-9a-f]{32}}": self.credential,
            "/credentials/{credential:[0-9a-f]{32}}/badge.{kind:png|svg}": self.baked,
            "/achievements/{code}": self.achievement,
            "/achievements/{code}/{level:[2-9]}": self.achievement,
            "/achievements/{code}/{level:[1-9]}/image.{kind:svg}": self.image,
            "/achievements/{code}/{level:[1-9]}/image-{size:[0-9]{1,4}}.{kind:png}": self.image,
            "/issuer": self.issuer,
        }.items():
            app.router.add_get(path, handler)

    async def credential(self, request: web.Request) -> web.Response:
        """A credential: signed, as JSON with a proof, or as HTML; 404 if the viewer may not see one, 410 if it is revoked."""
        found = await self._find_award(request)
        return found if isinstance(found, web.Response) else await self._respond(request, found)

    async def baked(self, request: web.Request) -> web.Response:
        """The badge's image with the credential inside; statuses as for `credential`."""
        found = await self._find_award(request)
        if isinstance(found, web.Response):
            return found
        headers, kind = _vary(VARY), ImageKind[request.match_info["kind"].upper()]
        if found.revoked:
            return self._revoked_response(request, found, headers)
        body = await badge_credentials.baked(found, kind)
        return _response(request, body, IMAGES[kind], self._cache_of(found), headers=headers | IMAGE_HEADERS)

    async def _find_award(self, request: web.Request) -> Award | web.Response:
        """The award in the request's URL, or the response if the viewer may not see it."""
        client = client_of(request, self._trusted)
        viewer = (await authenticate(request, self._cookie, self._origins)).principal
        await self._limit.admit(viewer, client)
        if viewer.scopes is not None and scopes.closed(OPENED_AS, viewer.scopes):
            return refusal()
        found = None
        if viewer.signed_in or self._anonymous:
            found = await badge_credentials.award_of(
                request.match_info["credential"], own_profile=own_profile_of(viewer)
            )
        if found is None:
            return _response(request, b"", "text/plain", REVALIDATED, status=404, headers={hdrs.VARY: VARY})
        return found

    async def _respond(self, request: web.Request, award: Award) -> web.Response:
        media = best_of(request, (*SIGNED, *SECURED, PAGE))
        cache, headers = self._cache_of(award), _vary(VARY)
        if media is None:
            return _response(request, b"", "text/plain", cache, status=406, headers=headers)
        if media == PAGE:
            body = open_badge_page.page_of(award, self._keys_url).encode()
            status = 410 if award.revoked else 200
            return _response(request, body, media, cache, status=status, headers=headers | open_badge_page.headers())
        if award.revoked:
            return self._revoked_response(request, award, headers)
        if media in SIGNED:
            body = (await badge_credentials.signed(award)).encode()
        else:
            body = orjson.dumps(await badge_credentials.secured(award))
        return _response(request, body, media, cache, headers=headers)

    def _revoked_response(self, request: web.Request, award: Award, headers: dict[str, str]) -> web.Response:
        revoked = badge_credentials.REVOKED.encode()
        return _response(request, revoked, "text/plain", self._cache_of(award), status=410, headers=headers)

    def _cache_of(self, award: Award) -> str:
        return REVALIDATED if award.listed and self._anonymous else PRIVATE_CACHE_CONTROL

    async def image(self, request: web.Request) -> web.Response:
        """The image of one level of a badge; 404 if there is no such badge or size."""
        wanted = request.match_info
        kind, size = ImageKind[wanted["kind"].upper()], int(wanted.get("size", DEFAULT_SIZE))
        await self._limit.admit(ANONYMOUS, client_of(request, self._trusted))
        found = await badge_credentials.achievement_of(wanted["code"], int(wanted["level"]))
        if found is None or size not in SIZES:
            return _response(request, b"", "text/plain", REVALIDATED, status=404)
        body = await badge_images.drawn(found.picture, kind, size)
        return _response(request, body, IMAGES[kind], CACHED, headers=IMAGE_HEADERS)

    async def achievement(self, request: web.Request) -> web.Response:
        """The achievement of one level of a badge; 404 if there is no such badge."""
        level = int(request.match_info.get("level", "1"))
        found = await badge_credentials.achievement_of(request.match_info["code"], level)
        return await self._public_response(
            request, None if found is None else badge_credentials.achievement_document(found)
        )

    async def issuer(self, request: web.Request) -> web.Response:
        """The issuer of the credentials."""
        return await self._public_response(request, badge_credentials.issuer())

    async def keys(self, request: web.Request) -> web.Response:
        """The public keys, as a JSON Web Key Set."""
        return await self._public_response(request, {"keys": [each.jwk() for each in issuer_keys.published()]})

    async def key(self, request: web.Request) -> web.Response:
        """One public key, as a JSON Web Key; 404 if this server does not publish it (any more)."""
        found = issuer_keys.by_thumbprint(request.match_info["thumbprint"])
        return await self._public_response(request, None if found is None else dict(found.jwk()))

    async def status_list(self, request: web.Request) -> web.Response:
        """A status list of revoked credentials: signed, or as JSON with a proof; 404 if there is no such list."""
        await self._limit.admit(ANONYMOUS, client_of(request, self._trusted))
        media, headers = best_of(request, (*SIGNED, *SECURED)), _vary(hdrs.ACCEPT)
        document = await credential_status.list_document(int(request.match_info["number"]))
        if document is None or media is None:
            status = 404 if document is None else 406
            return _response(request, b"", "text/plain", REVALIDATED, status=status, headers=headers)
        if media in SIGNED:
            body = credential_status.as_jwt(document).encode()
        else:
            body = orjson.dumps(await credential_status.as_json(document))
        return _response(request, body, media, REVALIDATED, headers=headers)

    async def _public_response(
        self, request: web.Request, document: Document | None, *, cache: str = CACHED
    ) -> web.Response:
        """A public document; 404 for None."""
        await self._limit.admit(ANONYMOUS, client_of(request, self._trusted))
        if document is None:
            return _response(request, b"", "text/plain", REVALIDATED, status=404)
        media = "application/ld+json" if "@context" in document else "application/json"
        return _response(request, orjson.dumps(document), media, cache)


def install(app: web.Application, settings: Settings) -> None:
    """Serve credentials in this application; warn if other systems cannot verify them. Raises BadSetting."""
    OpenBadges(settings).install(app)
    if reasons := portability_problems(settings):
        log.warning("badge_credentials.not_portable", reasons=reasons)


def portability_problems(settings: Settings) -> list[str]:
    """
    Why other systems cannot verify this server's credentials; empty if they can. A warning and no error: a local trial
    server has no better URL.
    """
    reasons, address = [], urlsplit(settings.address)
    if address.scheme != "https":
        reasons.append("PUBLIC_URL is not https: most verifiers fetch keys and status lists over https only")
    if not badge_credentials.is_name(address.hostname or ""):
        reasons.append("PUBLIC_URL has no public host name, and is part of every credential")
        if not settings.credential_issuer:
            reasons.append("CREDENTIAL_ISSUER is empty, and the host of PUBLIC_URL cannot name an issuer")
    return reasons


def _vary(on: str) -> dict[str, str]:
    return {hdrs.VARY: on}


def _response(
    request: web.Request,
    body: bytes,
    media: str,
    cache: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> web.Response:
    """A response with an ETag if it is a 200; 304 for a client that has it already."""
    sent = {hdrs.CACHE_CONTROL: cache, **(headers or {})}
    if cache != PRIVATE_CACHE_CONTROL:
        sent[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
    charset = "; charset=utf-8" if media.startswith("text/") else ""
    response = web.Response(status=status, body=body, headers={**sent, hdrs.CONTENT_TYPE: f"{media}{charset}"})
    if status == HTTPStatus.OK:
        tag = hashlib.sha256(media.encode() + b"\0" + body).hexdigest()[:32]
        if etags.matches(request, tag):
            response = web.Response(status=304, headers=sent)
        response.etag = tag
    return response
