"""Downloads of personal data: each is made in the background, and is there for seven days."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.accounts import Account


class ExportState(Enum):
    """PENDING: waits or is being made. READY: can be fetched until it expires. FAILED: it could not be made."""

    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"


class PersonalDataExport(Model):
    """
    One download of the personal data of an account's person. An account has at most one that is PENDING and one that is READY;
    services/personal_data/downloads.py locks the account for that. The row is deleted once the download has expired.
    """

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.CASCADE, db_index=True
    )
    account_id: int
    key = fields.CharField(max_length=32, unique=True, description="Random name of the file, also in its address.")
    state = fields.CharEnumField(
        ExportState, max_length=7, default=ExportState.PENDING, description="PENDING, READY or FAILED."
    )
    requested_at = fields.DatetimeField()
    due_at = fields.DatetimeField(
        null=True, description="While PENDING: not worked on before, because it is claimed or has failed."
    )
    tries = fields.IntField(default=0, description="How often it was begun.")
    ready_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True, description="When a READY or FAILED row is deleted, with its file.")
    bytes = fields.BigIntField(null=True, description="Size of the file.")

    class Meta:
        table = "personal_data_export"
        indexes = (
            Index(fields=("state", "due_at", "id")),  # the next one to work on
            Index(fields=("expires_at",)),  # those that have expired
        )
