"""Outgoing messages: written in the transaction of their cause, sent afterwards, retried until sent."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Channel(Enum):
    """Kind of message."""

    MAIL = "MAIL"
    SMS = "SMS"


class OutboxMessage(Model):
    """
    A message that was not sent yet. Encrypted, because it may contain a code; the row is deleted once sent.

    Accounts and profiles are ids without a foreign key, and the recipient is a digest: erasing a person finds the messages to
    them, and those with their name (services/deletion/messages.py).
    """

    id = fields.BigIntField(primary_key=True)
    channel = fields.CharEnumField(Channel, max_length=4, description="MAIL or SMS.")
    kind = fields.CharField(max_length=48, description="Name of its template.")
    sealed = fields.TextField(description="Recipient, subject and texts, encrypted.")
    account_id = fields.BigIntField(null=True, description="Account of the recipient, if there is one.")
    about_profile_id = fields.BigIntField(null=True, description="Another person whose name is in it, if there is one.")
    recipient = fields.CharField(
        max_length=64,
        default="",
        db_default="",
        description="Keyed digest of the recipient's address; empty if there is no recipient.",
    )
    tries = fields.IntField(default=0)
    due_at = fields.DatetimeField(description="Not sent before; later after each failure.")
    created_at = fields.DatetimeField()
    failure = fields.CharField(max_length=300, default="", description="Latest error, without addresses.")

    class Meta:
        table = "outbox_message"
        indexes = (Index(fields=("due_at", "id")),)
