from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.profile_merges import MergeState


class Migration(migrations.Migration):
    dependencies = [("models", "0028_erasing")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ProfileMerge",
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
                ("survivor_id", fields.BigIntField()),
                ("source_id", fields.BigIntField(null=True)),
                ("state", fields.CharEnumField(default=MergeState.STARTED, enum_type=MergeState, max_length=10)),
                ("typed", fields.CharField(max_length=64)),
                ("choices", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("wrong_codes", fields.IntField(default=0)),
                ("factor_account", fields.BigIntField(null=True)),
                ("factor_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("merged_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "profile_merge",
                "app": "models",
                "indexes": [Index(fields=["account_id", "id"]), Index(fields=["started_at"])],
            },
            bases=["Model"],
        ),
    ]
