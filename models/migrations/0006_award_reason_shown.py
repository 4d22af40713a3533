from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0005_portfolio")]

    initial = False

    operations = [
        ops.AddField(
            model_name="BadgeAward",
            name="reason_shown",
            field=fields.BooleanField(default=False),
        ),
    ]
