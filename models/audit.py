"""Who did what, from where, to which account."""

from enum import Enum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Origin(Enum):
    """By what credential somebody acted."""

    SESSION = "SESSION"
    TOKEN = "TOKEN"  # noqa: S105 - a word, no token
    API_KEY = "API_KEY"
    OPERATOR = "OPERATOR"
    SYSTEM = "SYSTEM"
    NOBODY = "NOBODY"


class AuditEntry(Model):
    """
    One line of the audit trail; kept 365 days. Accounts and companies are kept as numbers without a foreign key: the
    trail outlives what it tells of. Values stand here only where they are harmless.
    """

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField(db_index=True)
    action = fields.CharField(max_length=64, description="`password.changed`, `token.created` …")
    outcome = fields.CharField(max_length=16, default="SUCCESS", description="SUCCESS or REFUSED.")
    origin = fields.CharEnumField(Origin, max_length=8, description="By what credential.")
    actor_id = fields.BigIntField(null=True, description="Account that acted; null for nobody and the system.")
    account_id = fields.BigIntField(null=True, description="Account it was done to.")
    company_id = fields.BigIntField(null=True, description="Company of that account at the time.")
    address = fields.CharField(max_length=45, default="", description="IP address it came from.")
    facts: Any = fields.JSONField(default=dict, description="Old and new value where harmless, and the like.")

    class Meta:
        table = "audit_entry"
        indexes = (Index(fields=("account_id", "id")), Index(fields=("company_id", "id")))
