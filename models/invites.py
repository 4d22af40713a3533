"""Invitations by mail to join the community."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.accounts import Account
from models.profiles import Profile


class InviteKind(Enum):
    """Which row of the point tables an invite is."""

    PLATFORM = "PLATFORM"
    FRIEND = "FRIEND"


class InviteState(Enum):
    """What became of an invite. Whether a pending one has expired is told by its date."""

    PENDING = "PENDING"
    WITHDRAWN = "WITHDRAWN"
    ACCEPTED = "ACCEPTED"


class Invite(Model):
    """
    One person's invitation to one address; inviting again takes the same row. What is in the mail is known by its
    digest alone.
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
    email = fields.CharField(max_length=254, description="As given; mail goes here.")
    email_key = fields.CharField(max_length=254, db_index=True, description="What addresses are compared by.")
    kind = fields.CharEnumField(InviteKind, max_length=8, description="By the domain of the address.")
    state = fields.CharEnumField(
        InviteState, max_length=9, default=InviteState.PENDING, description="What became of it."
    )
    note = fields.CharField(max_length=1000, default="", description="The sender's own words, as typed.")
    digest = fields.CharField(max_length=64, unique=True, description="SHA-256 of the code in the mail's link, in hex.")
    sent_at = fields.DatetimeField(description="The latest mail.")
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
        unique_together = (("sender_id", "email_key"),)  # one live invite per sender and address
        indexes = (Index(fields=("sender_id", "created_at", "id")),)  # a person's invites, newest first


class InviteOptOut(Model):
    """An address that wants no more invites, from anybody. Kept as a keyed digest: it names nobody."""

    id = fields.BigIntField(primary_key=True)
    digest = fields.CharField(max_length=64, unique=True)
    at = fields.DatetimeField()

    class Meta:
        table = "invite_opt_out"
