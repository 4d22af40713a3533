"""Challenges as data: their steps, their credits, and when they are open. The rules are in services/achievements/challenges.py."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from catalogue.criteria import CONNECTIONS, LEVEL, PROJECTS, BadCatalogue, Condition, Criterion, criterion_of

MOST_STEPS: Final = 5
MOST_CREDITS: Final = 10_000
ALWAYS: Final = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
STANDING: Final = frozenset({LEVEL, CONNECTIONS, PROJECTS})
"""Figures of which only the present is known, not what they grew by in some time."""


@dataclass(frozen=True)
class Step:
    """One thing to do; the steps of a challenge may be done in any order."""

    title: str
    criterion: Criterion


@dataclass(frozen=True)
class Challenge:
    """
    Steps, and the credits for having done them all.

    With `starts_at` or `ends_at` it counts what happened from the one until before the other, whenever that is reported;
    with neither it counts everything and never ends.
    """

    code: str
    title: str
    about: str
    credits: int
    steps: tuple[Step, ...]
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def windowed(self) -> bool:
        """Whether only what happened inside its time counts."""
        return self.starts_at is not None or self.ends_at is not None

    @property
    def window(self) -> tuple[datetime, datetime]:
        """From when until before when it counts."""
        return self.starts_at or ALWAYS[0], self.ends_at or ALWAYS[1]

    @property
    def whole(self) -> Criterion:
        """All steps as one criterion: it holds exactly when each of theirs does."""
        ends: dict[tuple[str, ...], int] = {}
        for step in self.steps:
            for condition in step.criterion.conditions:
                ends[condition.names] = max(condition.at_least, ends.get(condition.names, 0))
        return Criterion(tuple(Condition(names, at_least) for names, at_least in ends.items()))

    def covers(self, moment: datetime) -> bool:
        """Whether what happens at this moment counts."""
        start, end = self.window
        return start <= moment < end

    def overlaps(self, since: datetime, until: datetime) -> bool:
        """Whether anything that happens between these moments, both included, may count."""
        start, end = self.window
        return since < end and until >= start

    @property
    def last_moment(self) -> datetime:
        """The last moment that counts."""
        return self.window[1] - timedelta(microseconds=1)


@dataclass(frozen=True)
class Challenges:
    """The catalogue: challenges by code in the file's order, and the codes to feature, first choice first."""

    by_code: Mapping[str, Challenge]
    featured: tuple[str, ...]

    def featured_at(self, moment: datetime) -> Challenge | None:
        """
        The one that is shown before all others: the first of the featured ones that is open, else the first open one of
        the file; None when none is. It is the same for everybody.
        """
        order = (*self.featured, *self.by_code)
        return next((self.by_code[code] for code in order if self.by_code[code].covers(moment)), None)


def read(text: str) -> Challenges:
    """Read the catalogue from TOML. Raises BadCatalogue with what makes no sense."""
    tables = tomllib.loads(text)
    featured = tuple(tables.pop("featured", ()))
    by_code = {code: _challenge(code, table) for code, table in tables.items()}
    if unknown := [code for code in featured if code not in by_code]:
        raise BadCatalogue(f"featured: there is no challenge {unknown[0]!r}.")
    if len(set(featured)) < len(featured):
        raise BadCatalogue("featured: one challenge stands there twice.")
    return Challenges(by_code, featured)


def _challenge(code: str, table: Mapping[str, Any]) -> Challenge:
    if not isinstance(table, Mapping) or set(table) - set(Challenge.__dataclass_fields__) - {"code"} or "code" in table:
        raise BadCatalogue(f"{code}: a challenge has title, about, credits, steps, starts_at and ends_at.")
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", code):
        raise BadCatalogue(f"{code}: a code has up to 64 capital letters, digits and underscores.")
    for name in ("title", "about"):
        if not isinstance(table.get(name), str) or not table[name].strip():
            raise BadCatalogue(f"{code}: it has no {name}.")
    given = table.get("credits")
    if type(given) is not int or not 1 <= given <= MOST_CREDITS:
        raise BadCatalogue(f"{code}: it gives {given!r} credits, not 1 to {MOST_CREDITS:,}.")
    made = Challenge(**{**table, "code": code, "steps": _steps(code, table.get("steps"))})
    for each in (made.starts_at, made.ends_at):
        if each is not None and (not isinstance(each, datetime) or each.tzinfo is None):
            raise BadCatalogue(f"{code}: {each!r} is no moment with `Z`.")
    if made.window[0] >= made.window[1]:
        raise BadCatalogue(f"{code}: it ends before it starts.")
    names = {name for condition in made.whole.conditions for name in condition.names}
    if made.windowed and names & STANDING:
        raise BadCatalogue(f"{code}: what {min(names & STANDING)} grew by in its time is not known.")
    return made


def _steps(code: str, steps: Any) -> tuple[Step, ...]:
    if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
        raise BadCatalogue(f"{code}: a challenge has 1 to {MOST_STEPS} steps.")
    for step in steps:
        if not isinstance(step, Mapping) or set(step) != {"title", "needs"} or not str(step["title"]).strip():
            raise BadCatalogue(f"{code}: a step has a title and what it needs, and nothing else.")
    if len({step["title"] for step in steps}) < len(steps):
        raise BadCatalogue(f"{code}: two steps have one title.")
    return tuple(Step(step["title"], criterion_of(step["needs"], f"{code}: {step['title']}")) for step in steps)


CATALOGUE: Final = read((Path(__file__).parent / "challenges.toml").read_text("utf-8"))
CHALLENGES: Final = CATALOGUE.by_code
