"""Codes and links sent by mail or text message, which prove that the recipient reads that address."""

from enum import Enum

from tortoise import fields
from tortoise.models import Model

from models.accounts import Account


class Purpose(Enum):
    """The one operation that a code or a link allows."""

    SIGN_UP = "SIGN_UP"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105 - a word, no password
    RECOVERY_EMAIL = "RECOVERY_EMAIL"
    SECOND_FACTOR_SMS = "SECOND_FACTOR_SMS"
    SIGN_IN_SMS = "SIGN_IN_SMS"
    ELEVATION_SMS = "ELEVATION_SMS"
    DEACTIVATE_SECOND_FACTOR = "DEACTIVATE_SECOND_FACTOR"
    SIGN_IN = "SIGN_IN"
    MERGE = "MERGE"
    MERGE_SMS = "MERGE_SMS"


class MailedCode(Model):
    """
    A six-digit code. One valid code per purpose and subject: a new code replaces the row of the earlier one. Wrong tries
    are counted in the locked row, so that concurrent guesses are all counted.
    """

    id = fields.BigIntField(primary_key=True)
    purpose = fields.CharEnumField(Purpose, max_length=24, description="The operation it allows.")
    subject = fields.CharField(max_length=100, description="Owner of the code: `account:5` or `sign-up:7`.")
    digest = fields.CharField(max_length=64, description="Keyed hash over purpose, subject and code, in hex.")
    target = fields.CharField(
        max_length=254, default="", description="What the code proves, such as the key of an address."
    )
    tries = fields.IntField(default=0, description="Wrong tries so far; invalid after 5.")
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "mailed_code"
        unique_together = (("purpose", "subject"),)


class MailedLink(Model):
    """
    Secret of a mailed link, or of a sign-in that waits for its second factor: 190 random bits. Works once: using it
    deletes the row.
    """

    id = fields.BigIntField(primary_key=True)
    purpose = fields.CharEnumField(Purpose, max_length=24, description="The operation it allows.")
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
    A sign-up with an address that is not verified yet. Not an account: the address can still be used by others.
    The browser that started it holds a secret; the mailed code alone, without the secret, creates no account, so that no
    one confirms an account with another person's password. A person who adds an account to the own profile needs the session
    instead, in which it was started; no browser has the secret of such a row.
    """

    id = fields.BigIntField(primary_key=True)
    digest = fields.CharField(max_length=64, unique=True, description="SHA-256 of the browser's secret, in hex.")
    email = fields.CharField(max_length=254)
    email_key = fields.CharField(max_length=254, unique=True, description="One sign-up per address; the latest counts.")
    name = fields.CharField(max_length=120)
    password_hash = fields.CharField(max_length=255)
    marketing = fields.BooleanField(default=False)
    referral_code = fields.CharField(max_length=64, default="")
    session_id = fields.BigIntField(
        null=True,
        db_index=True,
        description="Session whose person adds an account; null: a new person signs up. No foreign key: ending a session must not "
        "wait for a sign-up.",
    )
    created_at = fields.DatetimeField()

    class Meta:
        table = "sign_up"
