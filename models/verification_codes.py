"""Codes and links that were mailed or texted: whoever has one shows to read that address."""

from enum import Enum

from tortoise import fields
from tortoise.models import Model

from models.accounts import Account


class Purpose(Enum):
    """What a code or a link is good for, and for nothing else."""

    SIGN_UP = "SIGN_UP"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105 - a word, no password
    RECOVERY_EMAIL = "RECOVERY_EMAIL"
    SECOND_FACTOR_SMS = "SECOND_FACTOR_SMS"
    SIGN_IN_SMS = "SIGN_IN_SMS"
    ELEVATION_SMS = "ELEVATION_SMS"
    DEACTIVATE_SECOND_FACTOR = "DEACTIVATE_SECOND_FACTOR"
    SIGN_IN = "SIGN_IN"


class MailedCode(Model):
    """
    A six-digit code. One live per purpose and subject: a new one takes the row of the one before it. Wrong tries are
    counted in the row, under its lock, so that guesses at the same moment are all counted.
    """

    id = fields.BigIntField(primary_key=True)
    purpose = fields.CharEnumField(Purpose, max_length=24, description="What it is good for.")
    subject = fields.CharField(max_length=100, description="Whose: `account:5`, or `sign-up:7`.")
    digest = fields.CharField(max_length=64, description="Keyed hash over purpose, subject and code, in hex.")
    target = fields.CharField(max_length=254, default="", description="What the code proves, e.g. an address's key.")
    tries = fields.IntField(default=0, description="Wrong ones so far; dead at 5.")
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "mailed_code"
        unique_together = (("purpose", "subject"),)


class MailedLink(Model):
    """
    The secret part of a mailed link, or of a sign-in that waits for its second factor: 190 random bits. Works once; using
    it deletes the row.
    """

    id = fields.BigIntField(primary_key=True)
    purpose = fields.CharEnumField(Purpose, max_length=24, description="What it is good for.")
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.CASCADE, db_index=True
    )
    account_id: int
    digest = fields.CharField(max_length=64, unique=True, description="SHA-256, in hex.")
    target = fields.CharField(max_length=254, default="")
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "mailed_link"


class SignUp(Model):
    """
    Somebody who gave an address that is not verified yet. No account: the address links nothing and blocks nobody.
    Whoever began it holds a secret; the code alone, without it, makes no account with somebody else's password.
    """

    id = fields.BigIntField(primary_key=True)
    digest = fields.CharField(max_length=64, unique=True, description="SHA-256 of the beginner's secret, in hex.")
    email = fields.CharField(max_length=254)
    email_key = fields.CharField(max_length=254, unique=True, description="One attempt per address; the latest counts.")
    name = fields.CharField(max_length=120)
    password_hash = fields.CharField(max_length=255)
    marketing = fields.BooleanField(default=False)
    referral_code = fields.CharField(max_length=64, default="")
    created_at = fields.DatetimeField()

    class Meta:
        table = "sign_up"
