"""
The last step: the ids and handles of the source lead to the survivor, and the source is deleted.

Before, every column that models/ownership declares is searched for the source: whatever a step forgot must not be deleted with it.
Rule: docs/rules/accounts.md#merging-who-wins.
"""

from collections.abc import Iterator
from datetime import datetime

from models.merged_profiles import MergedProfile
from models.ownership import OWNERSHIP
from models.ownership.rules import Combined, Moved, Rebuilt
from models.profiles import Profile, ProfileHandle
from models.statements import Statement, execute
from models.transactions import require_transaction
from services.merging.plan import Pair, StepPlan, TablePlan
from services.merging.progress import publish_boards
from services.profiles import handles


async def plan(pair: Pair) -> StepPlan:
    """Count the earlier ids, and what is added: the source's id and handle. Index: merged_profile (profile_id)."""
    [row] = await execute(_COUNT, *pair)
    handle = (await Profile.get(id=pair.source)).handle
    noted = handle in await handles.owners_of_former([handle])
    return StepPlan(
        [
            TablePlan("merged_profile", kept=row["kept"], moved=row["moved"], added=1),
            TablePlan("profile_handle", added=0 if noted else 1),
        ]
    )


async def apply(pair: Pair, now: datetime) -> None:
    """
    Redirect ids and handles, delete the source, and tell the boards. Raises RuntimeError if a table still refers to the source.
    Requires a transaction, with both profiles locked.
    """
    require_transaction()
    source, survivor = pair
    await MergedProfile.filter(profile_id=source).update(profile_id=survivor)
    await MergedProfile.create(former_id=source, profile_id=survivor, merged_at=now)
    handle = (await Profile.get(id=source)).handle
    if handle not in await handles.owners_of_former([handle]):  # moved_rows.py has moved the earlier ones
        await ProfileHandle.create(handle=handle, profile_id=survivor, noted_at=now)
    await _check_nothing_left(source)
    await publish_boards(pair)
    await Profile.filter(id=source).delete()


async def _check_nothing_left(source: int) -> None:
    exists = "SELECT '{0}.{1}' AS place WHERE EXISTS (SELECT 1 FROM {0} WHERE {1} = $1)"
    searches = " UNION ALL ".join(exists.format(table, column) for table, column in _columns())
    if left := [row["place"] for row in await execute(Statement.of(searches), source)]:
        raise RuntimeError(f"Merging left references to the source in {', '.join(sorted(left))}.")


def _columns() -> Iterator[tuple[str, str]]:
    """The columns that refer to profiles, with their tables."""
    for each in OWNERSHIP:
        for rule in each.merge:
            if isinstance(rule, Moved | Rebuilt):
                columns: tuple[str, ...] = (rule.column,)
            else:
                columns = rule.columns if isinstance(rule, Combined) else ()
            yield from ((each.table, column) for column in columns if column != "account_id")


_COUNT = Statement.of("""
    SELECT COUNT(CASE WHEN profile_id = $2 THEN 1 END) AS kept, COUNT(CASE WHEN profile_id = $1 THEN 1 END) AS moved
    FROM merged_profile WHERE profile_id IN ($1, $2)
""")
