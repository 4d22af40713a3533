from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0032_personal_data_exports")]

    initial = False

    operations = [
        ops.AddField(
            model_name="ProfileMerge",
            name="proven_choice",
            field=fields.IntField(null=True),
        ),
    ]
