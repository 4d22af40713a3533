"""What the last steps will find once all others are done: the merged figures, and what they earn. Reads only."""

from collections.abc import Iterable, Sequence

from catalogue.challenges import CHALLENGES
from catalogue.criteria import CONNECTIONS, LEVEL, POINTS, POINTS_OF
from catalogue.points import level_of
from models.accounts import Account, AccountStatus
from models.badges import BadgeAward
from models.challenges import ChallengeCompletion
from services.achievements import badges, challenge_windows
from services.core import clock
from services.merging import invites, points, referrals
from services.merging.plan import Compensation, Pair, StepPlan, TablePlan
from services.progress import criteria


async def facts(pair: Pair, tables: Iterable[TablePlan], compensations: Iterable[Compensation]) -> dict[str, int]:
    """
    Return the figures of the merged profile by the names of catalogue/criteria.py: those of both, without what is taken back.
    `tables`, `compensations`: what all steps plan. Two statements.
    """
    source, survivor = (await criteria.facts_of(pair)).values()
    merged = {name: source.get(name, 0) + survivor.get(name, 0) for name in {*source, *survivor}}
    for each in compensations:
        merged[each.activity] = merged.get(each.activity, 0) - each.entries
        for name in (POINTS, POINTS_OF[each.category]):
            merged[name] -= each.points
    merged[LEVEL] = level_of(merged[POINTS])
    for table in tables:
        if table.table == "connection":
            merged[CONNECTIONS] = table.kept + table.moved + table.added
    return merged


async def new_levels(pair: Pair, merged: criteria.Facts) -> list[tuple[str, int]]:
    """Return the levels of badges that the merged figures earn and neither profile ever had; none for an inactive person."""
    if not await _is_active(pair):
        return []
    had = set(await BadgeAward.filter(profile_id__in=pair).values_list("badge", "level"))
    earned = [(each.badge, each.level) for each in badges.earned(pair.survivor, merged, clock.now())]
    return [each for each in earned if each not in had]


async def new_challenges(pair: Pair, merged: criteria.Facts) -> list[str]:
    """Return the challenges that both completed together and neither alone, in the catalogue's order."""
    had = set(await _completed(pair))
    missing = [each for code, each in CHALLENGES.items() if code not in had]
    windowed = [each for each in missing if each.windowed]
    inside = await challenge_windows.figures(pair, windowed, without=await _taken_back(pair))
    return [
        each.code
        for each in missing
        if criteria.is_met(each.whole, _sum(inside[one, each.code] for one in pair) if each.windowed else merged)
    ]


async def earned(pair: Pair, tables: Sequence[TablePlan], compensations: Sequence[Compensation]) -> StepPlan:
    """Count the rows that `progress` adds to the tables of other steps."""
    merged = await facts(pair, tables, compensations)
    return StepPlan(
        [
            TablePlan("badge_award", added=len(await new_levels(pair, merged))),
            TablePlan("challenge_completion", added=len(await new_challenges(pair, merged))),
        ]
    )


async def _taken_back(pair: Pair) -> list[int]:
    return [entry for step in (points, invites, referrals) for entry in await step.taken_back(pair)]


async def _completed(pair: Pair) -> Sequence[str]:
    return await ChallengeCompletion.filter(profile_id__in=pair).values_list("challenge", flat=True)  # type: ignore[return-value]


async def _is_active(pair: Pair) -> bool:
    """As services/profiles/profiles.py decides it, from the accounts of both."""
    accounts = Account.filter(profile_id__in=pair)
    return await accounts.filter(status=AccountStatus.ACTIVE).exists() or not await accounts.exists()


def _sum(parts: Iterable[criteria.Facts]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for name, number in part.items():
            total[name] = total.get(name, 0) + number
    return total
