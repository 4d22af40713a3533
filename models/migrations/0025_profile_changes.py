from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.audit import Origin
from models.profile_changes import ChangedField


class Migration(migrations.Migration):
    dependencies = [("models", "0024_last_sign_in")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ProfileChange",
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
                    "account",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="account_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "actor",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="actor_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("origin", fields.CharEnumField(enum_type=Origin, max_length=12)),
                ("address", fields.CharField(default="", max_length=45)),
                ("field", fields.CharEnumField(enum_type=ChangedField, max_length=16)),
                ("old", fields.TextField(null=True, unique=False)),
                ("new", fields.TextField(null=True, unique=False)),
            ],
            options={"table": "profile_change", "app": "models", "indexes": [Index(fields=["profile_id", "id"])]},
            bases=["Model"],
        ),
    ]
