"""What can go wrong with a mutation, as its payload says it."""

import strawberry

from schema.enums import enum_of
from schema.fields import answered_as, column
from services.errors import ErrorCode
from services.sign_in.elevation import ElevationProof

enum_of(
    ErrorCode,
    "Why something was refused. Codes are added to, never renamed.",
    {
        "ACCOUNT_DEACTIVATED": "The account is deactivated.",
        "ALREADY_EXISTS": "There is one already.",
        "BADGE_NOT_EARNED": "That badge was not earned.",
        "BADGE_REPEATED": "A badge stands there more than once.",
        "BAD_CODE": "The code or link is wrong, used, or too old.",
        "BAD_CREDENTIALS": "Address and password do not belong together.",
        "BAD_CURSOR": "The cursor is of another list, or was edited.",
        "BAD_ID": "That is not an id of this graph.",
        "BAD_INPUT": "A value is not of the form that is asked for.",
        "BAD_PAGE": "A page's size or direction makes no sense.",
        "BAD_PICTURE": "That is no picture that can be read: PNG, JPEG, WebP or GIF.",
        "BLOCKED": "You have blocked this person.",
        "CHECKLIST_ITEM_MISSING": "A public profile needs this, and it is missing.",
        "CHECKLIST_ITEM_REQUIRED": "A public profile keeps what it needs: make it private first, or leave this.",
        "ELEVATION_REQUIRED": "Confirm your second factor, or your password, for this session first.",
        "EVENT_CONFLICT": "The same event id was used before, with another content.",
        "FORBIDDEN": "This is not for you.",
        "IDEMPOTENCY_MISMATCH": "The idempotency key was used before, for another call.",
        "INSUFFICIENT_CREDITS": "The account has fewer credits than that costs.",
        "INSUFFICIENT_SCOPE": "The token's scopes do not open this.",
        "INTERNAL": "A bug of ours; the reference finds it in the log.",
        "INVITE_NOT_OPEN": "The invite was accepted or withdrawn already.",
        "IN_THE_FUTURE": "The moment or the period is still to come.",
        "LAST_ADMIN": "A company keeps at least one admin.",
        "MANAGED_BY_IDP": "The account's sign-in is managed by its company's identity provider.",
        "NOT_COMPLETED": "Not every step of the challenge was done in time.",
        "NOT_FOR_SALE": "The shop no longer sells it.",
        "NOT_FOUND": "There is no such thing, or you may not see it.",
        "NOT_PUBLIC": "Your profile has to be public for this.",
        "NOT_REPORTABLE": "Only this system can know of that activity: no service may report it.",
        "NOT_TAGGABLE": "That person cannot be named as a collaborator of this project.",
        "NOT_YOURSELF": "This cannot be done to oneself.",
        "ORDER_NOT_OPEN": "The order was shipped or refunded already.",
        "OUT_OF_STOCK": "None is left.",
        "PASSWORD_CONTAINS_EMAIL": "A password may not contain the address.",
        "PASSWORD_EXPIRED": "The password is too old: only changing it works.",
        "PASSWORD_NEEDS_DIGIT": "A password has at least one digit, 0 to 9.",
        "PASSWORD_NEEDS_LOWERCASE": "A password has at least one lowercase letter.",
        "PASSWORD_NEEDS_SPECIAL": "A password has at least one of the special characters that are named.",
        "PASSWORD_NEEDS_UPPERCASE": "A password has at least one uppercase letter.",
        "PASSWORD_REUSED": "The password was used before.",
        "PASSWORD_TOO_LONG": "A password has at most 200 characters.",
        "PASSWORD_TOO_SHORT": "A password has at least 12 characters.",
        "PICTURE_TOO_LARGE": "The picture has more pixels than are taken.",
        "PERSISTED_QUERY_NOT_SUPPORTED": "Send the document itself: the server knows none by its hash.",
        "PIN_EXPIRED": "The pinned listing is over an hour old.",
        "PROJECT_FIELD_MISSING": "A project needs this, and it is missing.",
        "PROJECT_FIELD_REQUIRED": "A published project keeps what it needs: unpublish it first, or leave this.",
        "PROJECT_PUBLISHED": "The project is published: it is no draft.",
        "PROOF_REQUIRED": "The account confirms in another way; `proofs` lists the ways it takes.",
        "QUERY_TOO_COMPLEX": "The document is too deep, has too many fields, or may ask for too much at once: see `cost` and `limit`.",
        "RATE_LIMITED": "Too often; `retryAfter` says in how many seconds again.",
        "SECOND_FACTOR_ALREADY_ON": "There is a second factor already: deactivate it first.",
        "SECOND_FACTOR_OFF": "There is no second factor.",
        "TOO_FEW_REFERRALS": "Too few people have signed up through you yet.",
        "TOO_MANY_ITEMS": "More at once than is taken.",
        "UNAVAILABLE": "The server cannot do this now, because its database is away or busy. Try again later.",
        "UNCLAIMED": "Nobody has claimed that profile yet.",
        "UNAUTHENTICATED": "Sign in or send a token.",
        "UNKNOWN_ACTIVITY": "There is no such row in the point tables.",
        "UNKNOWN_SCOPE": "There is no such scope.",
        "UNKNOWN_TERM": "That is not in the list to choose from.",
        "VERSION_CONFLICT": "It was changed in the meantime; `currentVersion` says which version it is now.",
    },
)


@strawberry.interface(description="Something that kept a mutation from being carried out; nothing was changed.")
class UserError:
    code: ErrorCode = column("For programs.")
    message: str = column("For people, in the language of the answer.")
    path: list[str] | None = column("Where in the input it is; null when it is about all of it.")


@strawberry.type(description="An error that needs no further facts.")
class PlainError(UserError):
    pass


@strawberry.type(description="Something was done too often.")
class RateLimited(UserError):
    retry_after: int = column("Seconds until it can be done again.")


answered_as(ErrorCode.RATE_LIMITED, "RateLimited")

enum_of(
    ElevationProof,
    "What shows that it is you, when you elevate a session.",
    {
        "PASSWORD": "The account's password.",
        "TOTP": "A code of the authenticator app.",
        "SMS": "A code that `sendElevationCode` texts.",
        "BACKUP_CODE": "One of the backup codes; it works once.",
        "IDENTITY_PROVIDER": "Signing in again at the company's identity provider.",
    },
)


@strawberry.type(description="Another proof is required.")
class ProofRequired(UserError):
    proofs: list[ElevationProof] = column("What the account takes; any one of them is enough.")


answered_as(ErrorCode.PROOF_REQUIRED, "ProofRequired")
