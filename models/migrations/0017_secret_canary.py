"""The canary itself is written by the first start or command, which has the secret key: services/core/secret_key.py."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0016_anonymous_origin")]

    initial = False

    operations = [
        ops.CreateModel(
            name="SecretCanary",
            fields=[
                ("id", fields.IntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("sealed", fields.CharField(max_length=200)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "secret_canary", "app": "models"},
            bases=["Model"],
        ),
    ]
