"""
Criteria as data: what has to be counted, and how often, for a badge's level or a step of a challenge.

In a catalogue file a criterion is a table from what is counted to how many it takes at least; all of them have to hold:
`{ ANSWER_ACCEPTED = 10, "POINTS:FORUM" = 500 }`. What can be counted:

- the code of an activity: its events that happened, less the reversed ones; several joined by `+` are summed
- `POINTS`, or `POINTS:` and a category: the sum of points
- `LEVEL`: the level that all points give
- `CONNECTIONS`, `PROJECTS`: connections, and projects in the portfolio
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from catalogue.points import ACTIVITIES, LEVELS, Category

POINTS: Final = "POINTS"
LEVEL: Final = "LEVEL"
CONNECTIONS: Final = "CONNECTIONS"
PROJECTS: Final = "PROJECTS"
POINTS_OF: Final = {category: f"{POINTS}:{category.value}" for category in Category}
"""The name of each category's sum."""
OTHERS: Final = frozenset({POINTS, LEVEL, CONNECTIONS, PROJECTS, *POINTS_OF.values()})


class BadCatalogue(ValueError):
    """A file of the catalogue holds what makes no sense; the message says where."""


@dataclass(frozen=True)
class Condition:
    """That what these names count comes, summed, to `at_least`."""

    names: tuple[str, ...]
    at_least: int

    @property
    def text(self) -> str:
        """What it takes, as an English phrase: `Publish an app: 5 times`."""
        [name, *more] = self.names
        number = f"{self.at_least:,}"
        if name == POINTS:
            return f"Reach {number} points"
        if name == LEVEL:
            return f"Reach level {number}"
        if name == CONNECTIONS:
            return f"Have {number} {'connection' if self.at_least == 1 else 'connections'}"
        if name == PROJECTS:
            return f"Have {number} {'project' if self.at_least == 1 else 'projects'} in your portfolio"
        if name in OTHERS:
            return f"Reach {number} points in {name.partition(':')[2].replace('_', ' ').title()}"
        titles = [ACTIVITIES[each].title.rstrip("!") for each in (name, *more)]
        times = "once" if self.at_least == 1 else f"{number} times"
        return f"{' / '.join(titles)}: {times}{' in all' if more and self.at_least > 1 else ''}"


@dataclass(frozen=True)
class Criterion:
    """Conditions that all have to hold."""

    conditions: tuple[Condition, ...]

    @property
    def text(self) -> str:
        """What it takes, as one English sentence."""
        return f"{'; '.join(condition.text for condition in self.conditions)}."

    def implies(self, other: "Criterion") -> bool:
        """Whether whoever fulfils this one fulfils the other too."""
        own = {condition.names: condition.at_least for condition in self.conditions}
        return all(own.get(each.names, 0) >= each.at_least for each in other.conditions)


def criterion_of(table: Mapping[str, int], where: str) -> Criterion:
    """Read a criterion of a catalogue file; `where` names it in complaints. Raises BadCatalogue."""
    if not isinstance(table, Mapping) or not table:
        raise BadCatalogue(f"{where}: a criterion is a table from what is counted to how many it takes.")
    return Criterion(tuple(_condition(names, at_least, where) for names, at_least in table.items()))


def _condition(text: str, at_least: int, where: str) -> Condition:
    names = tuple(text.split("+"))
    for name in names:
        if name not in ACTIVITIES and name not in OTHERS:
            raise BadCatalogue(f"{where}: {name!r} is neither an activity nor anything else that is counted.")
    if len(set(names)) < len(names) or (len(names) > 1 and OTHERS & set(names)):
        raise BadCatalogue(f"{where}: {text!r} sums what is no activity, or one activity twice.")
    if type(at_least) is not int or at_least < 1:
        raise BadCatalogue(f"{where}: {text!r} takes {at_least!r}, not a whole number from 1 on.")
    if names == (LEVEL,) and at_least > len(LEVELS):
        raise BadCatalogue(f"{where}: there is no level {at_least}.")
    if all(name in ACTIVITIES and ACTIVITIES[name].once for name in names) and at_least > len(names):
        raise BadCatalogue(f"{where}: {text!r} is given once in a life and cannot come to {at_least}.")
    return Condition(names, at_least)
