"""
Rows that simply go, or lose a reference: those that models/ownership declares as `Deleted` or `Cleared`.

Accounts and the profile go last, in this order: a reference that was forgotten makes the database refuse, if it must not be lost.
"""

from collections.abc import Iterator
from typing import Final

from models import tables
from models.ownership import OWNERSHIP
from models.ownership.references import Owner, owner_of
from models.ownership.rules import Cleared, Deleted, Exported, Ownership
from models.statements import Statement, execute
from models.transactions import require_transaction
from services.deletion.plan import Going, TablePlan

_LAST: Final = (tables.Project, tables.Account, tables.Profile)
"""In this order, after all others: rows that must be deleted with a project are found by it."""
_IS_ONE_OF: Final = {
    Owner.ACCOUNT: "= ANY($1)",
    Owner.PROFILE: "= $2",
    Owner.PROJECT: "IN (SELECT id FROM project WHERE owner_id = $2)",
}

_GOING: Final = Statement(
    sqlite="(SELECT ?1 AS accounts, ?2 AS profile) going",
    postgres="(SELECT $1::bigint[] AS accounts, $2::bigint AS profile) going",
)
"""Names the types of both parameters, because a statement may use only one of them."""
_NONE: Final = "false"


async def plan(going: Going) -> list[TablePlan]:
    """Count the rows of each table that are deleted or cleared. One statement per table."""
    found = []
    for each in OWNERSHIP:
        gone, named = _condition(each, Deleted), _condition(each, Cleared)
        counted = Statement.of(f"""
            SELECT COUNT(CASE WHEN {gone} THEN 1 END) AS deleted,
                COUNT(CASE WHEN ({gone}) AND NOT ({_known(each)}) THEN 1 END) AS hidden,
                COUNT(CASE WHEN ({named}) AND NOT ({gone}) THEN 1 END) AS cleared
            FROM {each.table} JOIN {{going}} ON true WHERE ({gone}) OR ({named})
        """).put(going=_GOING)
        if gone != _NONE or named != _NONE:
            [row] = await execute(counted, list(going.account_ids), going.profile_id)
            found.append(TablePlan(each.table, deleted=row["deleted"], cleared=row["cleared"], hidden=row["hidden"]))
    return found


async def apply(going: Going) -> None:
    """Delete and clear the rows. Requires a transaction, with everything locked."""
    require_transaction()
    for each in _in_order():
        if (gone := _condition(each, Deleted)) != _NONE:
            await _run(f"DELETE FROM {each.table} WHERE {gone}", going)
        for rule in each.deletion:
            for column in rule.columns if isinstance(rule, Cleared) else ():
                named = f"{column} {_IS_ONE_OF[owner_of(each.model, column)]}"
                await _run(f"UPDATE {each.table} SET {column} = NULL WHERE {named}", going)


async def _run(text: str, going: Going) -> None:
    typed = Statement.of(f"WITH going AS (SELECT * FROM {{going}}) {text}").put(going=_GOING)
    await execute(typed, list(going.account_ids), going.profile_id)


def _in_order() -> Iterator[Ownership]:
    by_model = {each.model: each for each in OWNERSHIP}
    yield from (each for each in OWNERSHIP if each.model not in _LAST)
    yield from (by_model[each] for each in _LAST)


def _known(of: Ownership) -> str:
    """SQL condition: the person may know of a row that is deleted: as the owner whom the export names, or by another kind of reference."""
    if not isinstance(of.export, Exported):
        return "true"
    owner = owner_of(of.model, of.export.owner)
    columns = [column for rule in of.deletion if isinstance(rule, Deleted) for column in rule.columns]
    others = [column for column in columns if owner_of(of.model, column) is not owner]
    only = "".join(f" AND {column} = {str(value).lower()}" for column, value in of.export.where)
    own = f"({of.export.owner} {_IS_ONE_OF[owner]}{only})"
    return " OR ".join([own, *(f"{column} {_IS_ONE_OF[owner_of(of.model, column)]}" for column in others)])


def _condition(of: Ownership, kind: type[Deleted] | type[Cleared]) -> str:
    """SQL condition: one of the columns of the rules of this kind names what goes."""
    columns = [column for rule in of.deletion if isinstance(rule, kind) for column in rule.columns]
    return " OR ".join(f"{column} {_IS_ONE_OF[owner_of(of.model, column)]}" for column in columns) or _NONE
