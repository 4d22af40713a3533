from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0025_profile_changes")]

    initial = False

    operations = [
        ops.AddField(
            model_name="SignUp",
            name="session",
            field=fields.ForeignKeyField(
                "models.Session",
                source_field="session_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.CASCADE,
            ),
        ),
    ]
