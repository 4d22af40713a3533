"""Who knows whom, who asked whom, and who wants nothing to do with whom."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.profiles import Profile


class Connection(Model):
    """
    Two people know each other: one row for each of them, both with the same moment, so that everybody's list is read
    from one index. Written and deleted as a pair, the lower id's row first.
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
        unique_together = (("profile_id", "other_id"),)  # two acceptances at once: one connection
        indexes = (
            Index(fields=("profile_id", "connected_at", "other_id")),  # a person's list, newest first
            Index(fields=("other_id",)),
        )
        constraints = (CheckConstraint(check="profile_id <> other_id", name="connection_not_oneself"),)


class ConnectionRequest(Model):
    """
    Somebody asks somebody to connect. One row per pair and direction; it goes when they are connected.

    `ignored_at`: the receiver does not want to see it; the sender sees it pending. A withdrawn row stays for as long as
    an ignored request may not be sent anew, so that taking it back does not ring twice.
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
    """`blocker` wants nothing to do with `blocked`: people features hide both from each other."""

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
    """`profile` does not want to be told again that they may know `other`."""

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
