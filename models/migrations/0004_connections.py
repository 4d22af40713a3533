from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from models.referrals import ReferralVia, ShirtSize, ShirtState


class Migration(migrations.Migration):
    dependencies = [("models", "0003_economy")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Block",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "blocker",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="blocker_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "blocked",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="blocked_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("blocked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "block",
                "app": "models",
                "unique_together": (("blocker_id", "blocked_id"),),
                "constraints": [CheckConstraint(check="blocker_id <> blocked_id", name="block_not_oneself")],
                "indexes": [Index(fields=["blocked_id", "blocker_id"])],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Connection",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "profile",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="profile_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "other",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="other_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("connected_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "connection",
                "app": "models",
                "unique_together": (("profile_id", "other_id"),),
                "constraints": [CheckConstraint(check="profile_id <> other_id", name="connection_not_oneself")],
                "indexes": [Index(fields=["profile_id", "connected_at", "other_id"]), Index(fields=["other_id"])],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ConnectionRequest",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "sender",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="sender_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "receiver",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="receiver_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("sent_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ignored_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("withdrawn_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "connection_request",
                "app": "models",
                "unique_together": (("sender_id", "receiver_id"),),
                "constraints": [
                    CheckConstraint(check="sender_id <> receiver_id", name="connection_request_not_oneself")
                ],
                "indexes": [
                    Index(fields=["receiver_id", "sent_at", "id"]),
                    Index(fields=["sender_id", "sent_at", "id"]),
                ],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DismissedSuggestion",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "profile",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="profile_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "other",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="other_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("dismissed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "dismissed_suggestion",
                "app": "models",
                "unique_together": (("profile_id", "other_id"),),
                "indexes": [Index(fields=["other_id"])],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Referral",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "referrer",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="referrer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "account",
                    fields.OneToOneField(
                        "models.Account",
                        source_field="account_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("via", fields.CharEnumField(enum_type=ReferralVia, max_length=4)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "referral", "app": "models", "indexes": [Index(fields=["referrer_id", "at", "id"])]},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ReferralCode",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "profile",
                    fields.ForeignKeyField(
                        "models.Profile",
                        source_field="profile_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("code", fields.CharField(unique=True, max_length=32)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("retired_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "referral_code",
                "app": "models",
                "indexes": [Index(fields=["profile_id", "retired_at"])],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ShirtClaim",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "profile",
                    fields.OneToOneField(
                        "models.Profile",
                        source_field="profile_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("size", fields.CharEnumField(enum_type=ShirtSize, max_length=4)),
                ("sealed", fields.TextField(unique=False)),
                ("state", fields.CharEnumField(default=ShirtState.CLAIMED, enum_type=ShirtState, max_length=8)),
                ("claimed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("shipped_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={"table": "shirt_claim", "app": "models", "indexes": [Index(fields=["state", "id"])]},
            bases=["Model"],
        ),
    ]
