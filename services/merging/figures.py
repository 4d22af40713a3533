"""What two profiles have, and what the merged one will have: for the preview. Rule: docs/rules/accounts.md#merging-preview."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from catalogue.criteria import LEVEL, POINTS, POINTS_OF
from catalogue.points import ACTIVITIES, Category, CertificationLevel
from models.badges import BadgeAward
from models.challenges import ChallengeCompletion
from services.merging import expected
from services.merging.engine import MergePlan
from services.merging.plan import Pair
from services.progress import criteria


@dataclass(frozen=True)
class Figures:
    """
    What one profile has. Points are sums of the ledger: they can be below 0, and are then displayed as 0. `badges`: badges with a
    valid level. `challenges`: codes of the completed ones. `certifications`: levels passed, lowest first.
    """

    points: Mapping[Category, int]
    overall: int
    level: int
    badges: int
    challenges: tuple[str, ...]
    certifications: tuple[CertificationLevel, ...]
    academy_units: int
    learning_paths: int


@dataclass(frozen=True)
class MergeFigures:
    """The figures of both profiles, and of the survivor after the merge."""

    source: Figures
    survivor: Figures
    merged: Figures


async def figures(pair: Pair, plan: MergePlan) -> MergeFigures:
    """Return the figures of both, and those that merging by this plan gives. Reads only; about ten statements."""
    facts = await criteria.facts_of(pair)
    merged = await expected.facts(pair, plan.tables, plan.compensations)
    valid: Any = BadgeAward.filter(profile_id__in=pair, revoked_at=None).values_list("profile_id", "badge")
    badges = _by_profile(await valid, pair)
    completed: Any = ChallengeCompletion.filter(profile_id__in=pair).values_list("profile_id", "challenge")
    challenges = _by_profile(await completed, pair)
    source, survivor = (_figures(facts[each], badges[each], challenges[each]) for each in pair)
    new_badges = {badge for badge, _ in await expected.new_levels(pair, merged)}
    new_challenges = await expected.new_challenges(pair, merged)
    return MergeFigures(
        source,
        survivor,
        merged=_figures(
            merged,
            badges[pair.source] | badges[pair.survivor] | new_badges,
            challenges[pair.source].union(challenges[pair.survivor], new_challenges),
        ),
    )


def _by_profile(rows: Collection[tuple[int, str]], pair: Pair) -> dict[int, set[str]]:
    return {each: {code for profile_id, code in rows if profile_id == each} for each in pair}


def _figures(facts: criteria.Facts, badges: Collection[str], challenges: Collection[str]) -> Figures:
    passed = {each.certification for each in ACTIVITIES.values() if each.certification and facts.get(each.code, 0) > 0}
    return Figures(
        points={category: facts.get(name, 0) for category, name in POINTS_OF.items()},
        overall=facts.get(POINTS, 0),
        level=facts.get(LEVEL, 0),
        badges=len(badges),
        challenges=tuple(sorted(challenges)),
        certifications=tuple(level for level in CertificationLevel if level in passed),
        academy_units=max(0, facts.get("ACADEMY_UNIT_COMPLETED", 0)),
        learning_paths=max(0, facts.get("LEARNING_PATH_COMPLETED", 0)),
    )
