"""How far a profile is with a criterion (catalogue/criteria.py), and which criteria an act may have fulfilled."""

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
"""The figures of a profile by their names; a missing one is 0."""
Key = TypeVar("Key", bound=Hashable)
WHOLE = 100


def reached(condition: Condition, facts: Facts) -> int:
    """What the condition counts, as it stands: 0 or more."""
    names = condition.names
    counted = facts.get(names[0], 0) if len(names) == 1 else sum(facts.get(name, 0) for name in names)
    return max(0, counted)


def holds(criterion: Criterion, facts: Facts) -> bool:
    """Whether all conditions hold."""
    return all(reached(condition, facts) >= condition.at_least for condition in criterion.conditions)


def progress(criterion: Criterion, facts: Facts) -> int:
    """
    Whole percent of the way, rounded down: the mean of the conditions' own ways, each counted up to its end.

    100 exactly when the criterion holds; never less when a figure grows.
    """
    if len(criterion.conditions) == 1:  # most are so
        [only] = criterion.conditions
        return min(reached(only, facts), only.at_least) * WHOLE // only.at_least
    if holds(criterion, facts):
        return WHOLE
    # Shares of the conditions over one denominator, so that no rounding adds up to a whole.
    whole = 1
    for condition in criterion.conditions:
        whole *= condition.at_least
    way = sum(
        min(reached(condition, facts), condition.at_least) * (whole // condition.at_least)
        for condition in criterion.conditions
    )
    return way * WHOLE // (whole * len(criterion.conditions))


def missing(criterion: Criterion, facts: Facts) -> int:
    """How many events, points, connections … it still takes, all conditions together."""
    return sum(max(0, each.at_least - reached(each, facts)) for each in criterion.conditions)


async def facts_of(profile_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """The figures that criteria go by, of each of these profiles. Two statements."""
    counted = await counters.of(profile_ids)
    facts = {profile_id: {name: count.times for name, count in own.items()} for profile_id, own in counted.items()}
    rows: Any = Score.filter(profile_id__in=list(facts)).values("profile_id", "overall", *COLUMNS.values())
    for row in await rows if facts else ():
        own = facts[row["profile_id"]]
        own[POINTS], own[LEVEL] = row["overall"], level_of(row["overall"])
        own.update((POINTS_OF[category], row[column]) for category, column in COLUMNS.items())
    return facts


class Watch(Generic[Key]):
    """Finds, without reading anything, which of many criteria an act may have fulfilled. Built once."""

    def __init__(self, criteria: Mapping[Key, Criterion]) -> None:
        self.criteria = criteria
        # Of each figure the ends that it can cross; of a sum, any part's growth may be what crosses its end.
        self._ends: defaultdict[str, list[tuple[int, Key]]] = defaultdict(list)
        self._parts: defaultdict[str, list[Key]] = defaultdict(list)
        for key, criterion in criteria.items():
            for condition in criterion.conditions:
                if len(condition.names) == 1:
                    self._ends[condition.names[0]].append((condition.at_least, key))
                for name in condition.names if len(condition.names) > 1 else ():
                    self._parts[name].append(key)

    def touched(self, movement: Movement) -> set[Key]:
        """Criteria of which a condition may have begun to hold; a criterion that is not among them has not."""
        found: set[Key] = set()
        for name, (before, after) in movement.figures.items():
            if after > before:
                found.update(key for at_least, key in self._ends.get(name, ()) if before < at_least <= after)
                found.update(self._parts.get(name, ()))
        return found

    def fulfilled(self, movement: Movement, facts: Facts) -> set[Key]:
        """Criteria that hold now, by the facts as they are now, and did not before the act."""
        touched = self.touched(movement)
        if not touched:
            return touched
        before = {**facts, **{name: span.before for name, span in movement.figures.items()}}
        return {key for key in touched if holds(self.criteria[key], facts) and not holds(self.criteria[key], before)}
