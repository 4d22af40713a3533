from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0019_person_events")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Session",
            name="renewals",
            field=fields.IntField(default=0, db_default=0),
        ),
    ]
