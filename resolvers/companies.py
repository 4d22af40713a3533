"""Companies."""

from collections.abc import Sequence

from models.database import Statement
from resolvers.context import Context
from resolvers.order import Row, in_order
from resolvers.rows import columns

BY_ID = Statement.of("SELECT id, name FROM company WHERE id = ANY($1)")


@columns("id", "name", positional=True)
async def by_id(company_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Companies by number. SQL of its own: every list of people reads it."""
    database = context.database
    return in_order(company_ids, await database.fetch(BY_ID, database.keys(company_ids)), by="id")
