"""Two profiles of one person, to be merged."""

from dataclasses import dataclass
from typing import Any

from tortoise.transactions import in_transaction

from models.accounts import Account
from models.profiles import Profile
from services.merging import engine
from services.merging.engine import MergePlan, MergeResult
from services.merging.plan import Pair, TablePlan
from tests.helpers.factories import make_person


@dataclass(frozen=True)
class Two:
    """An account of the source and one of the survivor, as they were made, and the ids of both profiles."""

    source: Account
    survivor: Account
    pair: Pair


async def make_two(source: dict[str, Any] | None = None, survivor: dict[str, Any] | None = None) -> Two:
    """Two people with an account each; `source` and `survivor` go to `make_person`."""
    gone = await make_person(**{"name": "Ada Old", **(source or {})})
    kept = await make_person(**{"name": "Ada New", **(survivor or {})})
    return Two(gone, kept, Pair(gone.own_profile_id, kept.own_profile_id))


async def merge(pair: Pair) -> MergeResult:
    """Merge as an operation does: lock and merge in one transaction."""
    async with in_transaction():
        assert await engine.lock(pair)
        return await engine.merge(pair)


async def plan_of(pair: Pair) -> MergePlan:
    """What merging would do now."""
    return await engine.plan(pair)


def of_table(plan: MergePlan, table: str) -> TablePlan:
    """What a plan says about one table."""
    [found] = [each for each in plan.tables if each.table == table]
    return found


async def profile_of(profile_id: int) -> Profile:
    """The row of a profile."""
    return await Profile.get(id=profile_id)
