"""Errors of mutations, and the codes of all errors."""

from typing import Final

import strawberry

from schema.enums import enum_of
from schema.error_rows import TOP_LEVEL_ONLY
from schema.fields import column
from services.errors import ErrorCode
from services.sign_in.elevation import ElevationProof

_MEANINGS: Final = {
    "ACCOUNT_DEACTIVATED": "The account is deactivated.",
    "ALREADY_EXISTS": "It already exists.",
    "BADGE_NOT_EARNED": "The profile has not earned that badge.",
    "BADGE_REPEATED": "The list contains a badge more than once.",
    "BAD_CODE": "The code or link is wrong, already used, or expired.",
    "BAD_CREDENTIALS": "The email address or the password is wrong.",
    "BAD_CURSOR": "The cursor belongs to another list or was modified.",
    "BAD_ID": "The value is not an id of this API.",
    "BAD_INPUT": "A value does not have the required form.",
    "BAD_PAGE": "The size or direction of a page is not valid.",
    "BAD_PICTURE": "The file cannot be read as a PNG, JPEG, WebP or GIF picture.",
    "BAD_QUERY": "The document is not GraphQL, is not valid for this schema, or has no such operation.",
    "BLOCKED": "You have blocked this person.",
    "CHECKLIST_ITEM_MISSING": "A public profile requires this item, and it is missing.",
    "CHECKLIST_ITEM_REQUIRED": "A public profile must keep this item. Make the profile private first.",
    "COOKIE_NOT_POSSIBLE": "The page is on another site than this server, so the browser would not store the session: use one host name for both, or https.",
    "DOCUMENT_NOT_TRUSTED": "This server runs only the documents of its clients, and this is none of them.",
    "ELEVATION_REQUIRED": "Elevate the session with your second factor or password first.",
    "EVENT_CONFLICT": "The event id was already used with other content.",
    "FORBIDDEN": "You may not do this.",
    "IDEMPOTENCY_MISMATCH": "The idempotency key was already used for another call.",
    "INSUFFICIENT_CREDITS": "The account does not have enough credits.",
    "INSUFFICIENT_SCOPE": "The token does not have the required scope.",
    "INTERNAL": "An error in this server. The `reference` identifies it in the server's log.",
    "INVITE_NOT_OPEN": "The invite was already accepted or withdrawn.",
    "IN_THE_FUTURE": "The moment or period is in the future.",
    "LAST_ADMIN": "A company must keep at least one admin.",
    "MANAGED_BY_IDP": "The company's identity provider manages the sign-in of this account.",
    "MERGE_IN_PROGRESS": "Another merge of one of the profiles is running. Try again in a moment.",
    "MERGE_NOT_OPEN": "The merge is not open: it is done, cancelled, expired, or had too many wrong codes; or one of the profiles is gone.",
    "MERGE_NOT_VERIFIED": "The code that was sent by email was not verified yet.",
    "NOT_COMPLETED": "You have not completed the challenge: not all of its steps were done in time.",
    "NOT_FOR_SALE": "The shop does not sell this item any more.",
    "NOT_FOUND": "It does not exist, or you may not see it.",
    "NOT_PUBLIC": "Your profile must be public for this.",
    "NOT_REPORTABLE": "Services may not report this activity; only this server can record it.",
    "NOT_TAGGABLE": "That person cannot be a collaborator of this project.",
    "NOT_YOURSELF": "You cannot do this to yourself.",
    "ORDER_NOT_OPEN": "The order was already shipped or refunded.",
    "OUT_OF_STOCK": "The item is out of stock.",
    "PASSWORD_CONTAINS_EMAIL": "A password must not contain the email address.",
    "PASSWORD_EXPIRED": "The password has expired and must be changed.",
    "PASSWORD_NEEDS_DIGIT": "A password needs at least one digit, 0 to 9.",
    "PASSWORD_NEEDS_LOWERCASE": "A password needs at least one lowercase letter.",
    "PASSWORD_NEEDS_SPECIAL": "A password needs at least one of the listed special characters.",
    "PASSWORD_NEEDS_UPPERCASE": "A password needs at least one uppercase letter.",
    "PASSWORD_REUSED": "The password was used before.",
    "PASSWORD_TOO_LONG": "A password can have at most 200 characters.",
    "PASSWORD_TOO_SHORT": "A password needs at least 12 characters.",
    "PICTURE_TOO_LARGE": "The picture has too many pixels.",
    "PERSISTED_QUERY_MISMATCH": "The hash of the persisted query is not that of its document.",
    "PERSISTED_QUERY_NOT_FOUND": "The document of this hash is not stored; send the document with its hash.",
    "PERSISTED_QUERY_NOT_SUPPORTED": "This version of persisted queries is not supported; send the document.",
    "PREVIEW_OUTDATED": "Something changed after the preview was read. Read it again, and pass its new hash.",
    "PROJECT_FIELD_MISSING": "A published project requires this field, and it is missing.",
    "PROJECT_FIELD_REQUIRED": "A published project must keep this field. Unpublish the project first.",
    "PROOF_REQUIRED": "The account needs another proof; `proofs` lists the accepted ones.",
    "QUERY_TOO_COMPLEX": "The document is too deep, has too many fields, or costs more than is allowed: see `cost` and `limit`.",
    "RATE_LIMITED": "Too many calls; `retryAfter` is the number of seconds to wait.",
    "SAME_PROFILE": "Both are one and the same profile.",
    "SECOND_FACTOR_ALREADY_ON": "A second factor is already on; switch it off first.",
    "SECOND_FACTOR_OFF": "There is no second factor of this kind, or its set-up was not begun within the last hour.",
    "SECOND_FACTOR_REQUIRED": "A code of a second factor of the other profile is needed first.",
    "SNAPSHOT_EXPIRED": "The requested `asOf` is more than one hour ago.",
    "TOO_FEW_REFERRALS": "Not enough people have signed up with your link or invites.",
    "TOO_MANY_ITEMS": "There are too many items in one call, or you have the maximum number of them already.",
    "UNAVAILABLE": "The server cannot do this now, for example because its database is down or busy. Try again later.",
    "UNCLAIMED": "The profile has no account yet: it was imported and is not claimed.",
    "UNAUTHENTICATED": "Sign in or send a token.",
    "UNKNOWN_ACTIVITY": "The activity does not exist.",
    "UNKNOWN_TERM": "The code of a skill, an industry, a country or a language does not exist, or is retired and cannot be added.",
    "VERSION_CONFLICT": "The object was changed in the meantime; `currentVersion` is its version now.",
}
enum_of(
    ErrorCode,
    "Code of an error: in the `errors` of a mutation's payload, or in `extensions.code` of a top-level error. Top-level errors "
    "are for rights, limits and bugs, and for wrong arguments of queries. Codes may be added; existing codes keep their "
    "names.",
    {
        name: f"{meaning} Top-level errors only." if ErrorCode(name) in TOP_LEVEL_ONLY else meaning
        for name, meaning in _MEANINGS.items()
    },
)


@strawberry.interface(description="Reason why a mutation was refused; nothing was changed.")
class UserError:
    code: ErrorCode = column("Code for programs; one of those that the mutation's description lists.")
    message: str = column("Message for people, in the language of the answer.")
    path: list[str] | None = column(
        'Path to the wrong value inside `input`, like `["badgeCodes", "1"]`; null if the error is about the whole input.'
    )


@strawberry.type(description="An error without further details.")
class PlainError(UserError):
    pass


@strawberry.type(description="The rate limit was exceeded.")
class RateLimitError(UserError):
    retry_after: int = column("Seconds to wait before the next attempt.")


enum_of(
    ElevationProof,
    "Proof of identity for elevating a session.",
    {
        "PASSWORD": "The password of the account.",
        "TOTP": "A code from the authenticator app.",
        "SMS": "A code that `sendElevationCode` sends by text message.",
        "BACKUP_CODE": "A backup code. Each works once.",
        "IDENTITY_PROVIDER": "A new sign-in at the company's identity provider.",
    },
)


@strawberry.type(description="The account needs another proof to elevate the session.")
class ProofRequiredError(UserError):
    proofs: list[ElevationProof] = column("Proofs that the account accepts; any one is enough.")
