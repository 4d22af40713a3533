"""Personal access tokens, as far as they are kept: never the secret itself."""

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
    name = fields.CharField(max_length=120)
    scopes: Any = fields.JSONField(description="Names of catalogue/scopes.toml, a list.")
    secret_hash = fields.CharField(max_length=64, unique=True, description="SHA-256 of the whole token, in hex.")
    hint = fields.CharField(max_length=4, description="The secret's last four characters, to tell tokens apart.")
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)

    class Meta:
        table = "access_token"
