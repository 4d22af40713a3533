"""What processes tell each other: a row for each thing that happened, read by every process once a second or sooner."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class Notice(Model):
    """
    Written in the transaction of what it tells, so that nobody hears of what was rolled back. Kept for some hours:
    whoever slept longer reads everything anew.

    `xid` is PostgreSQL's transaction id, 0 on SQLite: ids come in the order of writing, not of committing, and a reader
    that goes by ids alone would miss a slow writer's row. Without a foreign key: it may outlive its profile.
    """

    id = fields.BigIntField(primary_key=True)
    xid = fields.BigIntField(default=0, db_index=True)
    topic = fields.CharField(max_length=24, description="services/core/change_feed.py names them.")
    profile_id = fields.BigIntField(null=True, description="Whom it is for; null: whoever is interested.")
    facts: Any = fields.JSONField(default=dict)
    at = fields.DatetimeField(db_index=True, description="When it happened (UTC).")

    class Meta:
        table = "notice"
