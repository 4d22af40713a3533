"""
Badge awards as Open Badges 3.0 credentials: what each says, who may fetch it, and which are revoked.

A credential is made when it is asked for, from the award as it stands: nothing but its random id is kept. It is signed
as a VC-JWT (services/signing_keys.py). It never holds a mail address, only salted hashes of those of its recipient.
Rules and reasons: docs/decisions/0011-badge-credentials.md.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

from catalogue.badges import BADGES
from models.accounts import Account, AccountStatus
from models.badges import AwardOrigin, BadgeAward, ImportedBadge
from services import configuration, signing_keys
from services.bearers import moment
from services.sealing import keyed_digest

CREDENTIALS_CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
CONTEXTS: Final = (
    CREDENTIALS_CONTEXT,
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",  # knows the type of `credentialStatus`
)
BY_HAND: Final = "Given by hand by those who run the community."
"""What it takes to get a badge that no rule gives."""
GIVEN_BY_HAND: Final = "Awarded by hand by the operator of this community, not for meeting the badge's rule."
GIVEN_FOR: Final = " Reason given: {reason}"
REVOKED: Final = "Revoked by the issuer."
"""All that is said of a revocation: an operator's own words are for the recipient."""
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_CODE: Final = 64
ID: Final = re.compile(r"[0-9a-f]{32}")

Document = dict[str, Any]


@dataclass(frozen=True)
class Achievement:
    """One level of a badge. `level` is None where the badge has only one."""

    code: str
    name: str
    description: str
    criteria: str
    level: int | None

    @property
    def address(self) -> str:
        """Its id. The first level's is the badge's own."""
        further = f"/{self.level}" if self.level and self.level > 1 else ""
        return f"{_here()}/achievements/{quote(self.code, safe='')}{further}"

    @property
    def title(self) -> str:
        """Its name, with the level where there are several."""
        return self.name if self.level is None else f"{self.name}, level {self.level}"


@dataclass(frozen=True)
class Award:
    """An award that whoever asked may see. `revoked`: it does not count any more."""

    credential: str
    achievement: Achievement
    awarded_at: datetime
    revoked: bool
    listed: bool
    profile_id: int
    handle: str
    recipient: str
    origin: AwardOrigin = AwardOrigin.RULE
    reason: str = ""
    """Why an operator gave it, where that may be read."""

    @property
    def criteria(self) -> str:
        """Why this recipient has it: the rule that was met, or that it was given by hand."""
        if self.origin is not AwardOrigin.OPERATOR:
            return self.achievement.criteria
        return GIVEN_BY_HAND + (GIVEN_FOR.format(reason=self.reason) if self.reason else "")

    @property
    def address(self) -> str:
        """The credential's id, where it can be fetched."""
        return address_of(self.credential)

    @property
    def subject(self) -> str:
        """The recipient's id."""
        return f"{_here()}/profiles/{quote(self.handle, safe='')}"


def address_of(credential: str) -> str:
    """The id of a credential, where it can be fetched."""
    return f"{_here()}/credentials/{credential}"


def list_address() -> str:
    """Where the list of revoked credentials is."""
    return f"{_here()}/credentials/revoked"


def issuer_address() -> str:
    """The issuer's id, where its profile can be fetched."""
    return f"{_here()}/issuer"


def issuer() -> Document:
    """The issuer's profile."""
    return {"@context": list(CONTEXTS), **_issuer()}


async def achievement_of(code: str, level: int = 1) -> Achievement | None:
    """One level of a badge of the catalogue or of an import; None: there is no such thing."""
    if badge := BADGES.get(code):
        if not 1 <= level <= len(badge.levels):
            return None
        several = level if len(badge.levels) > 1 else None
        return Achievement(code, badge.name, badge.description, badge.levels[level - 1].text, several)
    if level != 1 or len(code) > LONGEST_CODE or not code.isprintable():
        return None  # no such code can be stored, and PostgreSQL would not even look for some
    imported = await ImportedBadge.get_or_none(code=code)
    if imported is None:
        return None
    return Achievement(code, imported.name, imported.description or imported.name, BY_HAND, None)


async def award_of(credential: str, *, own_profile: int = 0) -> Award | None:
    """
    The award of a credential: to be seen while its recipient is listed, and by the profile `own_profile` always.

    None: there is none, it is not to be seen, or its badge is not in the catalogue any more. Index: unique (credential).
    """
    if not ID.fullmatch(credential):
        return None
    rows: Any = BadgeAward.filter(credential=credential).values(
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
    if row is None or not (row["profile__listed"] or row["profile_id"] == own_profile):
        return None
    achievement = await achievement_of(row["badge"], row["level"])
    if achievement is None:
        return None
    return Award(
        credential=credential,
        achievement=achievement,
        awarded_at=moment(row["awarded_at"]),
        revoked=row["revoked_at"] is not None,
        listed=bool(row["profile__listed"]),
        profile_id=row["profile_id"],
        handle=row["profile__handle"],
        recipient=row["profile__name"],
        origin=AwardOrigin(row["origin"]),
        reason=row["reason"] if row["reason_shown"] else "",
    )


def achievement_document(achievement: Achievement) -> Document:
    """An achievement as a document of its own."""
    return {"@context": list(CONTEXTS), **_achievement(achievement), "creator": _issuer()}


async def document(award: Award) -> Document:
    """The award as an OpenBadgeCredential, without proof."""
    identifiers = await _identifiers(award)
    return {
        "@context": list(CONTEXTS),
        "id": award.address,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": award.achievement.title,
        "issuer": _issuer(),
        # Whole seconds, so that `nbf` says the same.
        "validFrom": f"{award.awarded_at.replace(microsecond=0, tzinfo=None).isoformat()}Z",
        "credentialSubject": {
            "id": award.subject,
            "type": ["AchievementSubject"],
            **({"identifier": identifiers} if identifiers else {}),
            "achievement": {**_achievement(award.achievement), "criteria": {"narrative": award.criteria}},
        },
        "credentialStatus": {"id": list_address(), "type": "1EdTechRevocationList"},
    }


async def signed(award: Award) -> str:
    """The award as a credential: a compact JWS whose payload is the document, with the claims that repeat it."""
    credential = await document(award)
    return signing_keys.sign(
        {
            **credential,
            "iss": credential["issuer"]["id"],
            "sub": credential["credentialSubject"]["id"],
            "jti": credential["id"],
            "nbf": int(award.awarded_at.timestamp()),
        }
    )


def enveloped(jws: str) -> Document:
    """A signed credential inside of a JSON document, as VC-JOSE-COSE has it."""
    return {
        "@context": CREDENTIALS_CONTEXT,
        "id": f"data:application/vc+jwt,{jws}",
        "type": "EnvelopedVerifiableCredential",
    }


async def revocation_list() -> Document:
    """
    The revoked credentials, whoever's they are, by their random ids, which also say their order.

    Index: badge_award (revoked_at, credential), which SQLite takes for a comparison and not for `IS NOT NULL`.
    """
    found: Any = BadgeAward.filter(revoked_at__gte=EARLIEST).values_list("credential", flat=True)
    return {
        "id": list_address(),
        "issuer": issuer_address(),
        "revokedCredential": [
            {"id": address_of(each), "revoked": True, "revocationReason": REVOKED} for each in sorted(await found)
        ],
    }


async def is_revoked(credential: str) -> bool:
    """Whether the list of revoked credentials has this one. Index: unique (credential)."""
    return await BadgeAward.filter(credential=credential, revoked_at__isnull=False).exists()


def identity_hash(email: str, salt: str) -> str:
    """What a credential holds of a mail address, as the standard writes it."""
    return f"sha256${hashlib.sha256(f'{email}{salt}'.encode()).hexdigest()}"


async def _identifiers(award: Award) -> Sequence[Document]:
    """
    One hash for each address under which the recipient is known; none for somebody who claimed no profile.

    An address with capital letters is there in small ones too: whoever compares knows one of the two. The salts differ
    between addresses and between credentials, so that nobody sees two that are alike. Index: account (profile_id).
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
    return sorted(made, key=lambda each: each["salt"])  # an order that tells nothing


def _achievement(achievement: Achievement) -> Document:
    return {
        "id": achievement.address,
        "type": ["Achievement"],
        "achievementType": "Badge",
        "name": achievement.title,
        "description": achievement.description,
        "criteria": {"narrative": achievement.criteria},
    }


def _issuer() -> Document:
    name = configuration.current().credential_issuer or urlsplit(_here()).hostname or "community"
    return {"id": issuer_address(), "type": ["Profile"], "name": name, "url": _here()}


def _here() -> str:
    return configuration.current().address
