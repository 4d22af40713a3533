"""The demo as it goes on: its people earn points now and then, so that boards change and subscribers are notified."""

import tomllib
from dataclasses import dataclass
from random import Random
from typing import Any, Self
from uuid import uuid4

from catalogue.points import ACTIVITIES, Activity
from models.imports import ImportedPerson
from models.points import Score
from services.core import clock
from services.errors import ErrorCode, Problem, refused
from services.imports.demo import SOURCE, TABLES
from services.points.ledger import ActivityEvent, record_many


@dataclass(frozen=True)
class LiveEvent:
    """What a person of the demo did, and the points that it gave."""

    name: str
    activity: Activity
    points: int


class LiveDemo:
    """Records one event after the other. The higher on the board, the more often a person is chosen."""

    def __init__(self, people: list[tuple[int, str]], rng: Random) -> None:
        self._people, self._rng = people, rng
        shares = tomllib.loads((TABLES / "activities.toml").read_text("utf-8"))["shares"]
        self._codes, self._weights = list(shares), [row["share"] for row in shares.values()]

    @classmethod
    async def open(cls, rng: Random | None = None) -> Self:
        """The active public people of the demo. Raises Refused, NOT_FOUND: this database has no demo."""
        rows: Any = ImportedPerson.filter(source=SOURCE, profile__listed=True).values_list(
            "profile_id", "profile__name"
        )
        names = dict(await rows)
        best: Any = (
            Score.filter(profile_id__in=list(names))
            .order_by("-overall", "profile_id")
            .values_list("profile_id", flat=True)
        )
        people = [(number, names[number]) for number in await best]
        if not people:
            raise refused(ErrorCode.NOT_FOUND, "This database has no demo. Load it first: `demo` without `--live`.")
        return cls(people, rng or Random())

    async def step(self) -> LiveEvent:
        """Record one event now, by the rules of the points; a capped one gives 0. Only people of the demo are concerned."""
        place = int(len(self._people) * self._rng.random() ** 2)
        profile_id, name = self._people[place]
        [code] = self._rng.choices(self._codes, self._weights)
        forum = ACTIVITIES[code].category.value == "FORUM"
        other = (
            self._rng.choice([each for each, _ in self._people if each != profile_id] or [profile_id])
            if forum
            else None
        )
        event = ActivityEvent(
            activity=code,
            profile_id=profile_id,
            occurred_at=clock.now(),
            source=SOURCE,
            external_id=f"live:{uuid4().hex}",
            counterpart_id=other,
        )
        [recorded] = await record_many([event])
        return LiveEvent(name, ACTIVITIES[code], 0 if isinstance(recorded, Problem) else recorded.awarded)
