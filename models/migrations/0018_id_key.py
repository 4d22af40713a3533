"""The key itself is written when a database is first opened: models/id_key.py."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0017_secret_canary")]

    initial = False

    operations = [
        ops.CreateModel(
            name="IdKey",
            fields=[
                ("id", fields.IntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("key", fields.CharField(max_length=64)),
            ],
            options={"table": "id_key", "app": "models"},
            bases=["Model"],
        ),
    ]
