"""A sign-up names the session that it belongs to without a foreign key, so that ending a session never waits for a sign-up."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0030_merged_referral_codes")]

    initial = False

    # Sign-ups of sessions are begun again: without their session they cannot be verified.
    operations = [
        ops.RemoveField(model_name="SignUp", name="session"),
        ops.AddField(
            model_name="SignUp",
            name="session_id",
            field=fields.BigIntField(null=True, db_index=True),
        ),
    ]
