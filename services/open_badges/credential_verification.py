"""
Whether a badge credential that somebody shows is one of ours, unaltered, and not revoked.

Goes by what anybody can check: the signature, the keys that are published, the list of revoked credentials. It says
nothing about whether the recipient's profile is public or still there. Nothing is fetched, whatever a credential names. Rule:
Open Badges 3.0, verification of VC-JWT and of Data Integrity proofs.
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
"""Characters of a credential; ours have about 2,000."""
LONGEST_PICTURE: Final = 262_144
"""Characters of a picture with a credential inside; ours have about 20,000."""
PNG_AS_TEXT: Final = "data:image/png;base64,"
HEADER: Final = frozenset({"alg", "typ", "kid"})
"""What the header may have: the standard allows no other."""
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}", re.ASCII)
_CLAIMS: Final = ("iss", "sub", "jti", "nbf")


class Fault(Enum):
    """Why a credential does not hold."""

    NOT_A_CREDENTIAL = "NOT_A_CREDENTIAL"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    BAD_SIGNATURE = "BAD_SIGNATURE"
    OTHER_ISSUER = "OTHER_ISSUER"
    NOT_YET_VALID = "NOT_YET_VALID"
    REVOKED = "REVOKED"


@dataclass(frozen=True)
class Said:
    """What a credential says that was signed by us. `identifiers` are the hashes of its recipient's addresses."""

    address: str
    badge: str
    achievement: str
    issuer: str
    recipient: str
    issued_at: datetime
    identifiers: tuple[Mapping[str, Any], ...]

    def is_about(self, email: str) -> bool:
        """Whether whoever has this mail address is the recipient. Raises Refused: BAD_INPUT."""
        address = mail_address_of(email)
        return any(
            badge_credentials.identity_hash(known, each["salt"]) == each["identityHash"]
            for each in self.identifiers
            for known in {address.email, address.key}
        )


@dataclass(frozen=True)
class Verification:
    """The result. `said` is None unless the signature is ours: what somebody else wrote is not repeated."""

    fault: Fault | None
    said: Said | None = None


class _Faulty(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


async def verify(credential: str) -> Verification:
    """
    Verify a credential in one of four forms, white space around it ignored: a compact JWS, JSON with a Data Integrity proof,
    and a picture with one of them inside: an SVG, or a PNG as a `data:` address in base64.
    """
    try:
        plain = _taken_out(credential.strip())
        if plain.startswith("{"):
            said = _said(await _document(plain), repeated=False)
        else:
            said = _said(_claims(plain), repeated=True)
    except _Faulty as faulty:
        return Verification(faulty.fault)
    if await credential_status.is_revoked(said.address.rpartition("/")[2]):
        return Verification(Fault.REVOKED, said)
    return Verification(Fault.NOT_YET_VALID if said.issued_at > clock.now() else None, said)


def _taken_out(shown: str) -> str:
    """What a picture has inside, or what is shown if that is no picture."""
    if len(shown) > LONGEST_PICTURE:
        raise _Faulty(Fault.NOT_A_CREDENTIAL)
    try:
        if shown.startswith(PNG_AS_TEXT):
            content = b64decode(shown.removeprefix(PNG_AS_TEXT), validate=True)
            return badge_baking.from_png(content, longest=MAX_CREDENTIAL_CHARACTERS).strip()
        return badge_baking.from_svg(shown) if shown.startswith("<") else shown
    except (NotBaked, ValueError):
        raise _Faulty(Fault.NOT_A_CREDENTIAL) from None


async def _document(text: str) -> dict[str, Any]:
    """
    The JSON document, once its proof is found to be ours. Its form is checked before anything costly is done with it: only
    what has the form of our own credentials is made canonical.
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


def _claims(credential: str) -> dict[str, Any]:
    """The payload, once the signature is found to be ours. The key decides the algorithm, never the header."""
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
    # Times are compared by the house's clock, below.
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
    try:
        return jwt.decode(credential, key.key, algorithms=[issuer_keys.ALGORITHM], options=options)
    except jwt.InvalidSignatureError:
        raise _Faulty(Fault.BAD_SIGNATURE) from None
    except jwt.PyJWTError:
        raise _Faulty(Fault.NOT_A_CREDENTIAL) from None


def _said(claims: Mapping[str, Any], *, repeated: bool) -> Said:
    """
    What was signed, if it is a credential of this issuer. `repeated`: it is a JWT's payload, whose claims must repeat what its
    document says.
    """
    try:
        subject, issuer = claims["credentialSubject"], claims["issuer"]
        issued_at = datetime.fromisoformat(claims["validFrom"]).astimezone(UTC)
        facts = (issuer["id"], subject["id"], claims["id"], issued_at.timestamp())
        said = Said(
            address=claims["id"],
            badge=subject["achievement"]["name"],
            achievement=subject["achievement"]["id"],
            issuer=issuer["id"],
            recipient=subject["id"],
            issued_at=issued_at,
            identifiers=tuple(subject.get("identifier", ())),
        )
        is_one = "OpenBadgeCredential" in claims["type"]
        if repeated:
            is_one = is_one and tuple(claims[name] for name in _CLAIMS) == facts
    except (KeyError, TypeError, ValueError):
        raise _Faulty(Fault.NOT_A_CREDENTIAL) from None
    if not is_one:
        raise _Faulty(Fault.NOT_A_CREDENTIAL)
    number = said.address.rpartition("/")[2]
    if said.issuer != issuer_keys.issuer_address() or said.address != badge_credentials.address_of(number):
        raise _Faulty(Fault.OTHER_ISSUER)
    return said
