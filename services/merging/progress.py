"""
Sums and counters of the survivor, counted again from what it has now; then levels, badges and challenges that the sum has earned.

The figures are those that `verify-points` expects (services/points/ledger_consistency.py, services/progress/counters.py). What the
merged figures earn is awarded with notices, as after any event. Rule: docs/rules/accounts.md#merging-points-badges-challenges.
"""

from datetime import datetime
from typing import Any

from catalogue.points import Category
from models.points import ProfileCounter, Score
from models.profiles import Profile
from models.transactions import require_transaction
from services.achievements import achievements
from services.core import change_feed
from services.merging.plan import Pair, StepPlan, TablePlan
from services.progress import counters, criteria
from services.progress.counters import Movement, Span
from services.progress.scores import COLUMNS, EPOCH, Sum, lock_scores, save_scores


async def plan(pair: Pair) -> StepPlan:
    """Count the rows that become one. Reads only."""
    own = await counters.counters_of(pair)
    source, survivor = own[pair.source].keys(), own[pair.survivor].keys()
    return StepPlan(
        [
            TablePlan("score", kept=1, combined=1),
            TablePlan(
                "profile_counter",
                kept=len(survivor),
                moved=len(source - survivor),
                combined=len(source & survivor),
            ),
        ]
    )


async def apply(pair: Pair, now: datetime) -> None:
    """
    Count again, and award every level and challenge that the merged figures fulfil and that neither profile had. After all steps that
    change what is counted. Requires a transaction, with both profiles locked.
    """
    require_transaction()
    await Score.filter(profile_id=pair.source).delete()
    names: Any = ProfileCounter.filter(profile_id=pair.survivor).values_list("name", flat=True)
    await ProfileCounter.filter(profile_id=pair.source, name__in=list(await names)).delete()
    await ProfileCounter.filter(profile_id=pair.source).update(profile_id=pair.survivor)
    people = await lock_scores([pair.survivor])
    survivor = people[pair.survivor]
    ledger = await counters.read_ledger([pair.survivor])
    sums = ledger[pair.survivor].sums
    survivor.overall = Sum(sums["overall"], sums["overall_reached"])
    survivor.sums = {category: _sum_of(sums, category) for category in COLUMNS}
    await save_scores([survivor])
    wrong = await counters.mismatches(ledger)
    await counters.overwrite({key: right for key, (_, right) in wrong.items()})
    figures = (await criteria.facts_of([pair.survivor]))[pair.survivor]
    # From 0: earlier steps have changed some counters, and awards that exist stay as they are.
    spans = {name: Span(0, number) for name, number in figures.items()}
    await achievements.evaluate_merged(Movement(pair.survivor, now, EPOCH, spans))


async def publish_boards(pair: Pair) -> None:
    """
    Tell every process that the source is gone from the boards and that the survivor has its points: by one entry of the change feed, so
    that no board shows both or neither. Call it in the last step, before the source's row is deleted. Requires a transaction.
    """
    require_transaction()
    source = await Profile.get(id=pair.source)
    await change_feed.publish_all([change_feed.profiles_merged(*pair, was_listed=source.listed)])


def _sum_of(sums: dict[str, int], category: Category) -> Sum:
    column = COLUMNS[category]
    return Sum(sums[column], sums[f"{column}_reached"])
