"""Entries of the audit trail that a caller without a credential caused have the origin ANONYMOUS."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.audit import Origin

BEFORE, AFTER = "NOBODY", "ANONYMOUS"


class Migration(migrations.Migration):
    dependencies = [("models", "0015_audit_actions")]

    initial = False

    operations = [
        ops.AlterField(
            model_name="AuditEntry",
            name="origin",
            field=fields.CharEnumField(enum_type=Origin, max_length=12),
        ),
        ops.RunSQL(
            f"UPDATE audit_entry SET origin = '{AFTER}' WHERE origin = '{BEFORE}'",
            reverse_sql=f"UPDATE audit_entry SET origin = '{BEFORE}' WHERE origin = '{AFTER}'",
        ),
    ]
