"""
Verification of badge credentials: issued by this server, unaltered, not revoked.

It uses only what is public: the signature, the published keys, the list of revoked credentials. The result does not depend
on whether the recipient's profile is public or exists. Nothing is fetched, whatever a credential names.
Rule: Open Badges 3.0, verification of VC-JWT and of Data Integrity proofs.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

import jwt
import orjson

from services.core import clock
from services.core.email_addresses import address_of as mail_address_of
from services.open_badges import (
    badge_baking,
    badge_credentials,
    credential_forms,
    credential_status,
    data_integrity,
    issuer_keys,
)
from services.open_badges.badge_baking import NotBaked
from services.open_badges.data_integrity import NotSigned
from services.open_badges.json_ld import NotCanonical

MAX_CREDENTIAL_CHARACTERS: Final = 16_384
"""Characters of a credential; those of this server have about 2,000."""
MAX_PICTURE_CHARACTERS: Final = 262_144
"""Characters of a picture with a credential inside; those of this server have about 20,000."""
PNG_DATA_URL: Final = "data:image/png;base64,"
HEADER: Final = frozenset({"alg", "typ", "kid"})
"""Members of the JWS header: the standard allows no others."""
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}", re.ASCII)
_CLAIMS: Final = ("iss", "sub", "jti", "nbf")


class Fault(Enum):
    """Why a credential is not valid."""

    NOT_A_CREDENTIAL = "NOT_A_CREDENTIAL"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    BAD_SIGNATURE = "BAD_SIGNATURE"
    OTHER_ISSUER = "OTHER_ISSUER"
    NOT_YET_VALID = "NOT_YET_VALID"
    REVOKED = "REVOKED"


@dataclass(frozen=True)
class SignedClaims:
    """The claims of a credential that this server has signed. `identifiers` are the hashes of the recipient's addresses."""

    address: str
    badge: str
    achievement: str
    issuer: str
    recipient: str
    issued_at: datetime
    identifiers: tuple[Mapping[str, Any], ...]

    def is_about(self, email: str) -> bool:
        """Return True if this is an email address of the recipient. Raises Refused: BAD_INPUT."""
        address = mail_address_of(email)
        return any(
            badge_credentials.identity_hash(known, each["salt"]) == each["identityHash"]
            for each in self.identifiers
            for known in {address.email, address.key}
        )


@dataclass(frozen=True)
class Verification:
    """The result. `claims` is None unless the signature is this server's: text of others is not repeated."""

    fault: Fault | None
    claims: SignedClaims | None = None


class _Faulty(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


async def verify(credential: str) -> Verification:
    """
    Verify a credential in one of four forms, with surrounding white space ignored: a compact JWS, JSON with a Data Integrity
    proof, and a picture with one of these inside: an SVG, or a PNG as a `data:` URL in base64.
    """
    try:
        plain = _extracted(credential.strip())
        if plain.startswith("{"):
            claims = _checked_claims(await _verified_document(plain), is_jwt=False)
        else:
            claims = _checked_claims(_verified_payload(plain), is_jwt=True)
    except _Faulty as faulty:
        return Verification(faulty.fault)
    if await credential_status.is_revoked(claims.address.rpartition("/")[2]):
        return Verification(Fault.REVOKED, claims)
    return Verification(Fault.NOT_YET_VALID if claims.issued_at > clock.now() else None, claims)


def _extracted(text: str) -> str:
    """Return the credential inside a picture, or the text itself if it is no picture."""
    if len(text) > MAX_PICTURE_CHARACTERS:
        raise _Faulty(Fault.NOT_A_CREDENTIAL)
    try:
        if text.startswith(PNG_DATA_URL):
            content = b64decode(text.removeprefix(PNG_DATA_URL), validate=True)
            return badge_baking.from_png(content, longest=MAX_CREDENTIAL_CHARACTERS).strip()
        return badge_baking.from_svg(text) if text.startswith("<") else text
    except (NotBaked, ValueError):
        raise _Faulty(Fault.NOT_A_CREDENTIAL) from None


async def _verified_document(text: str) -> dict[str, Any]:
    """
    Return the JSON document after its proof is verified. Its form is checked before the costly steps: only a document with
    the form of this server's credentials is canonicalised.
    """
    if len(text) > MAX_CREDENTIAL_CHARACTERS:
        raise _Faulty(Fault.NOT_A_CREDENTIAL)
    try:
        document = orjson.loads(text)
        method = data_integrity.method_of(document)
    except (ValueError, NotSigned):
        raise _Faulty(Fault.NOT_A_CREDENTIAL) from None
    key = issuer_keys.by_method(method)
    if key is None:
        raise _Faulty(Fault.UNKNOWN_KEY)
    if not credential_forms.is_ours(document):
        raise _Faulty(Fault.NOT_A_CREDENTIAL)
    try:
        if not await data_integrity.is_by(document, key):
            raise _Faulty(Fault.BAD_SIGNATURE)
    except (NotSigned, NotCanonical):
        raise _Faulty(Fault.BAD_SIGNATURE) from None
    return dict(document)


def _verified_payload(credential: str) -> dict[str, Any]:
    """Return the payload after the signature is verified. The key determines the algorithm, never the header."""
    if len(credential) > MAX_CREDENTIAL_CHARACTERS or not _SHAPE.fullmatch(credential):
        raise _Faulty(Fault.NOT_A_CREDENTIAL)
    try:
        header = jwt.get_unverified_header(credential)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise _Faulty(Fault.NOT_A_CREDENTIAL) from None
    if header.keys() - HEADER or header.get("alg") != issuer_keys.ALGORITHM or header.get("typ", "JWT") != "JWT":
        raise _Faulty(Fault.NOT_A_CREDENTIAL)
    key = issuer_keys.by_address(str(header.get("kid")))
    if key is None:
        raise _Faulty(Fault.UNKNOWN_KEY)
    # Times are compared below, with services.core.clock.
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
    try:
        return jwt.decode(credential, key.key, algorithms=[issuer_keys.ALGORITHM], options=options)
    except jwt.InvalidSignatureError:
        raise _Faulty(Fault.BAD_SIGNATURE) from None
    except jwt.PyJWTError:
        raise _Faulty(Fault.NOT_A_CREDENTIAL) from None


def _checked_claims(content: Mapping[str, Any], *, is_jwt: bool) -> SignedClaims:
    """
    Return the claims of signed content if it is a credential of this issuer. The claims of a JWT must repeat the facts of
    its document.
    """
    try:
        subject, issuer = content["credentialSubject"], content["issuer"]
        issued_at = datetime.fromisoformat(content["validFrom"]).astimezone(UTC)
        facts = (issuer["id"], subject["id"], content["id"], issued_at.timestamp())
        claims = SignedClaims(
            address=content["id"],
            badge=subject["achievement"]["name"],
            achievement=subject["achievement"]["id"],
            issuer=issuer["id"],
            recipient=subject["id"],
            issued_at=issued_at,
            identifiers=tuple(subject.get("identifier", ())),
        )
        is_one = "OpenBadgeCredential" in content["type"]
        if is_jwt:
            is_one = is_one and tuple(content[name] for name in _CLAIMS) == facts
    except (KeyError, TypeError, ValueError):
        raise _Faulty(Fault.NOT_A_CREDENTIAL) from None
    if not is_one:
        raise _Faulty(Fault.NOT_A_CREDENTIAL)
    number = claims.address.rpartition("/")[2]
    if claims.issuer != issuer_keys.issuer_address() or claims.address != badge_credentials.address_of(number):
        raise _Faulty(Fault.OTHER_ISSUER)
    return claims
