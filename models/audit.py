"""The audit trail: who did what to which account, and from where."""

from enum import Enum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Origin(Enum):
    """Credential of the actor."""

    SESSION = "SESSION"
    TOKEN = "TOKEN"
    API_KEY = "API_KEY"
    OPERATOR = "OPERATOR"
    SYSTEM = "SYSTEM"
    ANONYMOUS = "ANONYMOUS"


class AuditOutcome(Enum):
    """Whether the action was done."""

    SUCCESS = "SUCCESS"
    REFUSED = "REFUSED"


class AuditAction(Enum):
    """Actions of the audit trail, with the values that are stored."""

    ACCOUNT_CREATED = "account.created"
    ACCOUNT_DELETED = "account.deleted"
    API_KEY_CREATED = "api-key.created"
    API_KEY_DELETED = "api-key.deleted"
    BADGE_GRANTED = "badge.granted"
    BADGE_REVOKED = "badge.revoked"
    COMPANY_CREATED = "company.created"
    COMPANY_PASSWORD_EXPIRY_CHANGED = "company.password-expiry-changed"
    CREDITS_CORRECTED = "credits.corrected"
    LANGUAGE_CHANGED = "language.changed"
    MARKETING_CHANGED = "marketing.changed"
    MEMBER_ADMIN_REMOVED = "member.admin-removed"
    MEMBER_DEACTIVATED = "member.deactivated"
    MEMBER_MADE_ADMIN = "member.made-admin"
    MEMBER_REACTIVATED = "member.reactivated"
    MERGE_CANCELLED = "merge.cancelled"
    MERGE_CODE_SENT = "merge.code-sent"
    MERGE_DONE = "merge.done"
    MERGE_FAILED = "merge.failed"
    MERGE_STARTED = "merge.started"
    MERGE_VERIFIED = "merge.verified"
    ORDER_REFUNDED = "shop.refunded"
    ORDER_SHIPPED = "shop.shipped"
    OTHER_SESSIONS_ENDED = "session.others-ended"
    PASSWORD_CHANGED = "password.changed"
    PASSWORD_RESET = "password.reset"
    PASSWORD_RESET_REQUESTED = "password.reset-requested"
    PERSONAL_DATA_DOWNLOADED = "personal-data.downloaded"
    PERSONAL_DATA_DOWNLOAD_REQUESTED = "personal-data.download-requested"
    POINTS_PENALIZED = "points.penalize"
    POINTS_REVERSED = "points.reverse"
    PROFILE_ERASED = "profile.erased"
    PROFILE_HANDLE_CHANGED = "profile.handle-changed"
    PROFILE_UPDATED = "profile.updated"
    PROFILE_VISIBILITY_CHANGED = "profile.visibility-changed"
    PROJECT_DELETED = "project.deleted"
    PROJECT_PUBLISHED = "project.published"
    PROJECT_UNPUBLISHED = "project.unpublished"
    RECOVERY_EMAIL_CHANGED = "recovery-email.changed"
    RECOVERY_EMAIL_REMOVED = "recovery-email.removed"
    RECOVERY_EMAIL_SET = "recovery-email.set"
    REFERRAL_LINK_ROTATED = "referral-link.rotated"
    SECOND_FACTOR_BACKUP_CODES_CREATED = "second-factor.backup-codes-made"
    SECOND_FACTOR_BACKUP_CODE_USED = "second-factor.backup-code-used"
    SECOND_FACTOR_OFF = "second-factor.off"
    SECOND_FACTOR_OFF_REQUESTED = "second-factor.off-requested"
    SECOND_FACTOR_ON = "second-factor.on"
    SESSION_ELEVATED = "session.elevated"
    SESSION_ENDED = "session.ended"
    SHOP_ITEM_STOCKED = "shop.stocked"
    SIGN_IN = "sign-in"
    TOKEN_CREATED = "token.created"
    TOKEN_DELETED = "token.deleted"
    TSHIRT_CLAIMED = "shirt.claimed"
    TSHIRT_LISTED = "shirt.listed"
    TSHIRT_SHIPPED = "shirt.shipped"


class AuditEntry(Model):
    """
    One entry of the audit trail; stored for 365 days. Accounts and companies are ids without a foreign key: entries
    outlive the rows they refer to. Contains only harmless values.
    """

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField(db_index=True)
    action = fields.CharField(max_length=64, description="`password.changed`, `token.created` …")
    outcome = fields.CharField(max_length=16, default="SUCCESS", description="SUCCESS or REFUSED.")
    origin = fields.CharEnumField(Origin, max_length=12, description="Credential of the actor.")
    actor_id = fields.BigIntField(null=True, description="Account that acted; null if anonymous or the system.")
    account_id = fields.BigIntField(null=True, description="Account that was acted on.")
    company_id = fields.BigIntField(null=True, description="Company of `account_id` at the time.")
    address = fields.CharField(max_length=45, default="", description="IP address of the actor.")
    facts: Any = fields.JSONField(default=dict, description="Harmless details, such as the old and new value.")

    class Meta:
        table = "audit_entry"
        indexes = (
            Index(fields=("account_id", "id")),
            Index(fields=("company_id", "id")),
            Index(fields=("actor_id",)),  # what an account did, when it is deleted
        )
