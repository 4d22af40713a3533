from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from catalogue.badges import Rarity


class Migration(migrations.Migration):
    dependencies = [("models", "0013_language")]

    initial = False

    operations = [
        ops.CreateModel(
            name="BadgeRarity",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("badge", fields.CharField(unique=True, max_length=64)),
                ("rarity", fields.CharEnumField(enum_type=Rarity, max_length=6)),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "badge_rarity", "app": "models"},
            bases=["Model"],
        ),
    ]
