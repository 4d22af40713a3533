"""The audit trail."""

import strawberry

from models.audit import AuditAction, AuditOutcome, Origin
from resolvers import audit
from schema.accounts import Account
from schema.enums import enum_of
from schema.fields import answered_by, column, loaded_by
from schema.nodes import PAGE_ARGUMENTS, Node, PageInfo, id_of, nodes_by
from schema.scalars import DateTime

enum_of(
    Origin,
    "Credential with which an action was done.",
    {
        "SESSION": "A session: the person was signed in here.",
        "TOKEN": "A personal access token.",
        "API_KEY": "An API key.",
        "OPERATOR": "A command that an operator ran on the server.",
        "SYSTEM": "The system itself, without a request.",
        "ANONYMOUS": "No credential: the caller was not signed in.",
    },
    name="AuditOrigin",
)
enum_of(
    AuditOutcome,
    "Whether an action was done.",
    {"SUCCESS": "It was done.", "REFUSED": "It was refused, for example because the password was wrong."},
)


enum_of(
    AuditAction,
    "Action that an entry of the audit trail records.",
    {
        "ACCOUNT_CREATED": "An account was created.",
        "ACCOUNT_DELETED": "An account was deleted. With the last one its profile was erased.",
        "API_KEY_CREATED": "An API key was created.",
        "API_KEY_DELETED": "An API key was deleted.",
        "BADGE_GRANTED": "An operator granted a badge.",
        "BADGE_REVOKED": "An operator revoked a badge.",
        "COMPANY_CREATED": "A company was created.",
        "COMPANY_PASSWORD_EXPIRY_CHANGED": "A company's password expiry was changed.",
        "CREDITS_CORRECTED": "An operator corrected the credits of an account.",
        "LANGUAGE_CHANGED": "The language of emails and answers was changed.",
        "MARKETING_CHANGED": "Consent to receive news by email was changed.",
        "MEMBER_ADMIN_REMOVED": "A company admin was made an ordinary member.",
        "MEMBER_DEACTIVATED": "An account was deactivated.",
        "MEMBER_MADE_ADMIN": "A member was made an admin of the company.",
        "MEMBER_REACTIVATED": "An account was reactivated.",
        "MERGE_CANCELLED": "A merge with another profile was cancelled.",
        "MERGE_CODE_SENT": "A code was requested for a merge with another profile.",
        "MERGE_DONE": "Two profiles were merged.",
        "MERGE_FAILED": "A merge with another profile ended, because too many wrong codes were entered.",
        "MERGE_STARTED": "A merge with another profile was started.",
        "MERGE_VERIFIED": "The code of a merge with another profile was verified.",
        "ORDER_REFUNDED": "An order was refunded.",
        "ORDER_SHIPPED": "An order was shipped.",
        "OTHER_SESSIONS_ENDED": "All other sessions were ended.",
        "PASSWORD_CHANGED": "The password was changed. With outcome REFUSED: the current password was wrong.",
        "PASSWORD_RESET": "A new password was set with a link sent by email.",
        "PASSWORD_RESET_REQUESTED": "A link to set a new password was requested.",
        "PERSONAL_DATA_DOWNLOADED": "A download of personal data was fetched.",
        "PERSONAL_DATA_DOWNLOAD_REQUESTED": "A download of personal data was requested.",
        "POINTS_PENALIZED": "An operator took points away.",
        "POINTS_REVERSED": "An operator reversed an award of points.",
        "PROFILE_ERASED": "A profile was erased, with everything that was stored about the person.",
        "PROFILE_HANDLE_CHANGED": "The handle of the profile was changed.",
        "PROFILE_UPDATED": "The profile was edited.",
        "PROFILE_VISIBILITY_CHANGED": "The profile was made public or private.",
        "PROJECT_DELETED": "A project was deleted.",
        "PROJECT_PUBLISHED": "A project was published.",
        "PROJECT_UNPUBLISHED": "A project was unpublished.",
        "RECOVERY_EMAIL_CHANGED": "The recovery email was changed.",
        "RECOVERY_EMAIL_REMOVED": "The recovery email was removed.",
        "RECOVERY_EMAIL_SET": "A first recovery email was set.",
        "REFERRAL_LINK_ROTATED": "The referral link was replaced by one with a new code.",
        "SECOND_FACTOR_BACKUP_CODES_CREATED": "Ten backup codes were created; earlier ones stopped working.",
        "SECOND_FACTOR_BACKUP_CODE_USED": "A backup code was used.",
        "SECOND_FACTOR_OFF": "The second factor was switched off.",
        "SECOND_FACTOR_OFF_REQUESTED": "A link to switch the second factor off was requested.",
        "SECOND_FACTOR_ON": "The second factor was switched on.",
        "SESSION_ELEVATED": "A session was elevated. With outcome REFUSED: the proof was wrong.",
        "SESSION_ENDED": "A session was ended.",
        "SHOP_ITEM_STOCKED": "The stock of a shop item was set.",
        "SIGN_IN": "Someone signed in. With outcome REFUSED: the password or the code was wrong.",
        "TOKEN_CREATED": "A personal access token was created.",
        "TOKEN_DELETED": "A personal access token was deleted.",
        "TSHIRT_CLAIMED": "A T-shirt was claimed.",
        "TSHIRT_LISTED": "An operator listed the claims of T-shirts.",
        "TSHIRT_SHIPPED": "A T-shirt was shipped.",
    },
)


@strawberry.type(description="One named detail of an entry of the audit trail.")
class AuditFact:
    name: str = column("Name of the detail, like `handle`.")
    old: str | None = column("Value before the action; null if there was none.")
    new: str | None = column("Value after the action, or the value itself if nothing changed; null if there is none.")


@strawberry.type(description="One entry of the audit trail. Entries are kept for 365 days.")
class AuditEntry(Node):
    id: strawberry.ID = column("Opaque id of the entry, like `aud_5k2v9x0qcm`.", read=id_of("AuditEntry"))
    occurred_at: DateTime = column("When the action was done.", read=audit.occurred_at)
    action: AuditAction = column("The action.", read=audit.action)
    outcome: AuditOutcome = column("Whether the action was done.", read=audit.outcome)
    origin: Origin = column("Credential with which the action was done.")
    ip_address: str | None = column(
        "IP address of the caller; null if unknown or if you may not see it.", read=audit.address
    )
    actor: Account | None = column(
        "The account that acted. Null if the caller was anonymous, the system acted, the user was deleted, or the account is "
        "neither yours nor of your company."
    )
    account: Account | None = column(
        "The account that was acted on; null if there is none, the user was deleted, or you may not see it."
    )
    facts: list[AuditFact] = column("Further details, each with a name.", read=audit.facts)


TRAIL_ARGUMENTS = {**PAGE_ARGUMENTS, "actions": "Only entries with one of these actions; all entries by default."}
"""Descriptions of a trail's arguments."""


@strawberry.type(description="An entry in a page of an audit trail.")
class AuditEntryEdge:
    cursor: str = column("Cursor of this entry, for `after` and `before`.", read=audit.cursor_of)
    node: AuditEntry = column("The entry.", itself=True)


@strawberry.type(description="A page of an audit trail, newest first.")
class AuditEntryConnection:
    edges: list[AuditEntryEdge] = column("The entries on this page, each with its cursor.")
    nodes: list[AuditEntry] = nodes_by("The entries on this page.")
    page_info: PageInfo = column("Whether there are more rows, and the cursors to read them with.")
    total_count: int = loaded_by(audit.totals, "Number of entries in the trail.", key="trail")


@strawberry.type
class AuditOfViewer:
    audit_trail: AuditEntryConnection = answered_by(
        audit.own_trail, "Actions on the accounts of your profile, newest first.", arguments=TRAIL_ARGUMENTS
    )
