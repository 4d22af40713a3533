"""Badge credentials."""

import strawberry

from resolvers import open_badges
from schema.enums import enum_of
from schema.fields import answered_by, column
from schema.scalars import DateTime
from services.open_badges.credential_verification import Fault

enum_of(
    Fault,
    "Why a badge credential does not hold.",
    {
        "NOT_A_CREDENTIAL": "That is no signed Open Badges 3.0 credential of the form that is issued here.",
        "UNKNOWN_KEY": "It names a key that is not, or no longer, one of the published ones.",
        "BAD_SIGNATURE": "The signature does not fit: it was altered, or signed by somebody else.",
        "OTHER_ISSUER": "It names another issuer.",
        "NOT_YET_VALID": "It begins to count later.",
        "REVOKED": "The issuer has revoked it.",
    },
    name="CredentialFault",
)


@strawberry.type(
    description="What a badge credential is worth that somebody shows. Unless its signature is ours, nothing that it "
    "says is repeated here."
)
class CredentialVerification:
    valid: bool = column("Whether it was issued here, is unaltered, has begun to count, and is not revoked.")
    revoked: bool = column("Whether the issuer has revoked it.")
    reason: Fault | None = column("Why it does not hold; null when it does.", read=lambda row: row["fault"])
    address: str | None = column("Its id: where it can be fetched while the recipient's profile is public.")
    badge: str | None = column("Name of the badge that it is about, with the level.")
    achievement: str | None = column("Where that badge is described.")
    issuer: str | None = column("Id of who issued it.")
    recipient: str | None = column("Id of who earned the badge: the address of a profile.")
    issued_at: DateTime | None = column("When the badge was earned, or given by hand.")
    recipient_matches: bool | None = column(
        "Whether the recipient has the mail address that was asked about; null when none was, or the signature is not ours."
    )


@strawberry.type
class OpenBadgesQuery:
    verify_credential: CredentialVerification = answered_by(
        open_badges.verify,
        "Verify a badge credential (Open Badges 3.0) that was issued here. Send it as a variable.",
        arguments={
            "credential": "The signed credential, at most 16,384 characters: a VC-JWT (three parts joined by dots), or JSON with a "
            "Data Integrity proof. Or a picture with it inside, at most 262,144 characters: the text of an SVG, or a PNG as "
            "`data:image/png;base64,…`.",
            "email": "A mail address that the recipient says to have: answered in `recipientMatches`, kept nowhere.",
        },
    )
