"""The point tables as data: 49 activities in five categories, and the ten levels."""

import tomllib
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

HERE = Path(__file__).parent


class Category(Enum):
    """Where points come from."""

    FORUM = "FORUM"
    APP_STORE = "APP_STORE"
    PLATFORM = "PLATFORM"
    COMMUNITY = "COMMUNITY"
    LEARNING = "LEARNING"


class CertificationLevel(Enum):
    """How far a certification goes, from the first on."""

    RAPID = "RAPID"
    ADVANCED = "ADVANCED"
    EXPERT = "EXPERT"

    @property
    def title(self) -> str:
        """What somebody who has it is called."""
        return f"{self.value.title()} Developer"


@dataclass(frozen=True)
class Activity:
    """One row of the point tables."""

    code: str
    title: str
    category: Category
    points: int
    """Points of one event; negative ones take away."""
    cap: int | None = None
    """Most points from this activity on one UTC day; None: no cap."""
    once: bool = False
    """Given once in a profile's life."""
    certification: CertificationLevel | None = None
    """The certification that an exam gives."""
    system: bool = False
    """Only this system can know of it: no service may report it."""


@dataclass(frozen=True)
class Level:
    """A level and the points it needs."""

    number: int
    points: int


@dataclass(frozen=True)
class Standing:
    """Where a total of points stands between the levels."""

    number: int
    points_to_next: int | None
    """Points missing to the next level; None at the highest."""
    progress: int
    """Whole percent of the way from this level to the next, 0 to 99; 100 only at the highest level."""


def _activities() -> dict[str, Activity]:
    tables = tomllib.loads((HERE / "activities.toml").read_text("utf-8"))
    return {code: _activity(code, category, row) for category, rows in tables.items() for code, row in rows.items()}


def _activity(code: str, category: str, row: dict[str, Any]) -> Activity:
    level = row.pop("certification", None)
    return Activity(
        code, category=Category(category), certification=CertificationLevel(level) if level else None, **row
    )


def _levels() -> tuple[Level, ...]:
    points = tomllib.loads((HERE / "levels.toml").read_text("utf-8"))["points"]
    return tuple(Level(number, needed) for number, needed in enumerate(points, 1))


ACTIVITIES: Final = _activities()
LEVELS: Final = _levels()
_THRESHOLDS: Final = [level.points for level in LEVELS]


def level_of(points: int) -> int:
    """Highest level reached with this many points; 0 below the first threshold."""
    return bisect_right(_THRESHOLDS, points)


def standing_of(points: int) -> Standing:
    """Level, points to the next one and the share of the way there. A negative total stands like zero."""
    points = max(points, 0)
    number = level_of(points)
    if number == len(LEVELS):
        return Standing(number, None, 100)
    start = LEVELS[number - 1].points if number else 0
    end = LEVELS[number].points
    return Standing(number, end - points, (points - start) * 100 // (end - start))
