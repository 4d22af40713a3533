"""Accounts get the time of their last sign-in; for existing accounts it comes from the audit trail."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0023_merged_profiles")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Account",
            name="last_sign_in_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL(
            "UPDATE account SET last_sign_in_at = (SELECT MAX(e.at) FROM audit_entry e "
            "WHERE e.account_id = account.id AND e.action = 'sign-in' AND e.outcome = 'SUCCESS')",
            reverse_sql="UPDATE account SET last_sign_in_at = NULL",
        ),
    ]
