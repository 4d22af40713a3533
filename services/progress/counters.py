"""
Counters: how often each profile did what, and the points it gave; kept in the transaction of what they count.

A counter's name is the code of an activity, which the ledger keeps (services/points/ledger.py, services/points/corrections.py), or
`CONNECTIONS` or `PROJECTS` of catalogue/criteria.py, which the services of those keep through `add`. Whoever writes holds the lock
of the profile's score row (services/progress/scores.py), and hands the movements that come back to services/achievements/achievements.py.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from tortoise.functions import Count as Total

from catalogue.criteria import CONNECTIONS, LEVEL, POINTS, POINTS_OF, PROJECTS
from catalogue.points import Category, level_of
from models.connections import Connection
from models.points import EntryKind, Outcome, PointEntry, ProfileCounter
from models.portfolio import Project, ProjectState
from models.statements import Statement, execute, execute_rows
from models.transactions import require_transaction
from services.core import clock
from services.progress import profile_batches
from services.progress.scores import Person

HAPPENED = frozenset({Outcome.AWARDED, Outcome.PARTLY_AWARDED, Outcome.CAPPED})
"""Outcomes of events that count."""
RECOUNTED_COUNTERS = frozenset({CONNECTIONS, PROJECTS})
"""Names that are not of the ledger."""
CHECKED_APART = frozenset({CONNECTIONS, PROJECTS})
"""Those of them that are rows to be counted: see `from_rows`."""


HIDDEN_OF = {category: f"HIDDEN:{category.value}" for category in Category}
"""The name of what entries that their person may not see moved in each category: its `points`, never its `times`."""


class Count(NamedTuple):
    """How often, and for how many points."""

    times: int
    points: int


NEVER = Count(0, 0)


class Span(NamedTuple):
    """What a figure was before an act, and is after it."""

    before: int
    after: int


@dataclass
class Movement:
    """
    What an act moved of one profile: counters by their names, and `POINTS`, `POINTS:FORUM` …, `LEVEL`. A figure that did
    not move may be missing. `at`: when what moved it happened (UTC); of several events, the latest; `since`: the earliest.
    """

    profile_id: int
    at: datetime
    since: datetime
    figures: dict[str, Span] = field(default_factory=dict)


class Tally:
    """What a batch adds to counters and sums, by profile: filled entry by entry, then written at once by `keep`."""

    def __init__(self) -> None:
        self.counts: dict[tuple[int, str], Count] = {}
        self.points: defaultdict[int, defaultdict[Category, int]] = defaultdict(lambda: defaultdict(int))
        self.latest: dict[int, datetime] = {}
        self.earliest: dict[int, datetime] = {}

    def add_entry(self, entry: PointEntry, *, counts: bool, times: int = 1) -> None:
        """
        Count an entry of the ledger: its points, and, when its event is one that `counts`, `times` (-1 for what is
        taken back) under its activity.
        """
        profile_id = entry.profile_id
        if counts and entry.activity:
            self.add(profile_id, entry.activity, times, entry.awarded, entry.occurred_at)
        if not entry.shown:
            self.add(profile_id, HIDDEN_OF[entry.category], 0, entry.awarded, entry.occurred_at)
        self.add_points(profile_id, entry.category, entry.awarded, entry.occurred_at)

    def add_points(self, profile_id: int, category: Category, points: int, at: datetime) -> None:
        """Add to a sum of points; nothing added moves nothing."""
        if points:
            self.points[profile_id][category] += points
            self._at(profile_id, at)

    def add(self, profile_id: int, name: str, times: int, points: int, at: datetime) -> None:
        """Add to one counter."""
        held = self.counts.get((profile_id, name), NEVER)
        self.counts[profile_id, name] = Count(held.times + times, held.points + points)
        self._at(profile_id, at)

    def _at(self, profile_id: int, at: datetime) -> None:
        self.latest[profile_id] = max(at, self.latest.get(profile_id, at))
        self.earliest[profile_id] = min(at, self.earliest.get(profile_id, at))


async def keep(tally: Tally, people: Mapping[int, Person]) -> list[Movement]:
    """
    Write what a batch adds; one statement for any number of people. The sums of `people` are those of now, the batch
    included; whose points did not move need not be among them. Answers what moved, person by person.
    """
    after = await _upsert(tally.counts)
    now = clock.now()
    moved = {
        profile_id: Movement(profile_id, min(at, now), tally.earliest[profile_id])
        for profile_id, at in tally.latest.items()
    }
    for (profile_id, name), count in tally.counts.items():
        times = after[profile_id, name]
        moved[profile_id].figures[name] = Span(times - count.times, times)
    for profile_id, added in tally.points.items():
        moved[profile_id].figures.update(_sums(people[profile_id], added))
    return list(moved.values())


def _sums(person: Person, added: Mapping[Category, int]) -> Iterator[tuple[str, Span]]:
    for category, points in added.items():
        after = person.sums[category].points
        yield POINTS_OF[category], Span(after - points, after)
    total = person.overall.points
    before = total - sum(added.values())
    yield POINTS, Span(before, total)
    yield LEVEL, Span(level_of(before), level_of(total))


async def add(profile_id: int, name: str, times: int, points: int = 0) -> Movement:
    """
    Add to one counter that is not the ledger's, with the profile's score row locked.
    Answers what moved, for `achievements.evaluate([…])`.
    Requires a transaction.
    """
    require_transaction()
    tally = Tally()
    tally.add(profile_id, name, times, points, clock.now())
    [movement] = await keep(tally, {})
    return movement


async def of(profile_ids: Collection[int]) -> dict[int, dict[str, Count]]:
    """The counters of these profiles, by name; a name that was never counted is missing. Unique (profile_id, name)."""
    found: dict[int, dict[str, Count]] = {profile_id: {} for profile_id in profile_ids}
    if found:
        rows: Any = ProfileCounter.filter(profile_id__in=list(found))
        for profile_id, name, times, points in await rows.values_list("profile_id", "name", "times", "points"):
            found[profile_id][name] = Count(times, points)
    return found


async def from_ledger(profile_ids: Collection[int]) -> dict[int, dict[str, Count]]:
    """What the counters of the ledger have to be, by its rows. Indexes: (profile_id, activity, day), (profile_id, occurred_at, id)."""
    found: dict[int, dict[str, Count]] = {profile_id: {} for profile_id in profile_ids}
    for row in await execute(_FROM_LEDGER, list(found)):
        found[row["profile_id"]][row["name"]] = Count(row["times"], row["points"])
    return found


async def from_rows(profile_ids: Collection[int]) -> dict[int, dict[str, Count]]:
    """What the other counters have to be. Indexes: connection (profile_id, …), project (owner_id, state, …)."""
    found: dict[int, dict[str, Count]] = {profile_id: {} for profile_id in profile_ids}
    rows: Any = Connection.filter(profile_id__in=list(found)).annotate(times=Total("id")).group_by("profile_id")
    for profile_id, times in await rows.values_list("profile_id", "times") if found else ():
        found[profile_id][CONNECTIONS] = Count(times, 0)
    shown: Any = Project.filter(owner_id__in=list(found), state=ProjectState.PUBLISHED)
    shown = shown.annotate(times=Total("id")).group_by("owner_id").values_list("owner_id", "times")
    for profile_id, times in await shown if found else ():
        found[profile_id][PROJECTS] = Count(times, 0)
    return found


async def put(counts: Mapping[tuple[int, str], Count]) -> None:
    """Set counters to these figures, whatever they were. With the profiles' score rows locked. Requires a transaction."""
    require_transaction()
    held = await of({profile_id for profile_id, _ in counts})
    changes = {}
    for (profile_id, name), count in counts.items():
        was = held[profile_id].get(name, NEVER)
        changes[profile_id, name] = Count(count.times - was.times, count.points - was.points)
    await _upsert(changes)


async def wrong(profile_ids: Collection[int]) -> dict[tuple[int, str], tuple[Count, Count]]:
    """
    The counters that are not what ledger, connections and projects say, by profile and name: as they are kept, as they
    have to be. With the profiles' score rows locked, so that nobody is caught half-way.
    Requires a transaction.
    """
    require_transaction()
    kept, ledger, rows = await of(profile_ids), await from_ledger(profile_ids), await from_rows(profile_ids)
    truth = {profile_id: {**ledger[profile_id], **rows[profile_id]} for profile_id in kept}
    return {
        (profile_id, name): (is_, right)
        for profile_id in kept
        for name in sorted((kept[profile_id].keys() | truth[profile_id].keys()) - (RECOUNTED_COUNTERS - CHECKED_APART))
        if (is_ := kept[profile_id].get(name, NEVER)) != (right := truth[profile_id].get(name, NEVER))
    }


async def rebuild(*, after: int = 0) -> AsyncIterator[profile_batches.BatchResult]:
    """
    Count anew what ledger, connections and projects hold of everyone behind the profile numbered `after`: for a database from before there were
    counters. Each step's `changed` is how many counters were wrong.
    """
    async for step in profile_batches.for_each_batch(_set_right, after=after):
        yield step


async def _set_right(people: Mapping[int, Person]) -> int:
    found = await wrong(people.keys())
    await put({key: right for key, (_, right) in found.items()})
    return len(found)


async def _upsert(counts: Mapping[tuple[int, str], Count]) -> dict[tuple[int, str], int]:
    written = await execute_rows(_ADD, [(*key, *count) for key, count in counts.items()])
    return {(row["profile_id"], row["name"]): row["times"] for row in written}


def _listed(outcomes: Iterable[Outcome]) -> str:
    return ", ".join(f"'{outcome.value}'" for outcome in sorted(outcomes, key=lambda each: each.value))


_ADD = Statement.over_rows(
    """
    INSERT INTO profile_counter (profile_id, name, times, points)
    SELECT profile_id, name, times, points FROM {rows} added WHERE true
    ON CONFLICT (profile_id, name)
    DO UPDATE SET times = profile_counter.times + excluded.times, points = profile_counter.points + excluded.points
    RETURNING profile_id, name, times
    """,
    profile_id="bigint",
    name="text",
    times="int",
    points="int",
)
# A reversal takes back what counted, and nothing else: an event that gave nothing for another reason never counted.
_FROM_LEDGER = Statement.of(f"""
    SELECT e.profile_id, e.activity AS name,
        CAST(SUM(CASE WHEN e.kind = '{EntryKind.ACTIVITY.value}' THEN 1 ELSE -1 END) AS int) AS times,
        CAST(SUM(e.awarded) AS int) AS points
    FROM point_entry e LEFT JOIN point_entry original ON original.id = e.reverses_id
    WHERE e.profile_id = ANY($1) AND e.activity IS NOT NULL
      AND e.kind IN ('{EntryKind.ACTIVITY.value}', '{EntryKind.REVERSAL.value}')
      AND COALESCE(original.outcome, e.outcome) IN ({_listed(HAPPENED)})
    GROUP BY e.profile_id, e.activity
    UNION ALL
    SELECT profile_id, 'HIDDEN:' || category, 0, CAST(SUM(awarded) AS int) FROM point_entry
    WHERE profile_id = ANY($1) AND shown = false GROUP BY profile_id, category
""")
