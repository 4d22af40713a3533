"""Progress of a profile towards a criterion (catalogue/criteria.py), and the criteria that a change may have met."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping
from typing import Any, Generic, TypeVar

from catalogue.criteria import LEVEL, POINTS, POINTS_OF, Condition, Criterion
from catalogue.points import level_of
from models.points import Score
from services.progress import counters
from services.progress.counters import Movement
from services.progress.scores import COLUMNS

Facts = Mapping[str, int]
"""Figures of a profile by name; a missing one is 0."""
Key = TypeVar("Key", bound=Hashable)
WHOLE = 100


def current_value(condition: Condition, facts: Facts) -> int:
    """Return the sum of what the condition counts: 0 or more."""
    names = condition.names
    counted = facts.get(names[0], 0) if len(names) == 1 else sum(facts.get(name, 0) for name in names)
    return max(0, counted)


def is_met(criterion: Criterion, facts: Facts) -> bool:
    """True if all conditions are met."""
    return all(current_value(condition, facts) >= condition.at_least for condition in criterion.conditions)


def percent_of(criterion: Criterion, facts: Facts) -> int:
    """
    Return the progress in whole percent, rounded down: the mean over the conditions, each at most 100 %.

    100 exactly if the criterion is met; never decreases when a figure grows.
    """
    if len(criterion.conditions) == 1:  # the usual case
        [only] = criterion.conditions
        return min(current_value(only, facts), only.at_least) * WHOLE // only.at_least
    if is_met(criterion, facts):
        return WHOLE
    # Fractions over a common denominator: rounding must not add up to 100 %.
    whole = 1
    for condition in criterion.conditions:
        whole *= condition.at_least
    done = sum(
        min(current_value(condition, facts), condition.at_least) * (whole // condition.at_least)
        for condition in criterion.conditions
    )
    return done * WHOLE // (whole * len(criterion.conditions))


def remaining_count(criterion: Criterion, facts: Facts) -> int:
    """Return how many events, points, connections … are still needed, over all conditions."""
    return sum(max(0, each.at_least - current_value(each, facts)) for each in criterion.conditions)


async def facts_of(profile_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return the figures that criteria use, by profile. Two statements."""
    counted = await counters.counters_of(profile_ids)
    facts = {profile_id: {name: count.times for name, count in own.items()} for profile_id, own in counted.items()}
    rows: Any = Score.filter(profile_id__in=list(facts)).values("profile_id", "overall", *COLUMNS.values())
    for row in await rows if facts else ():
        own = facts[row["profile_id"]]
        own[POINTS], own[LEVEL] = row["overall"], level_of(row["overall"])
        own.update((POINTS_OF[category], row[column]) for category, column in COLUMNS.items())
    return facts


class CriteriaIndex(Generic[Key]):
    """Finds the criteria that a movement may have met, without reading the database. Built once."""

    def __init__(self, criteria: Mapping[Key, Criterion]) -> None:
        self.criteria = criteria
        # Per figure the thresholds that it can cross; a condition on a sum may be met by the growth of any part.
        self._thresholds: defaultdict[str, list[tuple[int, Key]]] = defaultdict(list)
        self._parts: defaultdict[str, list[Key]] = defaultdict(list)
        for key, criterion in criteria.items():
            for condition in criterion.conditions:
                if len(condition.names) == 1:
                    self._thresholds[condition.names[0]].append((condition.at_least, key))
                for name in condition.names if len(condition.names) > 1 else ():
                    self._parts[name].append(key)

    def touched(self, movement: Movement) -> set[Key]:
        """Return the criteria with a condition that may be newly met; no other criterion can be."""
        found: set[Key] = set()
        for name, (before, after) in movement.figures.items():
            if after > before:
                found.update(key for at_least, key in self._thresholds.get(name, ()) if before < at_least <= after)
                found.update(self._parts.get(name, ()))
        return found

    def fulfilled(self, movement: Movement, facts: Facts) -> set[Key]:
        """Return the criteria that are met by the current `facts` and were not before the movement."""
        touched = self.touched(movement)
        if not touched:
            return touched
        before = {**facts, **{name: span.before for name, span in movement.figures.items()}}
        return {key for key in touched if is_met(self.criteria[key], facts) and not is_met(self.criteria[key], before)}
