"""
Criteria as data: the counts that a badge level or a step of a challenge requires.

In a catalogue file, a criterion is a table from names to minimum counts, all of which must be reached:
`{ ANSWER_ACCEPTED = 10, "POINTS:FORUM" = 500 }`. The names are:

- the code of an activity: number of its events without reversed ones; several codes joined by `+` are summed
- `POINTS`, or `POINTS:` and a category: sum of points
- `LEVEL`: level for the total points
- `CONNECTIONS`, `PROJECTS`: number of connections, and of projects in the portfolio
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from catalogue.languages import Text, current_language, translate
from catalogue.points import ACTIVITIES, LEVELS, Category

POINTS: Final = "POINTS"
LEVEL: Final = "LEVEL"
CONNECTIONS: Final = "CONNECTIONS"
PROJECTS: Final = "PROJECTS"
POINTS_OF: Final = {category: f"{POINTS}:{category.value}" for category in Category}
"""Name of each category's sum of points."""
_CATEGORIES: Final = {
    POINTS_OF[Category.FORUM]: Text("Forum"),
    POINTS_OF[Category.APP_STORE]: Text("App Store"),
    POINTS_OF[Category.PLATFORM]: Text("Platform"),
    POINTS_OF[Category.COMMUNITY]: Text("Community"),
    POINTS_OF[Category.LEARNING]: Text("Learning"),
}
OTHERS: Final = frozenset({POINTS, LEVEL, CONNECTIONS, PROJECTS, *POINTS_OF.values()})

_PHRASES: Final = {
    POINTS: ("", "Reach {number:,} points"),
    LEVEL: ("", "Reach level {number}"),
    CONNECTIONS: ("Have 1 connection", "Have {number:,} connections"),
    PROJECTS: ("Have 1 project in your portfolio", "Have {number:,} projects in your portfolio"),
}
"""Texts of a condition: for the number one, if it has its own text, and for any number."""


class BadCatalogue(ValueError):
    """A file of the catalogue contains a mistake; the message says where."""


@dataclass(frozen=True)
class Condition:
    """The sum of the counts of these names must be at least `at_least`."""

    names: tuple[str, ...]
    at_least: int

    @cached_property
    def text(self) -> Text:
        """Return the condition as a phrase: `Publish an app: 5 times`."""
        [name, *_], number = self.names, self.at_least
        if name in ACTIVITIES:
            return self._of_activities
        if name in _CATEGORIES:
            return Text("Reach {number:,} points in {category}", number=number, category=_CATEGORIES[name])
        one, many = _PHRASES[name]
        return Text(one) if number == 1 and one else Text(many, number=number)

    @property
    def _of_activities(self) -> Text:
        titles = {f"title{place}": Text(ACTIVITIES[each].title.rstrip("!")) for place, each in enumerate(self.names)}
        what = Text(" / ".join(f"{{{each}}}" for each in titles), **titles)
        if self.at_least == 1:
            return Text("{what}: once", what=what)
        if len(titles) > 1:
            return Text("{what}: {number:,} times in all", what=what, number=self.at_least)
        return Text("{what}: {number:,} times", what=what, number=self.at_least)


@dataclass(frozen=True)
class Criterion:
    """Conditions, all of which must hold."""

    conditions: tuple[Condition, ...]

    @cached_property
    def text(self) -> str:
        """Return the criterion as one English sentence."""
        return f"{'; '.join(condition.text for condition in self.conditions)}."

    @property
    def translated(self) -> str:
        """Return the criterion as one sentence in the current language."""
        language = current_language()
        sentence = self._sentences.get(language)
        if sentence is None:
            sentence = self._sentences[language] = (
                f"{'; '.join(translate(each.text, language) for each in self.conditions)}."
            )
        return sentence

    @cached_property
    def _sentences(self) -> dict[str, str]:
        """Sentences by language, as a cache: a catalogue has about 200 criteria."""
        return {}

    def implies(self, other: "Criterion") -> bool:
        """Return True if everyone who meets this criterion also meets the other."""
        own = {condition.names: condition.at_least for condition in self.conditions}
        return all(own.get(each.names, 0) >= each.at_least for each in other.conditions)


def criterion_of(table: Mapping[str, int], where: str) -> Criterion:
    """Read a criterion of a catalogue file; `where` is its place for error messages. Raises BadCatalogue."""
    if not isinstance(table, Mapping) or not table:
        raise BadCatalogue(f"{where}: a criterion is a table from names to minimum counts.")
    return Criterion(tuple(_condition(names, at_least, where) for names, at_least in table.items()))


def _condition(text: str, at_least: int, where: str) -> Condition:
    names = tuple(text.split("+"))
    for name in names:
        if name not in ACTIVITIES and name not in OTHERS:
            raise BadCatalogue(f"{where}: {name!r} is not an activity or another name that can be counted.")
    if len(set(names)) < len(names) or (len(names) > 1 and OTHERS & set(names)):
        raise BadCatalogue(f"{where}: {text!r} sums a name that is not an activity, or one activity twice.")
    if type(at_least) is not int or at_least < 1:
        raise BadCatalogue(f"{where}: {text!r} needs a whole number from 1 up, not {at_least!r}.")
    if names == (LEVEL,) and at_least > len(LEVELS):
        raise BadCatalogue(f"{where}: there is no level {at_least}.")
    if all(name in ACTIVITIES and ACTIVITIES[name].once for name in names) and at_least > len(names):
        raise BadCatalogue(f"{where}: {text!r} happens only once per person and cannot reach {at_least}.")
    return Condition(names, at_least)
