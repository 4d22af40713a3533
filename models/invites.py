"""Invitations by mail to join the community."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.accounts import Account
from models.profiles import Profile


class InviteKind(Enum):
    """Decides which activity an accepted invite counts as."""

    PLATFORM = "PLATFORM"
    FRIEND = "FRIEND"


class InviteState(Enum):
    """State of an invite. A pending invite expires at `expires_at`, which is not a state."""

    PENDING = "PENDING"
    WITHDRAWN = "WITHDRAWN"
    ACCEPTED = "ACCEPTED"


class Invite(Model):
    """
    An invite of one person to one address; inviting again updates the row. Of the code in the mail only the digest is
    stored.
    """

    id = fields.BigIntField(primary_key=True)
    sender: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    sender_id: int
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, null=True, on_delete=fields.SET_NULL, db_index=True
    )
    account_id: int | None
    email = fields.CharField(max_length=254, description="As entered; mail is sent here.")
    email_key = fields.CharField(max_length=254, db_index=True, description="Normalised form, for comparing.")
    kind = fields.CharEnumField(InviteKind, max_length=8, description="Depends on the domain of the address.")
    state = fields.CharEnumField(InviteState, max_length=9, default=InviteState.PENDING, description="State.")
    note = fields.CharField(max_length=1000, default="", description="Personal message of the sender, as entered.")
    digest = fields.CharField(max_length=64, unique=True, description="SHA-256 of the code in the mail's link, in hex.")
    sent_at = fields.DatetimeField(description="When the latest mail was sent.")
    sends = fields.IntField(default=1)
    expires_at = fields.DatetimeField()
    accepted_at = fields.DatetimeField(null=True)
    accepted_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, null=True, on_delete=fields.SET_NULL, db_index=True
    )
    accepted_by_id: int | None
    created_at = fields.DatetimeField()

    class Meta:
        table = "invite"
        unique_together = (("sender_id", "email_key"),)  # one invite per sender and address
        indexes = (Index(fields=("sender_id", "created_at", "id")),)  # a person's invites, newest first


class InviteOptOut(Model):
    """An address that must not receive invites from anyone. Stored as a keyed digest, not in the clear."""

    id = fields.BigIntField(primary_key=True)
    digest = fields.CharField(max_length=64, unique=True)
    at = fields.DatetimeField()

    class Meta:
        table = "invite_opt_out"
