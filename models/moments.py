"""Moments that pinned boards are of, and by which transaction a row was written."""

from tortoise import fields
from tortoise.fields.db_defaults import SqlDefault
from tortoise.models import Model


class TransactionId(SqlDefault):
    """Default of a column: PostgreSQL's id of the transaction that writes the row; 0 on SQLite, which has none."""

    def __init__(self) -> None:
        super().__init__("0")

    def get_sql(self, _context: object = None, dialect: str | None = None) -> str:
        """See SqlDefault."""
        return "(pg_current_xact_id()::text::bigint)" if dialect == "postgres" else self.sql


class BoardMoment(Model):
    """
    Which transactions belong to a moment, for all processes: those that were over in the snapshot `seen`. The first
    process that is asked for the moment writes it. PostgreSQL only; kept for some hours.
    """

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField(unique=True, description="The moment (UTC), as `asOf` names it.")
    seen = fields.TextField(description="A pg_snapshot.")

    class Meta:
        table = "board_moment"
