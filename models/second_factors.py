"""Two-factor authentication."""

from enum import Enum

from tortoise import fields
from tortoise.models import Model

from models.accounts import Account


class SecondFactorMethod(Enum):
    """Source of the codes."""

    TOTP = "TOTP"
    SMS = "SMS"


class SecondFactor(Model):
    """Second factor of an account; not required until it is confirmed."""

    account: fields.OneToOneRelation[Account] = fields.OneToOneField(
        "models.Account", related_name=False, primary_key=True, on_delete=fields.CASCADE
    )
    account_id: int
    method = fields.CharEnumField(SecondFactorMethod, max_length=4, description="TOTP or SMS.")
    sealed = fields.CharField(max_length=500, description="The TOTP secret or the phone number, encrypted.")
    confirmed_at = fields.DatetimeField(null=True)
    last_step = fields.BigIntField(default=0, description="Time step of the last TOTP code: each code works once.")
    failures = fields.IntField(default=0, db_default=0, description="Wrong codes since the last correct one.")
    locked_until = fields.DatetimeField(null=True, description="No code is accepted before; later after each failure.")
    created_at = fields.DatetimeField()

    class Meta:
        table = "second_factor"


class BackupCode(Model):
    """A code for signing in without the second factor. Works once."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.CASCADE
    )
    account_id: int
    digest = fields.CharField(max_length=64, description="Keyed hash of the code, in hex.")
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "backup_code"
        unique_together = (("account_id", "digest"),)
