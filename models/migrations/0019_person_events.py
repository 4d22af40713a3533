"""The events of one person are read by its id: `viewerEvents` goes on after an event."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0018_id_key")]

    initial = False

    operations = [
        ops.AddIndex(model_name="Notice", index=Index(fields=["profile_id", "id"])),
    ]
