from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0021_project_list")]

    initial = False

    operations = [
        ops.RemoveIndex(
            model_name="BadgeAward",
            name=None,
            fields=["badge", "superseded", "profile_id"],
        ),
        ops.AddIndex(
            model_name="BadgeAward",
            index=Index(fields=["badge", "superseded", "awarded_at", "profile_id", "level"]),
        ),
    ]
