from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0027_former_owner")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="AuditEntry",
            index=Index(fields=["actor_id"]),
        ),
        ops.AddField(
            model_name="OutboxMessage",
            name="about_profile_id",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="OutboxMessage",
            name="account_id",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="OutboxMessage",
            name="recipient",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
    ]
