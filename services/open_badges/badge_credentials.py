"""
Badge awards as Open Badges 3.0 credentials: their content, and who may fetch them.

A credential is created for each request from the current award: only its random id is stored. It is available as a VC-JWT,
as JSON with a Data Integrity proof, and inside the badge's picture. It contains no email address, only salted hashes of the
recipient's addresses. Rules and reasons: docs/decisions/0011-badge-credentials.md.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote, urlsplit

import orjson

from catalogue.badges import BADGES, Rarity
from models.accounts import Account, AccountStatus
from models.badges import AwardOrigin, BadgeAward, ImportedBadge
from models.statements import read_datetime
from services.core import runtime
from services.core.crypto import keyed_digest
from services.core.visibility import is_visible
from services.open_badges import badge_baking, badge_images, credential_status, data_integrity, issuer_keys
from services.open_badges.badge_images import BAKED_SIZE, DEFAULT_SIZE, ImageKind, Picture
from services.open_badges.json_ld import BADGES_CONTEXT, CREDENTIALS_CONTEXT

CONTEXTS: Final = (CREDENTIALS_CONTEXT, BADGES_CONTEXT)
KEY_CONTEXTS: Final = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1")
"""Contexts that define the issuer's keys. They come first, because verifiers expect them there."""
BY_HAND: Final = "Given by hand by those who run the community."
"""The criteria of a badge that no rule awards."""
GIVEN_BY_HAND: Final = "Awarded by hand by the operator of this community, not for meeting the badge's rule."
GIVEN_FOR: Final = " Reason given: {reason}"
NAMELESS: Final = "Community"
"""The issuer's name if none is set and the host is not a name."""
REVOKED: Final = "Revoked by the issuer."
"""The public text of a revocation: the operator's reason is for the recipient only."""
MAX_CODE: Final = 64
"""Characters of a badge's code: the width of the column."""
ID: Final = re.compile(r"[0-9a-f]{32}")

Document = dict[str, Any]


@dataclass(frozen=True)
class Achievement:
    """One level of a badge. `level` is None if the badge has only one."""

    code: str
    name: str
    description: str
    criteria: str
    level: int | None

    rarity: Rarity

    @property
    def address(self) -> str:
        """The id. For the first level it is the id of the badge."""
        return achievement_address(self.code, self.level or 1)

    @property
    def picture(self) -> Picture:
        """The picture of this level."""
        return Picture(self.code, self.rarity, self.level or 1)

    @property
    def title(self) -> str:
        """The name, with the level if there are several."""
        return self.name if self.level is None else f"{self.name}, level {self.level}"


@dataclass(frozen=True)
class Award:
    """An award that the viewer may see. `place`: its place in the status lists. `revoked`: it was taken back."""

    credential: str
    place: int
    achievement: Achievement
    awarded_at: datetime
    revoked: bool
    listed: bool
    profile_id: int
    handle: str
    recipient: str
    origin: AwardOrigin = AwardOrigin.RULE
    reason: str = ""
    """The operator's reason, if readers of the credential may see it."""

    @property
    def criteria(self) -> str:
        """Why the recipient has the badge: the rule that was met, or that it was awarded by hand."""
        if self.origin is not AwardOrigin.OPERATOR:
            return self.achievement.criteria
        return GIVEN_BY_HAND + (GIVEN_FOR.format(reason=self.reason) if self.reason else "")

    @property
    def address(self) -> str:
        """The credential's id: the address where it can be fetched."""
        return address_of(self.credential)

    @property
    def subject(self) -> str:
        """The recipient's id: the address of their page."""
        return profile_address(self.handle)

    @property
    def valid_from(self) -> str:
        """When the credential became valid, in whole seconds as in the claim `nbf`."""
        return f"{self.awarded_at.replace(microsecond=0, tzinfo=None).isoformat()}Z"


def address_of(credential: str) -> str:
    """Return the id of a credential: the address where it can be fetched."""
    return f"{_base()}/credentials/{credential}"


def achievement_address(code: str, level: int = 1) -> str:
    """Return the id of one level of a badge: the address of its description."""
    return f"{_base()}/achievements/{quote(code, safe='')}{f'/{level}' if level > 1 else ''}"


def image_address(code: str, level: int, kind: ImageKind, size: int = DEFAULT_SIZE) -> str:
    """Return the address of the picture of a level; `size` is for PNG only, and one of badge_images.SIZES."""
    name = f"image-{size}.png" if kind is ImageKind.PNG else "image.svg"
    return f"{achievement_address(code)}/{level}/{name}"


def baked_address(credential: str, kind: ImageKind) -> str:
    """Return the address of the badge's picture with the credential inside."""
    return f"{address_of(credential)}/badge.{kind.value.lower()}"


def profile_address(handle: str) -> str:
    """Return the id of a recipient: the address of their page."""
    return f"{_base()}/profiles/{quote(handle, safe='')}"


def issuer() -> Document:
    """Return the issuer's profile with its keys, the signing key first: a controller document (W3C Controlled Identifiers)."""
    keys = issuer_keys.published()
    return {
        "@context": [*KEY_CONTEXTS, *CONTEXTS],
        **_issuer(),
        "verificationMethod": [each.multikey() for each in keys],
        "assertionMethod": [each.method for each in keys],
    }


async def achievement_of(code: str, level: int = 1) -> Achievement | None:
    """Return one level of a badge of the catalogue or of an import; None if it does not exist."""
    if badge := BADGES.get(code):
        if not 1 <= level <= len(badge.levels):
            return None
        several = level if len(badge.levels) > 1 else None
        return Achievement(code, badge.name, badge.description, badge.levels[level - 1].text, several, badge.rarity)
    if level != 1 or len(code) > MAX_CODE or not code.isprintable():
        return None  # no such code can be stored, and PostgreSQL raises an error for some
    imported = await ImportedBadge.get_or_none(code=code)
    if imported is None:
        return None
    return Achievement(code, imported.name, imported.description or imported.name, BY_HAND, None, imported.rarity)


async def award_of(credential: str, *, own_profile: int = 0) -> Award | None:
    """
    Return the award of a credential. It is visible while its recipient is listed, and always to the profile `own_profile`.

    None if it does not exist, is not visible, or its badge is no longer in the catalogue. Index: unique (credential).
    """
    if not ID.fullmatch(credential):
        return None
    rows: Any = BadgeAward.filter(credential=credential).values(
        "id",
        "badge",
        "level",
        "awarded_at",
        "revoked_at",
        "origin",
        "reason",
        "reason_shown",
        "profile_id",
        "profile__handle",
        "profile__name",
        "profile__listed",
    )
    row = next(iter(await rows), None)
    if row is None or not is_visible(row["profile__listed"], row["profile_id"], own_profile):
        return None
    achievement = await achievement_of(row["badge"], row["level"])
    if achievement is None:
        return None
    return Award(
        credential=credential,
        place=row["id"],
        achievement=achievement,
        awarded_at=read_datetime(row["awarded_at"]),
        revoked=row["revoked_at"] is not None,
        listed=bool(row["profile__listed"]),
        profile_id=row["profile_id"],
        handle=row["profile__handle"],
        recipient=row["profile__name"],
        origin=AwardOrigin(row["origin"]),
        reason=row["reason"] if row["reason_shown"] else "",
    )


def achievement_document(achievement: Achievement) -> Document:
    """Return an achievement as a separate document."""
    return {"@context": list(CONTEXTS), **_achievement(achievement), "creator": _issuer()}


async def document(award: Award) -> Document:
    """Return the award as an OpenBadgeCredential without a proof."""
    identifiers = await _identifiers(award)
    return {
        "@context": list(CONTEXTS),
        "id": award.address,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": award.achievement.title,
        "issuer": _issuer(),
        "validFrom": award.valid_from,
        "credentialSubject": {
            "id": award.subject,
            "type": ["AchievementSubject"],
            **({"identifier": identifiers} if identifiers else {}),
            "achievement": {**_achievement(award.achievement), "criteria": {"narrative": award.criteria}},
        },
        "credentialStatus": credential_status.entry(award.place),
    }


async def signed(award: Award) -> str:
    """Return the credential as a compact JWS: the payload is the document, with the JWT claims that repeat its facts."""
    credential = await document(award)
    return issuer_keys.sign(
        {
            **credential,
            "iss": credential["issuer"]["id"],
            "sub": credential["credentialSubject"]["id"],
            "jti": credential["id"],
            "nbf": int(award.awarded_at.timestamp()),
        }
    )


async def secured(award: Award) -> Document:
    """Return the credential with a Data Integrity proof. Its date is the award's, so that every request gets the same one."""
    return await data_integrity.secured(await document(award), created=award.valid_from)


async def baked(award: Award, kind: ImageKind) -> bytes:
    """Return the badge's picture with the credential (with a Data Integrity proof) inside, as Open Badges 3.0 requires."""
    credential = orjson.dumps(await secured(award)).decode()
    picture = await badge_images.drawn(award.achievement.picture, kind, BAKED_SIZE)
    return (
        badge_baking.into_png(picture, credential)
        if kind is ImageKind.PNG
        else badge_baking.into_svg(picture, credential)
    )


def identity_hash(email: str, salt: str) -> str:
    """Return the hash of an email address in the standard's format."""
    return f"sha256${hashlib.sha256(f'{email}{salt}'.encode()).hexdigest()}"


async def _identifiers(award: Award) -> Sequence[Document]:
    """
    Return one hash for each address of the recipient; none for an unclaimed profile.

    An address with capital letters is also included in its lower-case form, because a verifier may know either. Salts
    differ between addresses and credentials, so that equal addresses cannot be recognised. Index: account (profile_id).
    """
    accounts: Any = Account.filter(
        profile_id=award.profile_id, status=AccountStatus.ACTIVE, verified_at__isnull=False
    ).values("email", "email_key")
    known = sorted({each[name] for each in await accounts for name in ("email", "email_key")})
    salts = {email: keyed_digest("credential-salt", award.credential, email)[:32] for email in known}
    made = [
        {
            "type": "IdentityObject",
            "identityType": "emailAddress",
            "hashed": True,
            "identityHash": identity_hash(email, salt),
            "salt": salt,
        }
        for email, salt in salts.items()
    ]
    return sorted(made, key=lambda each: each["salt"])  # an order that reveals nothing


def _achievement(achievement: Achievement) -> Document:
    return {
        "id": achievement.address,
        "type": ["Achievement"],
        "achievementType": "Badge",
        "name": achievement.title,
        "description": achievement.description,
        "image": {
            "id": image_address(achievement.code, achievement.level or 1, ImageKind.PNG),
            "type": "Image",
            "caption": f"Badge: {achievement.title}",
        },
        "criteria": {"narrative": achievement.criteria},
    }


def _issuer() -> Document:
    host = urlsplit(_base()).hostname or ""
    name = runtime.current().settings.credential_issuer or (host if is_name(host) else NAMELESS)
    return {"id": issuer_keys.issuer_address(), "type": ["Profile"], "name": name, "url": _base()}


def _base() -> str:
    """Return the public address of this server."""
    return runtime.current().settings.address


def is_name(host: str) -> bool:
    """Return True if a host is a public name: no IP address, and not of a single machine or network."""
    try:
        ip_address(host)
    except ValueError:
        return "." in host.strip(".") and not host.endswith((".localhost", ".local", ".internal"))
    return False
