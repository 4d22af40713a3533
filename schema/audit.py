"""The audit trail."""

import strawberry

from models.audit import AuditAction, Origin
from resolvers import audit
from schema.enums import enum_of
from schema.fields import answered_by, column
from schema.nodes import PAGE, PageInfo
from schema.scalars import DateTime

enum_of(
    Origin,
    "By what credential somebody acted.",
    {
        "SESSION": "Signed in here.",
        "TOKEN": "A personal access token.",
        "API_KEY": "An API key.",
        "OPERATOR": "A command of whoever runs this system.",
        "SYSTEM": "The system by itself.",
        "NOBODY": "Nobody who was signed in.",
    },
    name="AuditOrigin",
)


enum_of(
    AuditAction,
    "What an entry of the audit trail says was done.",
    {
        "ACCOUNT_CREATED": "An account was made.",
        "API_KEY_CREATED": "An API key was made.",
        "API_KEY_DELETED": "An API key was deleted.",
        "BADGE_GRANTED": "A badge was granted by an operator.",
        "BADGE_REVOKED": "A badge was revoked by an operator.",
        "COMPANY_CREATED": "A company was made.",
        "COMPANY_PASSWORD_EXPIRY_CHANGED": "A company's password expiry was changed.",
        "CREDITS_CORRECTED": "Credits were corrected by an operator.",
        "LANGUAGE_CHANGED": "The language of mails was changed.",
        "MARKETING_CHANGED": "Consent to news by mail was changed.",
        "MEMBER_ADMIN_REMOVED": "An admin of a company was made an ordinary member.",
        "MEMBER_DEACTIVATED": "An account was deactivated.",
        "MEMBER_MADE_ADMIN": "A member was made an admin of the company.",
        "MEMBER_REACTIVATED": "An account was reactivated.",
        "PASSWORD_CHANGED": "The password was changed; REFUSED: the present one was wrong.",
        "PASSWORD_RESET": "A new password was set by a mailed link.",
        "PASSWORD_RESET_REQUESTED": "A link that sets a new password was requested.",
        "POINTS_PENALIZE": "Points were taken away by an operator.",
        "POINTS_REVERSE": "An award of points was reversed by an operator.",
        "PROFILE_HANDLE_CHANGED": "The handle of the profile was changed.",
        "PROFILE_UPDATED": "The profile was edited.",
        "PROFILE_VISIBILITY_CHANGED": "The profile was made public or private.",
        "PROJECT_DELETED": "A project was deleted.",
        "PROJECT_PUBLISHED": "A project was published.",
        "PROJECT_UNPUBLISHED": "A project was unpublished.",
        "RECOVERY_EMAIL_CHANGED": "The recovery email was changed.",
        "RECOVERY_EMAIL_REMOVED": "The recovery email was removed.",
        "RECOVERY_EMAIL_SET": "A recovery email was set where there was none.",
        "REFERRAL_LINK_ROTATED": "The referral link got a new code.",
        "SECOND_FACTOR_BACKUP_CODE_USED": "A backup code was used.",
        "SECOND_FACTOR_BACKUP_CODES_MADE": "Ten backup codes were made; earlier ones stopped working.",
        "SECOND_FACTOR_OFF": "The second factor was switched off.",
        "SECOND_FACTOR_OFF_REQUESTED": "A link that switches the second factor off was requested.",
        "SECOND_FACTOR_ON": "The second factor was switched on.",
        "SESSION_ELEVATED": "A session was elevated; REFUSED: the proof was wrong.",
        "SESSION_ENDED": "A session was ended.",
        "SESSION_OTHERS_ENDED": "All other sessions were ended.",
        "SHIRT_CLAIMED": "A T-shirt was claimed.",
        "SHIRT_LISTED": "Claims of T-shirts were listed by an operator.",
        "SHIRT_SHIPPED": "A T-shirt was shipped.",
        "SHOP_REFUNDED": "An order was refunded.",
        "SHOP_SHIPPED": "An order was shipped.",
        "SHOP_STOCKED": "The stock of an item was set.",
        "SIGN_IN": "Somebody signed in; REFUSED: password or code was wrong.",
        "TOKEN_CREATED": "A personal access token was made.",
        "TOKEN_DELETED": "A personal access token was deleted.",
    },
)


@strawberry.type(description="One thing that an entry of the audit trail tells, by name.")
class AuditFact:
    name: str = column("What it is.")
    old: str | None = column("Its value before; null where there was none.")
    new: str | None = column("Its value, or its value after; null where there is none.")


@strawberry.type(description="One entry of the audit trail. Entries are kept 365 days.")
class AuditEntry:
    at: DateTime = column("When it happened.")
    action: AuditAction = column("What was done.", read=audit.action)
    outcome: str = column("SUCCESS or REFUSED.")
    origin: Origin = column("By what credential.")
    address: str | None = column("IP address it came from, where that is known and for you.", read=audit.address)
    actor: str | None = column(
        "Address of the account that acted; null for nobody, the system, and people outside your company."
    )
    actor_id: strawberry.ID | None = column("Id of the account that acted; null where `actor` is.", read=audit.actor_id)
    account: str | None = column("Address of the account it was done to; null where it was to none.")
    account_id: strawberry.ID | None = column(
        "Id of the account it was done to; null where `account` is.", read=audit.account_id
    )
    facts: list[AuditFact] = column("What else there is to tell, by name.", read=audit.facts)


TRAIL = {**PAGE, "actions": "Only entries of these actions; all of them, unless given."}
"""What the arguments of a trail are."""


@strawberry.type(description="An entry in a page of the viewer's audit trail.")
class AuditEntryEdge:
    cursor: str = column("Where the entry stands in the trail.", read=audit.own_cursor)
    node: AuditEntry = column("The entry.", itself=True)


@strawberry.type(description="A page of the viewer's audit trail, newest first.")
class AuditEntryConnection:
    edges: list[AuditEntryEdge] = column("The entries of this page.")
    page_info: PageInfo = column("Where the page lies.")


@strawberry.type(description="An entry in a page of a company's audit trail.")
class CompanyAuditEntryEdge:
    cursor: str = column("Where the entry stands in the trail.", read=audit.company_cursor)
    node: AuditEntry = column("The entry.", itself=True)


@strawberry.type(description="A page of a company's audit trail, newest first.")
class CompanyAuditEntryConnection:
    edges: list[CompanyAuditEntryEdge] = column("The entries of this page.")
    page_info: PageInfo = column("Where the page lies.")


@strawberry.type
class AuditOfViewer:
    audit_trail: AuditEntryConnection = answered_by(
        audit.own_trail, "What was done to the viewer's accounts, newest first.", arguments=TRAIL
    )
