"""What is to be sent: written in the transaction of what causes it, sent afterwards, as often as it takes."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Channel(Enum):
    """How a message goes out."""

    MAIL = "MAIL"
    SMS = "SMS"


class OutboxMessage(Model):
    """A message on its way. Its content may hold a code, so it is encrypted; once sent the row is deleted."""

    id = fields.BigIntField(primary_key=True)
    channel = fields.CharEnumField(Channel, max_length=4, description="MAIL or SMS.")
    kind = fields.CharField(max_length=48, description="Which template it was made from.")
    sealed = fields.TextField(description="Recipient, subject and texts, encrypted.")
    tries = fields.IntField(default=0)
    due_at = fields.DatetimeField(description="Not before; later after each failure.")
    created_at = fields.DatetimeField()
    failure = fields.CharField(max_length=300, default="", description="What went wrong last, without addresses.")

    class Meta:
        table = "outbox_message"
        indexes = (Index(fields=("due_at", "id")),)
