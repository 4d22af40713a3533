from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0026_sign_up_session")]

    initial = False

    operations = [
        ops.AddField(
            model_name="PointEntry",
            name="former_id",
            field=fields.BigIntField(null=True),
        ),
    ]
