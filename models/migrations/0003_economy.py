from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from catalogue.badges import Rarity
from models.badges import AwardOrigin
from models.credits import CreditKind
from models.shop import OrderState


class Migration(migrations.Migration):
    dependencies = [("models", "0002_identity")]

    initial = False

    operations = [
        ops.CreateModel(
            name="BadgeAward",
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
                ("badge", fields.CharField(max_length=64)),
                ("level", fields.IntField()),
                ("origin", fields.CharEnumField(enum_type=AwardOrigin, max_length=8)),
                ("awarded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("reason", fields.CharField(default="", max_length=500)),
                ("superseded", fields.BooleanField(default=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("revoked_reason", fields.CharField(default="", max_length=500)),
                ("credential", fields.CharField(unique=True, max_length=32)),
            ],
            options={
                "table": "badge_award",
                "app": "models",
                "unique_together": (("profile_id", "badge", "level"),),
                "constraints": [CheckConstraint(check="level >= 1", name="badge_award_level")],
                "indexes": [
                    Index(fields=["profile_id", "superseded", "awarded_at"]),
                    Index(fields=["badge", "superseded", "profile_id"]),
                    Index(fields=["revoked_at", "credential"]),
                ],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ChallengeClaim",
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
                ("challenge", fields.CharField(max_length=64)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="account_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("credits", fields.IntField()),
                ("claimed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "challenge_claim", "app": "models", "unique_together": (("profile_id", "challenge"),)},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ChallengeCompletion",
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
                ("challenge", fields.CharField(max_length=64)),
                ("completed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "challenge_completion",
                "app": "models",
                "unique_together": (("profile_id", "challenge"),),
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CreditBalance",
            fields=[
                (
                    "account",
                    fields.OneToOneField(
                        "models.Account",
                        source_field="account_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("balance", fields.IntField(default=0)),
            ],
            options={
                "table": "credit_balance",
                "app": "models",
                "constraints": [CheckConstraint(check="balance >= 0", name="credit_balance_not_negative")],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CreditEntry",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharEnumField(enum_type=CreditKind, max_length=10)),
                ("amount", fields.IntField()),
                ("balance_after", fields.IntField()),
                ("reference", fields.CharField(max_length=80)),
                ("reason", fields.CharField(default="", max_length=500)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "credit_entry",
                "app": "models",
                "unique_together": (("account_id", "kind", "reference"),),
                "constraints": [CheckConstraint(check="balance_after >= 0", name="credit_entry_not_negative")],
                "indexes": [Index(fields=["account_id", "id"])],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FeaturedBadge",
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
                ("badge", fields.CharField(max_length=64)),
                ("place", fields.IntField()),
            ],
            options={
                "table": "featured_badge",
                "app": "models",
                "unique_together": (("profile_id", "place"), ("profile_id", "badge")),
                "constraints": [CheckConstraint(check="place BETWEEN 1 AND 4", name="featured_badge_place")],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="IdempotentCall",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("key", fields.CharField(max_length=128)),
                ("operation", fields.CharField(max_length=64)),
                ("fingerprint", fields.CharField(max_length=64)),
                ("answer", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={"table": "idempotent_call", "app": "models", "unique_together": (("account_id", "key"),)},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ImportedBadge",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("source", fields.CharField(max_length=64)),
                ("key", fields.CharField(max_length=128)),
                ("code", fields.CharField(unique=True, max_length=64)),
                ("name", fields.CharField(max_length=120)),
                ("description", fields.CharField(default="", max_length=500)),
                ("rarity", fields.CharEnumField(enum_type=Rarity, max_length=6)),
            ],
            options={"table": "imported_badge", "app": "models", "unique_together": (("source", "key"),)},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Notice",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("xid", fields.BigIntField(default=0, db_index=True)),
                ("topic", fields.CharField(max_length=24)),
                ("profile_id", fields.BigIntField(null=True)),
                ("facts", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={"table": "notice", "app": "models"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ProfileCounter",
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
                ("name", fields.CharField(max_length=48)),
                ("times", fields.IntField(default=0)),
                ("points", fields.IntField(default=0)),
            ],
            options={"table": "profile_counter", "app": "models", "unique_together": (("profile_id", "name"),)},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ProfileWord",
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
                ("word", fields.BinaryField()),
                ("place", fields.IntField()),
            ],
            options={
                "table": "profile_word",
                "app": "models",
                "indexes": [
                    Index(fields=["word", "place", "profile_id"]),
                    Index(fields=["profile_id", "word", "place"]),
                ],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ShopOrder",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("item", fields.CharField(max_length=64)),
                ("price", fields.IntField()),
                ("state", fields.CharEnumField(default=OrderState.PLACED, enum_type=OrderState, max_length=8)),
                ("ordered_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("changed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "shop_order",
                "app": "models",
                "constraints": [CheckConstraint(check="price >= 0", name="shop_order_price")],
                "indexes": [Index(fields=["account_id", "id"]), Index(fields=["state", "id"])],
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ShopStock",
            fields=[
                ("item", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("stock", fields.IntField()),
            ],
            options={
                "table": "shop_stock",
                "app": "models",
                "constraints": [CheckConstraint(check="stock >= 0", name="shop_stock_not_negative")],
            },
            bases=["Model"],
        ),
        ops.AddIndex(
            model_name="PointEntry",
            index=Index(fields=["day", "profile_id", "category", "awarded", "occurred_at"]),
        ),
        ops.AddIndex(
            model_name="PointEntry",
            index=Index(fields=["recorded_at", "id"]),
        ),
        ops.AddIndex(
            model_name="Profile",
            index=Index(fields=["listed", "joined_on", "id"]),
        ),
        ops.AddIndex(
            model_name="Profile",
            index=Index(fields=["listed", "country", "id"]),
        ),
        ops.AddIndex(
            model_name="Profile",
            index=Index(fields=["avatar"]),
        ),
        ops.AddIndex(
            model_name="Profile",
            index=Index(fields=["company_id", "id"]),
        ),
    ]
