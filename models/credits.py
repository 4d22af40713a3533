"""Credits: the balance of each account, and every change of it."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.accounts import Account


class CreditKind(Enum):
    """Reason of a change of the balance."""

    CLAIM = "CLAIM"
    ORDER = "ORDER"
    REFUND = "REFUND"
    CORRECTION = "CORRECTION"


class CreditBalance(Model):
    """Balance of an account: the sum of its entries. Claims and orders of the account lock this row."""

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
    kind = fields.CharEnumField(CreditKind, max_length=10, description="Reason of the change.")
    amount = fields.IntField(description="Above 0: added; below 0: spent.")
    balance_after = fields.IntField()
    reference = fields.CharField(max_length=80, description="Id of the challenge, order or correction.")
    reason = fields.CharField(max_length=500, default="", description="Reason of a correction.")
    at = fields.DatetimeField()

    class Meta:
        table = "credit_entry"
        unique_together = (("account_id", "kind", "reference"),)  # nothing is paid or refunded twice
        indexes = (Index(fields=("account_id", "id")),)
        constraints = (CheckConstraint(check="balance_after >= 0", name="credit_entry_not_negative"),)
