"""Point tables as data: 49 activities in five categories, and ten levels."""

import tomllib
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

HERE = Path(__file__).parent


class Category(Enum):
    """Category of points."""

    FORUM = "FORUM"
    APP_STORE = "APP_STORE"
    PLATFORM = "PLATFORM"
    COMMUNITY = "COMMUNITY"
    LEARNING = "LEARNING"


class CertificationLevel(Enum):
    """Level of a certification, lowest first."""

    RAPID = "RAPID"
    ADVANCED = "ADVANCED"
    EXPERT = "EXPERT"

    @property
    def title(self) -> str:
        """Return the title of a certified person."""
        return f"{self.value.title()} Developer"


@dataclass(frozen=True)
class Activity:
    """An activity that gives points."""

    code: str
    title: str
    category: Category
    points: int
    """Points for one event; negative if they are taken away."""
    cap: int | None = None
    """Maximum points from this activity per UTC day; None if there is no cap."""
    once: bool = False
    """True if it gives points only once per profile."""
    certification: CertificationLevel | None = None
    """The certification that the exam gives."""
    system: bool = False
    """True if only this server can record it, so that services may not report it."""


@dataclass(frozen=True)
class Level:
    """A level and the points that it requires."""

    number: int
    points: int


@dataclass(frozen=True)
class LevelStanding:
    """The level for a sum of points, and the progress to the next."""

    number: int
    points_to_next: int | None
    """Points missing to the next level; None at the highest level."""
    progress_percent: int
    """Progress from this level to the next in whole percent, 0 to 99; 100 only at the highest level."""


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
    """Return the highest level for this many points; 0 below the first threshold."""
    return bisect_right(_THRESHOLDS, points)


def level_standing(points: int) -> LevelStanding:
    """Return the level, points to the next one and progress. A negative sum counts as 0."""
    points = max(points, 0)
    number = level_of(points)
    if number == len(LEVELS):
        return LevelStanding(number, None, 100)
    start = LEVELS[number - 1].points if number else 0
    end = LEVELS[number].points
    return LevelStanding(number, end - points, (points - start) * 100 // (end - start))
