from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0006_award_reason_shown")]

    initial = False

    operations = [
        ops.AddField(
            model_name="BadgeAward",
            name="unmet",
            field=fields.BooleanField(default=False),
        ),
    ]
