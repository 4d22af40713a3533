"""
Badge credentials over HTTP, and what verifying one takes: keys, issuer, achievements with their pictures, status lists.

All of it is public and any page may read it. A credential is there as long as its recipient's profile is to be seen;
its owner, signed in here, can always fetch it. Formats: Open Badges 3.0 ("Web Resource"), RFC 7517.
"""

import hashlib
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
from web import open_badge_page
from web.accept import best_of
from web.client import client_of, trusted_of
from web.cookies import SessionCookie
from web.credentials import EXPLICIT, BadCredential, authenticate, own_profile_of, refusal
from web.origins import Origins
from web.request_limits import RequestLimit, TooMany, too_many

log = structlog.get_logger(__name__)
KEYS: Final = "/.well-known/jwks.json"
OPENED_AS: Final = frozenset({"EarnedBadge.credentialUrl"})
"""A token's scopes have to open this field of the graph for it to fetch what the field leads to."""

SIGNED: Final = ("text/plain", "application/vc+jwt", "application/jwt", "application/jose")
SECURED: Final = ("application/vc+ld+json", "application/vc", "application/ld+json", "application/json")
PAGE: Final = "text/html"
SVG: Final = "image/svg+xml"
IMAGES: Final = {ImageKind.PNG: "image/png", ImageKind.SVG: SVG}
IMAGE_HEADERS: Final = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
"""Of pictures: an SVG is a document of this address, which must not be able to do anything."""

REVALIDATED: Final = "public, no-cache"
"""Kept by whoever likes, and asked for again each time: visibility and revocation hold at once."""
LASTING: Final = "public, max-age=300"
PRIVATE_CACHE_CONTROL: Final = "private, no-store"
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
        """One credential: signed, as JSON with a proof, or as a page. 404: nobody may see it; 410: it was revoked."""
        found = await self._found(request)
        return found if isinstance(found, web.Response) else await self._sent(request, found)

    async def baked(self, request: web.Request) -> web.Response:
        """The badge's picture with the credential inside. Like `credential`."""
        found = await self._found(request)
        if isinstance(found, web.Response):
            return found
        headers, kind = _vary(VARY), ImageKind[request.match_info["kind"].upper()]
        if found.revoked:
            return self._gone(request, found, headers)
        body = await badge_credentials.baked(found, kind)
        return _answer(request, body, IMAGES[kind], self._cache_of(found), headers=headers | IMAGE_HEADERS)

    async def _found(self, request: web.Request) -> Award | web.Response:
        """The award that the request's address names, or what is to be answered instead."""
        client = client_of(request, self._trusted)
        try:
            viewer = (await authenticate(request, self._cookie, self._origins)).principal
            await self._limit.admit(viewer, client)
        except BadCredential:
            return refusal()
        except TooMany as error:
            return too_many(error)
        if viewer.scopes is not None and scopes.closed(OPENED_AS, viewer.scopes):
            return refusal()
        found = None
        if viewer.signed_in or self._anonymous:
            found = await badge_credentials.award_of(
                request.match_info["credential"], own_profile=own_profile_of(viewer)
            )
        if found is None:
            return _answer(request, b"", "text/plain", REVALIDATED, status=404, headers={hdrs.VARY: VARY})
        return found

    async def _sent(self, request: web.Request, award: Award) -> web.Response:
        media = best_of(request, (*SIGNED, *SECURED, PAGE))
        cache, headers = self._cache_of(award), _vary(VARY)
        if media is None:
            return _answer(request, b"", "text/plain", cache, status=406, headers=headers)
        if media == PAGE:
            body = open_badge_page.page_of(award, self._keys).encode()
            status = 410 if award.revoked else 200
            return _answer(request, body, media, cache, status=status, headers=headers | open_badge_page.HEADERS)
        if award.revoked:
            return self._gone(request, award, headers)
        if media in SIGNED:
            body = (await badge_credentials.signed(award)).encode()
        else:
            body = orjson.dumps(await badge_credentials.secured(award))
        return _answer(request, body, media, cache, headers=headers)

    def _gone(self, request: web.Request, award: Award, headers: dict[str, str]) -> web.Response:
        revoked = badge_credentials.REVOKED.encode()
        return _answer(request, revoked, "text/plain", self._cache_of(award), status=410, headers=headers)

    def _cache_of(self, award: Award) -> str:
        return REVALIDATED if award.listed and self._anonymous else PRIVATE_CACHE_CONTROL

    async def image(self, request: web.Request) -> web.Response:
        """The picture of one level of a badge; 404: there is no such badge, or it is not drawn in this size."""
        wanted = request.match_info
        kind, size = ImageKind[wanted["kind"].upper()], int(wanted.get("size", DEFAULT_SIZE))
        try:
            await self._limit.admit(ANONYMOUS, client_of(request, self._trusted))
        except TooMany as error:
            return too_many(error)
        found = await badge_credentials.achievement_of(wanted["code"], int(wanted["level"]))
        if found is None or size not in SIZES:
            return _answer(request, b"", "text/plain", REVALIDATED, status=404)
        body = await badge_images.drawn(found.picture, kind, size)
        return _answer(request, body, IMAGES[kind], LASTING, headers=IMAGE_HEADERS)

    async def achievement(self, request: web.Request) -> web.Response:
        """What one level of a badge is for; 404: there is no such badge."""
        level = int(request.match_info.get("level", "1"))
        found = await badge_credentials.achievement_of(request.match_info["code"], level)
        return await self._public(request, None if found is None else badge_credentials.achievement_document(found))

    async def issuer(self, request: web.Request) -> web.Response:
        """Who issues the credentials."""
        return await self._public(request, badge_credentials.issuer())

    async def keys(self, request: web.Request) -> web.Response:
        """The public keys, as a JSON Web Key Set."""
        return await self._public(request, {"keys": [each.jwk() for each in issuer_keys.published()]})

    async def key(self, request: web.Request) -> web.Response:
        """One public key, as a JSON Web Key; 404: it is not, or no longer, one of ours."""
        found = issuer_keys.by_thumbprint(request.match_info["thumbprint"])
        return await self._public(request, None if found is None else dict(found.jwk()))

    async def status_list(self, request: web.Request) -> web.Response:
        """Which credentials are revoked: one list, signed, or as JSON with a proof; 404: there is no such list."""
        try:
            await self._limit.admit(ANONYMOUS, client_of(request, self._trusted))
        except TooMany as error:
            return too_many(error)
        media, headers = best_of(request, (*SIGNED, *SECURED)), _vary(hdrs.ACCEPT)
        document = await credential_status.list_document(int(request.match_info["number"]))
        if document is None or media is None:
            status = 404 if document is None else 406
            return _answer(request, b"", "text/plain", REVALIDATED, status=status, headers=headers)
        if media in SIGNED:
            body = credential_status.as_jwt(document).encode()
        else:
            body = orjson.dumps(await credential_status.as_json(document))
        return _answer(request, body, media, REVALIDATED, headers=headers)

    async def _public(self, request: web.Request, document: Document | None, *, cache: str = LASTING) -> web.Response:
        """A document for everybody, whoever asks; None: there is none."""
        try:
            await self._limit.admit(ANONYMOUS, client_of(request, self._trusted))
        except TooMany as error:
            return too_many(error)
        if document is None:
            return _answer(request, b"", "text/plain", REVALIDATED, status=404)
        media = "application/ld+json" if "@context" in document else "application/json"
        return _answer(request, orjson.dumps(document), media, cache)


def install(app: web.Application, settings: Settings) -> None:
    """Serve credentials in this application; warn where they would not be taken elsewhere. Raises BadSetting."""
    OpenBadges(settings).install(app)
    if reasons := credentials_that_stay_here(settings):
        log.warning("badge_credentials_not_portable", reasons=reasons)


def credentials_that_stay_here(settings: Settings) -> list[str]:
    """
    Why other systems would not take the credentials of this server; empty where they do. A warning, not a refusal: a server
    that is tried out on one machine has no better address.
    """
    reasons, address = [], urlsplit(settings.address)
    if address.scheme != "https":
        reasons.append("PUBLIC_URL is not https: most verifiers fetch keys and status lists over https alone")
    if not badge_credentials.is_name(address.hostname or ""):
        reasons.append("PUBLIC_URL has no host name that others can look up, and is part of every credential")
        if not settings.credential_issuer:
            reasons.append("CREDENTIAL_ISSUER is empty, and the host of PUBLIC_URL is no name for an issuer")
    return reasons


def _vary(on: str) -> dict[str, str]:
    return {hdrs.VARY: on}


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
    if cache != PRIVATE_CACHE_CONTROL:
        sent[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
    if status == 200:  # noqa: PLR2004 - the one that can be kept
        tag = hashlib.sha256(media.encode() + b"\0" + body).hexdigest()[:32]
        sent[hdrs.ETAG] = f'"{tag}"'
        if any(each.value in {tag, "*"} for each in request.if_none_match or ()):
            return web.Response(status=304, headers=sent)
    charset = "; charset=utf-8" if media.startswith("text/") else ""
    return web.Response(status=status, body=body, headers={**sent, hdrs.CONTENT_TYPE: f"{media}{charset}"})
