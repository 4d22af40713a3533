"""Challenges as data: steps, credits and periods. The rules are in services/achievements/challenges.py."""

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
PRESENT_ONLY: Final = frozenset({LEVEL, CONNECTIONS, PROJECTS})
"""Figures whose present value is known, but not their growth within a period."""


@dataclass(frozen=True)
class Step:
    """One step; the steps of a challenge can be done in any order."""

    title: str
    criterion: Criterion


@dataclass(frozen=True)
class Challenge:
    """
    Steps, and the credits for completing all of them.

    With `starts_at` or `ends_at`, events count that happened from `starts_at` until before `ends_at`, whenever they are
    reported. Without both, all events count and the challenge never ends.
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
        """True if only events within the challenge's period count."""
        return self.starts_at is not None or self.ends_at is not None

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Return the start of the period and its end, which does not belong to it."""
        return self.starts_at or ALWAYS[0], self.ends_at or ALWAYS[1]

    @property
    def whole(self) -> Criterion:
        """Return all steps as one criterion, which holds if and only if each step's criterion holds."""
        ends: dict[tuple[str, ...], int] = {}
        for step in self.steps:
            for condition in step.criterion.conditions:
                ends[condition.names] = max(condition.at_least, ends.get(condition.names, 0))
        return Criterion(tuple(Condition(names, at_least) for names, at_least in ends.items()))

    def covers(self, moment: datetime) -> bool:
        """Return True if an event at this moment counts."""
        start, end = self.window
        return start <= moment < end

    def overlaps(self, since: datetime, until: datetime) -> bool:
        """Return True if an event between these moments, both included, may count."""
        start, end = self.window
        return since < end and until >= start

    @property
    def last_moment(self) -> datetime:
        """Return the last moment that counts."""
        return self.window[1] - timedelta(microseconds=1)


@dataclass(frozen=True)
class Challenges:
    """The challenges by code in the file's order, and the codes to feature in order of preference."""

    by_code: Mapping[str, Challenge]
    featured: tuple[str, ...]

    def featured_at(self, moment: datetime) -> Challenge | None:
        """
        Return the challenge to show first: the first featured one that is open, else the first open one of the file; None
        if none is open. It is the same for everyone.
        """
        order = (*self.featured, *self.by_code)
        return next((self.by_code[code] for code in order if self.by_code[code].covers(moment)), None)


def read(text: str) -> Challenges:
    """Read the catalogue from TOML. Raises BadCatalogue with the first mistake."""
    tables = tomllib.loads(text)
    featured = tuple(tables.pop("featured", ()))
    by_code = {code: _challenge(code, table) for code, table in tables.items()}
    if unknown := [code for code in featured if code not in by_code]:
        raise BadCatalogue(f"featured: there is no challenge {unknown[0]!r}.")
    if len(set(featured)) < len(featured):
        raise BadCatalogue("featured: a challenge is listed twice.")
    return Challenges(by_code, featured)


def _challenge(code: str, table: Mapping[str, Any]) -> Challenge:
    if not isinstance(table, Mapping) or set(table) - set(Challenge.__dataclass_fields__) - {"code"} or "code" in table:
        raise BadCatalogue(f"{code}: a challenge has exactly title, about, credits, steps, starts_at and ends_at.")
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
            raise BadCatalogue(f"{code}: {each!r} is not a moment with `Z`.")
    if made.window[0] >= made.window[1]:
        raise BadCatalogue(f"{code}: it ends before it starts.")
    names = {name for condition in made.whole.conditions for name in condition.names}
    if made.windowed and names & PRESENT_ONLY:
        raise BadCatalogue(f"{code}: the growth of {min(names & PRESENT_ONLY)} within a period is not known.")
    return made


def _steps(code: str, steps: Any) -> tuple[Step, ...]:
    if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
        raise BadCatalogue(f"{code}: a challenge needs 1 to {MOST_STEPS} steps.")
    for step in steps:
        if not isinstance(step, Mapping) or set(step) != {"title", "needs"} or not str(step["title"]).strip():
            raise BadCatalogue(f"{code}: a step has exactly title and needs.")
    if len({step["title"] for step in steps}) < len(steps):
        raise BadCatalogue(f"{code}: two steps have the same title.")
    return tuple(Step(step["title"], criterion_of(step["needs"], f"{code}: {step['title']}")) for step in steps)


CATALOGUE: Final = read((Path(__file__).parent / "challenges.toml").read_text("utf-8"))
CHALLENGES: Final = CATALOGUE.by_code
