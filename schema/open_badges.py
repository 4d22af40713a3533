"""Verification of badge credentials."""

import strawberry

from resolvers import open_badges
from schema.enums import enum_of
from schema.fields import answered_by, column
from schema.scalars import DateTime
from services.open_badges.credential_verification import Fault

enum_of(
    Fault,
    "Reason why a badge credential is not valid.",
    {
        "NOT_A_CREDENTIAL": "The text is not a signed Open Badges 3.0 credential in a form that this server issues.",
        "UNKNOWN_KEY": "The key that it names is not one of the published keys, or no longer.",
        "BAD_SIGNATURE": "The signature does not match: the credential was changed, or someone else signed it.",
        "OTHER_ISSUER": "It names another issuer.",
        "NOT_YET_VALID": "Its validity has not started yet.",
        "REVOKED": "The issuer has revoked it.",
    },
    name="BadgeCredentialProblem",
)


@strawberry.type(
    description=(
        "Result of verifying a badge credential. Content of the credential is returned only if this server signed it."
    )
)
class BadgeCredentialVerification:
    is_valid: bool = column(
        "True if this server issued it, it is unchanged, its validity has started, and it is not revoked."
    )
    is_revoked: bool = column("True if the issuer has revoked it.")
    problem: Fault | None = column("Why it is not valid; null if it is valid.", read=lambda row: row["fault"])
    url: str | None = column(
        "URL and id of the credential; null if this server did not sign it. It can be fetched there while the recipient's "
        "profile is public."
    )
    badge_name: str | None = column("Name of the badge, with the level; null if this server did not sign it.")
    achievement_url: str | None = column("URL of the badge's definition; null if this server did not sign it.")
    issuer_url: str | None = column("Id of the issuer, which is a URL; null if this server did not sign it.")
    recipient_url: str | None = column(
        "Id of the person who earned the badge, which is the URL of a profile; null if this server did not sign it."
    )
    issued_at: DateTime | None = column("When the badge was earned or granted; null if this server did not sign it.")
    is_recipient: bool | None = column(
        "True if the argument `email` is an address of the recipient. Null without that argument, or if the "
        "signature is not from this server."
    )


@strawberry.type
class OpenBadgesQuery:
    verify_badge_credential: BadgeCredentialVerification | None = answered_by(
        open_badges.verify,
        "Check whether this server issued an Open Badges 3.0 credential, and whether it is still valid. Send it as a variable, not inside the document.",
        arguments={
            "credential": (
                "The signed credential, at most 16,384 characters: a VC-JWT (three parts joined by dots) or JSON with a "
                "Data Integrity proof. Or a picture with the credential embedded, at most 262,144 characters: the text "
                "of an SVG, or a PNG as `data:image/png;base64,…`."
            ),
            "email": (
                "An email address that the recipient claims to have. `isRecipient` has the result. The address is "
                "not stored."
            ),
        },
    )
