"""Connections, requests, blocks and dismissed suggestions."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.profiles import Profile


class Connection(Model):
    """
    Two connected people: one row for each direction, both with the same time, so that each list is read from one
    index. Rows are written and deleted as a pair, the row of the lower id first.
    """

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    other: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    other_id: int
    connected_at = fields.DatetimeField()

    class Meta:
        table = "connection"
        unique_together = (("profile_id", "other_id"),)  # two concurrent acceptances make one connection
        indexes = (
            Index(fields=("profile_id", "connected_at", "other_id")),  # a person's list, newest first
            Index(fields=("other_id",)),
        )
        constraints = (CheckConstraint(check="profile_id <> other_id", name="connection_not_oneself"),)


class ConnectionRequest(Model):
    """
    A request to connect. One row per pair and direction; deleted when the two are connected.

    `ignored_at`: hidden from the receiver; the sender still sees it as pending. A withdrawn row is stored for as long as
    an ignored request may not be sent again, so that withdrawing and sending again does not notify the receiver twice.
    """

    id = fields.BigIntField(primary_key=True)
    sender: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    sender_id: int
    receiver: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    receiver_id: int
    sent_at = fields.DatetimeField()
    ignored_at = fields.DatetimeField(null=True)
    withdrawn_at = fields.DatetimeField(null=True)

    class Meta:
        table = "connection_request"
        unique_together = (("sender_id", "receiver_id"),)
        indexes = (
            Index(fields=("receiver_id", "sent_at", "id")),  # requests received, newest first
            Index(fields=("sender_id", "sent_at", "id")),  # requests sent
        )
        constraints = (CheckConstraint(check="sender_id <> receiver_id", name="connection_request_not_oneself"),)


class Block(Model):
    """`blocker` blocked `blocked`: people features hide each from the other."""

    id = fields.BigIntField(primary_key=True)
    blocker: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    blocker_id: int
    blocked: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    blocked_id: int
    blocked_at = fields.DatetimeField()

    class Meta:
        table = "block"
        unique_together = (("blocker_id", "blocked_id"),)
        indexes = (Index(fields=("blocked_id", "blocker_id")),)
        constraints = (CheckConstraint(check="blocker_id <> blocked_id", name="block_not_oneself"),)


class DismissedSuggestion(Model):
    """`profile` does not want `other` as a suggestion again."""

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    other: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    other_id: int
    dismissed_at = fields.DatetimeField()

    class Meta:
        table = "dismissed_suggestion"
        unique_together = (("profile_id", "other_id"),)
        indexes = (Index(fields=("other_id",)),)
