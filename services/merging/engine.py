"""
Merge one profile into another: the steps, their order, and the locks.

models/ownership declares what happens to each table; each `Combined` or `Rebuilt` rule names the module here that does it. A step
has two functions: `plan(pair)` reads what it would do and changes nothing; `apply(pair, now)` does it. Everything happens in
one transaction of the caller. Rule: docs/rules/accounts.md#merging.
"""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson
from tortoise.transactions import in_transaction

from models.accounts import Account
from models.profiles import Profile
from models.transactions import require_transaction
from services.core import clock
from services.core.audit import OPERATOR, Actor
from services.merging import (
    accounts,
    badges,
    challenges,
    connections,
    expected,
    former_ids,
    invites,
    moved_rows,
    points,
    profile_fields,
    progress,
    projects,
    referrals,
    tshirts,
)
from services.merging.plan import Compensation, FieldPlan, Pair, StepPlan, TablePlan
from services.profiles import profile_changes
from services.progress.scores import lock_score_rows


class Step(Protocol):
    """A module of this folder that merges some tables."""

    async def plan(self, pair: Pair) -> StepPlan:
        """Return what the step would do. Changes nothing."""
        ...

    async def apply(self, pair: Pair, now: datetime) -> None:
        """Do it, inside the transaction of the merge, with both profiles locked."""
        ...


STEPS: Sequence[Step] = (
    accounts,
    moved_rows,
    profile_fields,
    points,
    connections,
    projects,
    invites,
    referrals,
    tshirts,
    challenges,
    badges,
    progress,
    former_ids,
)
"""
In this order. The steps that add entries to the ledger come before `badges` and `progress`, which count what is there; `former_ids`
comes last and deletes the source.
"""
AFFECTING_OTHERS = (connections, projects)
"""Steps that write rows of third people: `affected(pair)` returns their profile ids."""


@dataclass(frozen=True)
class MergePlan:
    """What a merge does, from all steps."""

    tables: Sequence[TablePlan]
    fields: Sequence[FieldPlan]
    compensations: Sequence[Compensation]

    @property
    def hash(self) -> str:
        """A digest of the whole plan: another one means that the merge would do something else."""
        return hashlib.sha256(orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


@dataclass(frozen=True)
class MergeResult:
    """What the caller does after the commit: `services.media.image_cleanup.discard(pictures)` deletes files that no one uses any more."""

    pictures: Sequence[str]


async def plan(pair: Pair) -> MergePlan:
    """Return what merging would do now. Reads only. Two profiles that are one, or do not exist, are the caller's mistake."""
    parts = [await step.plan(pair) for step in STEPS]
    compensations = [each for part in parts for each in part.compensations]
    parts.append(await expected.earned(pair, [each for part in parts for each in part.tables], compensations))
    return MergePlan(
        tables=_by_table(each for part in parts for each in part.tables),
        fields=[each for part in parts for each in part.fields],
        compensations=compensations,
    )


def _by_table(plans: Iterable[TablePlan]) -> list[TablePlan]:
    """One plan for each table, in order of name: several steps may add rows to one."""
    found: dict[str, TablePlan] = {}
    for each in plans:
        before = asdict(found.get(each.table, TablePlan(each.table)))
        found[each.table] = TablePlan(
            **{name: value if name == "table" else value + before[name] for name, value in asdict(each).items()}
        )
    return [found[table] for table in sorted(found)]


async def lock(pair: Pair) -> bool:
    """
    Lock everything of both profiles until the transaction ends; returns False if one of them does not exist (any more).

    Accounts first, as those lock them who deactivate a member, and weakly, so that rows may refer to them: a call with an idempotency
    key has such a row when it waits for a score row. Then score rows in order of id, as every writer does, with those of the third
    people whose rows change; then profiles. Requires a transaction.
    """
    require_transaction()
    while not await _lock_rows(pair):
        pass
    found = await Profile.filter(id__in=pair).order_by("id").select_for_update()
    return len(found) == len(set(pair)) == len(pair)


async def _lock_rows(pair: Pair) -> bool:
    """Return False, with nothing locked, if further accounts or people became affected before the rows were locked: try again."""
    others = await _affected(pair)
    with suppress(_MoreAffected):
        async with in_transaction():  # a savepoint: rolling back to it gives the locks back
            accounts = await Account.filter(profile_id__in=pair).order_by("id").select_for_update(no_key=True)
            await lock_score_rows({*pair, *others})
            await _require_none_but(others, {each.id for each in accounts}, pair)
        return True
    return False


async def _require_none_but(others: set[int], accounts: set[int], pair: Pair) -> None:
    now: Any = Account.filter(profile_id__in=pair).values_list("id", flat=True)
    if set(await now) - accounts or await _affected(pair) - others:
        raise _MoreAffected


async def _affected(pair: Pair) -> set[int]:
    return {number for step in AFFECTING_OTHERS for number in await step.affected(pair)}


class _MoreAffected(Exception):
    """Rolls the savepoint back. After the locks no one else can become affected: a writer of such rows locks one of the two."""


async def merge(pair: Pair, *, actor: Actor = OPERATOR) -> MergeResult:
    """Do all steps. `actor` made the changes of the survivor's data. Requires a transaction, after `lock` returned True."""
    require_transaction()
    now = clock.now()
    pictures = await profile_fields.superseded_pictures(pair)
    before = await profile_changes.read_values(pair.survivor)
    for step in STEPS:
        await step.apply(pair, now)
    after = await profile_changes.read_values(pair.survivor)
    await profile_changes.record_differences(pair.survivor, before, after, actor=actor)
    return MergeResult(pictures)
