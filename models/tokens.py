"""Personal access tokens and API keys, as far as they are kept: never the secret itself."""

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
    scopes: Any = fields.JSONField(description="Names of catalogue/scopes.toml, a list.")
    secret_hash = fields.CharField(max_length=64, unique=True, description="SHA-256 of the whole token, in hex.")
    hint = fields.CharField(max_length=4, description="The secret's last four characters, to tell tokens apart.")
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True, description="At most a minute old.")

    class Meta:
        table = "access_token"


class ApiKey(Model):
    """A key with all rights of its owner, used beside the owner's address. Of it only the SHA-256 is stored."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.CASCADE, db_index=True
    )
    account_id: int
    name = fields.CharField(max_length=120)
    secret_hash = fields.CharField(max_length=64, unique=True)
    hint = fields.CharField(max_length=4)
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True, description="At most a minute old.")

    class Meta:
        table = "api_key"
