"""Merges of profiles: from the typed address over the code and the preview to the end. Not what a merge moves."""

from enum import Enum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.accounts import Account


class MergeState(Enum):
    """How far a merge has come, as it is stored. A merge that is open after `expires_at` has expired."""

    STARTED = "STARTED"
    CODE_SENT = "CODE_SENT"
    VERIFIED = "VERIFIED"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


class ProfileMerge(Model):
    """
    A merge that an account has started: of the profile that a typed address belongs to into the account's own. For an
    address that belongs to none there is a row all the same, without a source, so that nothing tells the difference.

    Wrong codes are counted in the locked row. The ids of the profiles are no foreign keys: the source is deleted by the
    merge. Addresses are stored masked only.
    """

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.CASCADE, description="The account that started it."
    )
    account_id: int
    survivor_id = fields.BigIntField(description="Profile of the account at the start.")
    source_id = fields.BigIntField(null=True, description="Profile of the typed address; null: there is none.")
    state = fields.CharEnumField(MergeState, max_length=10, default=MergeState.STARTED)
    typed = fields.CharField(max_length=64, description="Keyed digest of the typed address, in hex.")
    choices: Any = fields.JSONField(
        description="Addresses to choose from, the typed one first: `masked`; `account`, its id, 0 for none; `recovery`, true or false; `mailbox`, keyed digest of the address."
    )
    wrong_codes = fields.IntField(default=0, description="Wrong codes so far, of the mail and of the second factor.")
    proven_choice = fields.IntField(
        null=True, description="Place among the choices of the address whose code was verified."
    )
    factor_account = fields.BigIntField(null=True, description="Account of the source whose second factor was proven.")
    factor_at = fields.DatetimeField(null=True, description="When it was proven.")
    started_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    merged_at = fields.DatetimeField(null=True)

    class Meta:
        table = "profile_merge"
        indexes = (Index(fields=("account_id", "id")), Index(fields=("started_at",)))
