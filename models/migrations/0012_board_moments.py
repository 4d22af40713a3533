from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.moments import TransactionId


class Migration(migrations.Migration):
    dependencies = [("models", "0011_handles_without_logins")]

    initial = False

    operations = [
        ops.CreateModel(
            name="BoardMoment",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("at", fields.DatetimeField(unique=True, auto_now=False, auto_now_add=False)),
                ("seen", fields.TextField(unique=False)),
            ],
            options={"table": "board_moment", "app": "models"},
            bases=["Model"],
        ),
        ops.AddField(
            model_name="PointEntry",
            name="xid",
            field=fields.BigIntField(db_default=TransactionId()),
        ),
    ]
