from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0009_profile_handles")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RevokedCredential",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("place", fields.BigIntField(unique=True)),
                ("credential", fields.CharField(unique=True, max_length=32)),
                ("revoked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "revoked_credential", "app": "models"},
            bases=["Model"],
        ),
        # Awards that were revoked before there were lists keep their place in one: their id.
        ops.RunSQL(
            "INSERT INTO revoked_credential (place, credential, revoked_at)"
            " SELECT id, credential, revoked_at FROM badge_award WHERE revoked_at IS NOT NULL"
        ),
        ops.RemoveIndex(
            model_name="BadgeAward",
            name=None,
            fields=["revoked_at", "credential"],
        ),
    ]
