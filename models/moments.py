"""Moments of pinned boards, and the transaction that wrote a row."""

from tortoise import fields
from tortoise.fields.db_defaults import SqlDefault
from tortoise.models import Model


class TransactionId(SqlDefault):
    """Column default: PostgreSQL's id of the transaction that writes the row; 0 on SQLite, which has no such id."""

    def __init__(self) -> None:
        super().__init__("0")

    def get_sql(self, _context: object = None, dialect: str | None = None) -> str:
        """See SqlDefault."""
        return "(pg_current_xact_id()::text::bigint)" if dialect == "postgres" else self.sql


class BoardMoment(Model):
    """
    Which transactions belong to a moment: those that had ended in the snapshot `seen`. Shared by all processes; written
    by the first process that needs the moment. PostgreSQL only; stored for some hours.
    """

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField(unique=True, description="The moment (UTC), as `asOf` names it.")
    seen = fields.TextField(description="A pg_snapshot.")

    class Meta:
        table = "board_moment"
