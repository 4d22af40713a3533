from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0029_profile_merges")]

    initial = False

    operations = [
        ops.AddField(
            model_name="ReferralCode",
            name="merged",
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
