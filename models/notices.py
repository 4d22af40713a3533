"""The change feed: one row per change, polled by every process at least once a second."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Notice(Model):
    """
    One row of the change feed. Written in the transaction of the change, so that a rolled back change is never
    announced. Stored for some hours: a process that has not polled for longer must reload everything.

    `xid` is PostgreSQL's transaction id, 0 on SQLite: ids are in the order of writing, not of committing, so a reader
    that compares ids alone would miss the row of a slow writer. No foreign keys: rows may outlive the profile.
    """

    id = fields.BigIntField(primary_key=True)
    xid = fields.BigIntField(default=0, db_index=True)
    topic = fields.CharField(max_length=24, description="Value of Topic in services/core/change_feed.py.")
    profile_id = fields.BigIntField(null=True, description="Profile to notify; null: not about one person.")
    facts: Any = fields.JSONField(default=dict)
    at = fields.DatetimeField(db_index=True, description="When it happened (UTC).")

    class Meta:
        table = "notice"
        indexes = (Index(fields=["profile_id", "id"]),)
