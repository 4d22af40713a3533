"""The points ledger, and the sums and counters derived from it."""

from enum import Enum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from catalogue.points import Category
from models.moments import TransactionId
from models.profiles import Profile


class EntryKind(Enum):
    """Kind of a ledger entry."""

    ACTIVITY = "ACTIVITY"
    OPENING = "OPENING"
    REVERSAL = "REVERSAL"
    PENALTY = "PENALTY"


class Outcome(Enum):
    """Result of an event."""

    AWARDED = "AWARDED"
    PARTLY_AWARDED = "PARTLY_AWARDED"
    CAPPED = "CAPPED"
    SELF = "SELF"
    INELIGIBLE = "INELIGIBLE"
    DUPLICATE = "DUPLICATE"


class PointEntry(Model):
    """
    One event and the points it gave. Rows are never edited; a correction is a new row. Only merging and erasing
    profiles may change `profile_id`.
    """

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.RESTRICT
    )
    profile_id: int
    kind = fields.CharEnumField(EntryKind, max_length=18, description="Kind of entry.")
    category = fields.CharEnumField(Category, max_length=9, description="Category of the points.")
    activity = fields.CharField(max_length=48, null=True, description="Code in catalogue/activities.toml.")
    asked = fields.IntField(description="Points of the activity in the catalogue when the event was recorded.")
    awarded = fields.IntField(description="Points awarded after caps; 0 when capped.")
    capped = fields.IntField(
        default=0, description="Points that the entry uses of the daily cap; below 0 it frees them."
    )
    outcome = fields.CharEnumField(Outcome, max_length=14, description="Result of the event.")
    occurred_at = fields.DatetimeField(
        description="When it happened (UTC); a reversal has the time of the reversed entry."
    )
    day = fields.DateField(description="UTC day of occurred_at; caps count per day.")
    source = fields.CharField(max_length=64, description="System that reported the event.")
    external_id = fields.CharField(max_length=200, description="Id of the event in that system.")
    counterpart: fields.ForeignKeyNullableRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, null=True, on_delete=fields.RESTRICT, db_index=True
    )
    counterpart_id: int | None
    reverses: fields.OneToOneNullableRelation["PointEntry"] = fields.OneToOneField(
        "models.PointEntry", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    reverses_id: int | None
    former_id = fields.BigIntField(
        null=True, description="Profile that had the row before that was merged into this one; null if none."
    )
    reason = fields.CharField(max_length=500, null=True, description="Reason of a penalty.")
    shown = fields.BooleanField(default=True, description="True if the person may see it; False for silent penalties.")
    recorded_at = fields.DatetimeField(description="When the row was written (UTC).")
    xid = fields.BigIntField(
        db_default=TransactionId(), description="PostgreSQL's transaction that wrote the row; 0 on SQLite."
    )

    class Meta:
        table = "point_entry"
        unique_together = (("source", "external_id"),)  # the database detects a repeated event
        indexes = (
            Index(fields=("profile_id", "activity", "day")),  # sum that counts toward a daily cap
            Index(fields=("profile_id", "occurred_at", "id")),  # a person's history, newest first
            Index(fields=("day", "profile_id", "category", "awarded", "occurred_at")),  # boards of a period
        )
        constraints = (
            CheckConstraint(check="kind <> 'ACTIVITY' OR activity IS NOT NULL", name="point_entry_activity"),
            CheckConstraint(check="(kind = 'REVERSAL') = (reverses_id IS NOT NULL)", name="point_entry_reverses"),
        )


class OnceAward(Model):
    """Marks an activity that gives points once per profile. The unique pair decides races."""

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.RESTRICT
    )
    profile_id: int
    activity = fields.CharField(max_length=48)

    class Meta:
        table = "once_award"
        unique_together = (("profile_id", "activity"),)


class ProfileCounter(Model):
    """
    How often a profile did something, and the points that it gave. Statistics, badges and challenges use it.

    `name` is the code of an activity: then `times` counts its events in the ledger that are awarded, partly awarded or
    capped, less the reversed ones, and `points` is what they gave. Or `name` is one of the other names in
    services/progress/counters.py, which use `times` or `points` alone. Updated in the transaction of what it counts, with
    the profile's score row locked.
    """

    id = fields.BigIntField(primary_key=True)
    profile: fields.ForeignKeyRelation[Profile] = fields.ForeignKeyField(
        "models.Profile", related_name=False, on_delete=fields.CASCADE
    )
    profile_id: int
    name = fields.CharField(max_length=48)
    times = fields.IntField(default=0)
    points = fields.IntField(default=0)

    class Meta:
        table = "profile_counter"
        unique_together = (("profile_id", "name"),)


def _points() -> Any:
    return fields.IntField(default=0)


def _reached() -> Any:
    return fields.BigIntField(default=0)


class Score(Model):
    """
    One row per profile: the sums of its ledger entries, overall and per category. Sums may be negative.

    `…_reached` is the latest occurred_at, in microseconds since 1970, of the entries that changed the sum, were not
    reversed and are visible to their person (0: none, or opening balances only). It orders people with equal points.
    The row is also the lock that serialises the events of a person. `listed` repeats profile.listed, so that a board is
    read from one index.
    """

    profile: fields.OneToOneRelation[Profile] = fields.OneToOneField(
        "models.Profile", related_name=False, primary_key=True, on_delete=fields.CASCADE
    )
    profile_id: int
    listed = fields.BooleanField(default=False)
    overall = _points()
    overall_reached = _reached()
    forum = _points()
    forum_reached = _reached()
    app_store = _points()
    app_store_reached = _reached()
    platform = _points()
    platform_reached = _reached()
    community = _points()
    community_reached = _reached()
    learning = _points()
    learning_reached = _reached()

    class Meta:
        table = "score"
        indexes = tuple(
            Index(fields=("listed", board, f"{board}_reached", "profile_id"))
            for board in ("overall", "forum", "app_store", "platform", "community", "learning")
        )
        constraints = (
            CheckConstraint(
                check="overall = forum + app_store + platform + community + learning", name="score_adds_up"
            ),
        )
