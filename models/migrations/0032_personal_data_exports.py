from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.personal_data_exports import ExportState


class Migration(migrations.Migration):
    dependencies = [("models", "0031_sign_up_session_number")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PersonalDataExport",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "models.Account",
                        source_field="account_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("key", fields.CharField(unique=True, max_length=32)),
                ("state", fields.CharEnumField(default=ExportState.PENDING, enum_type=ExportState, max_length=7)),
                ("requested_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("due_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("tries", fields.IntField(default=0)),
                ("ready_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("bytes", fields.BigIntField(null=True)),
            ],
            options={
                "table": "personal_data_export",
                "app": "models",
                "indexes": [Index(fields=["state", "due_at", "id"]), Index(fields=["expires_at"])],
            },
            bases=["Model"],
        ),
    ]
