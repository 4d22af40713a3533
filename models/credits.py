"""Credits: what accounts have to spend, and every change of it."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.accounts import Account


class CreditKind(Enum):
    """Why credits came or went."""

    CLAIM = "CLAIM"
    ORDER = "ORDER"
    REFUND = "REFUND"
    CORRECTION = "CORRECTION"


class CreditBalance(Model):
    """What an account can spend: the sum of its entries. Also the row that its claims and orders queue up at."""

    account: fields.OneToOneRelation[Account] = fields.OneToOneField(
        "models.Account", related_name=False, primary_key=True, on_delete=fields.CASCADE
    )
    account_id: int
    balance = fields.IntField(default=0)

    class Meta:
        table = "credit_balance"
        constraints = (CheckConstraint(check="balance >= 0", name="credit_balance_not_negative"),)


class CreditEntry(Model):
    """One change of a balance. Rows are never edited; a refund is a new row."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.CASCADE
    )
    account_id: int
    kind = fields.CharEnumField(CreditKind, max_length=10, description="Why.")
    amount = fields.IntField(description="Above 0 came, below 0 went.")
    balance_after = fields.IntField()
    reference = fields.CharField(max_length=80, description="Challenge, order or correction it belongs to.")
    reason = fields.CharField(max_length=500, default="", description="Why, for a correction.")
    at = fields.DatetimeField()

    class Meta:
        table = "credit_entry"
        unique_together = (("account_id", "kind", "reference"),)  # nothing is paid or given back twice
        indexes = (Index(fields=("account_id", "id")),)
        constraints = (CheckConstraint(check="balance_after >= 0", name="credit_entry_not_negative"),)
