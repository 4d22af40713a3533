"""Idempotency keys and the result of their first call, stored for a day."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from models.accounts import Account


class IdempotentCall(Model):
    """
    One call with an idempotency key, written in the transaction of the call itself: a concurrent second call waits for
    the first and returns its result.
    """

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.CASCADE
    )
    account_id: int
    key = fields.CharField(max_length=128)
    operation = fields.CharField(max_length=64, description="Name of the mutation.")
    fingerprint = fields.CharField(
        max_length=64, description="Digest of the input: the same key must come with the same input."
    )
    answer: Any = fields.JSONField(default=dict, description="Result for repeated calls: ids, no secrets.")
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "idempotent_call"
        unique_together = (("account_id", "key"),)
