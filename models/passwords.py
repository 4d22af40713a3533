"""Passwords: argon2id hashes in a table of their own, so that reading an account never reads a hash."""

from tortoise import fields
from tortoise.models import Model

from models.accounts import Account


class Password(Model):
    """Password of an account. An account without a password has no row."""

    account: fields.OneToOneRelation[Account] = fields.OneToOneField(
        "models.Account", related_name=False, primary_key=True, on_delete=fields.CASCADE
    )
    account_id: int
    hash = fields.CharField(max_length=255, description="argon2id, with its parameters and salt.")
    changed_at = fields.DatetimeField(description="Expiry counts from this time.")
    warned_days = fields.IntField(null=True, description="Days of the last expiry mail sent (14 or 1); null: none yet.")

    class Meta:
        table = "password"


class OldPassword(Model):
    """An earlier password of an account: it cannot be used again."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.CASCADE, db_index=True
    )
    account_id: int
    hash = fields.CharField(max_length=255)
    replaced_at = fields.DatetimeField()

    class Meta:
        table = "old_password"
