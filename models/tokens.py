"""Personal access tokens and API keys. Secrets are stored as hashes only."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from models.accounts import Account


class AccessToken(Model):
    """A token that acts for an account within its scopes. Of its secret only the SHA-256 is stored."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.CASCADE, db_index=True
    )
    account_id: int
    name = fields.CharField(max_length=120)
    scopes: Any = fields.JSONField(description="List of scope names of catalogue/scopes.toml.")
    secret_hash = fields.CharField(max_length=64, unique=True, description="SHA-256 of the whole token, in hex.")
    hint = fields.CharField(max_length=4, description="Last four characters of the secret, to tell tokens apart.")
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True, description="Up to a minute late.")

    class Meta:
        table = "access_token"


class ApiKey(Model):
    """A key with all rights of its owner, sent together with the owner's address. Only its SHA-256 is stored."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.CASCADE, db_index=True
    )
    account_id: int
    name = fields.CharField(max_length=120)
    secret_hash = fields.CharField(max_length=64, unique=True)
    hint = fields.CharField(max_length=4)
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True, description="Up to a minute late.")

    class Meta:
        table = "api_key"
