"""What clients may send twice: the first answer, kept for a day."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from models.accounts import Account


class IdempotentCall(Model):
    """
    One call under a client's own key, written in the transaction of what the call does: whoever comes second waits for
    the first and is told its answer.
    """

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.CASCADE
    )
    account_id: int
    key = fields.CharField(max_length=128)
    operation = fields.CharField(max_length=64, description="Which mutation.")
    fingerprint = fields.CharField(max_length=64, description="Digest of its input: the same key means the same call.")
    answer: Any = fields.JSONField(default=dict, description="What the second caller needs: ids, no secrets.")
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "idempotent_call"
        unique_together = (("account_id", "key"),)
