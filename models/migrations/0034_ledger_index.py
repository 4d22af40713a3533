from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0033_merge_proven_choice")]

    initial = False

    operations = [
        ops.RemoveIndex(
            model_name="PointEntry",
            name=None,
            fields=["recorded_at", "id"],
        ),
    ]
