"""Entries of the audit trail about new backup codes get the name that the action has now."""

from tortoise import migrations
from tortoise.migrations import operations as ops

BEFORE, AFTER = "second-factor.backup-codes-renewed", "second-factor.backup-codes-made"


class Migration(migrations.Migration):
    dependencies = [("models", "0014_badge_rarity")]

    initial = False

    operations = [
        ops.RunSQL(
            f"UPDATE audit_entry SET action = '{AFTER}' WHERE action = '{BEFORE}'",
            reverse_sql=f"UPDATE audit_entry SET action = '{BEFORE}' WHERE action = '{AFTER}'",
        ),
    ]
