"""
Counters: how often each profile did something, and the points it gave. Written in the transaction of what they count.

A counter is named by the code of an activity, written with the ledger (services/points/ledger.py, services/points/corrections.py),
or by `CONNECTIONS` or `PROJECTS` of catalogue/criteria.py, written by their services through `add`. Callers must hold the lock of
the profile's score row (services/progress/scores.py), and pass the returned movements to services/achievements/achievements.py.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from tortoise.functions import Count as Total

from catalogue.criteria import CONNECTIONS, LEVEL, POINTS, POINTS_OF, PROJECTS
from catalogue.points import Category, level_of
from models.connections import Connection
from models.points import EntryKind, Outcome, PointEntry, ProfileCounter
from models.portfolio import Project, ProjectState
from models.statements import Statement, execute, execute_rows, read_datetime
from models.transactions import require_transaction
from services.core import clock
from services.progress import profile_batches
from services.progress.scores import COLUMNS, DECIDES, SCORE_COLUMNS, Person, microseconds

HAPPENED = frozenset({Outcome.AWARDED, Outcome.PARTLY_AWARDED, Outcome.CAPPED})
"""Outcomes of events that count."""
HIDDEN_OF = {category: f"HIDDEN:{category.value}" for category in Category}
"""Counters of entries that are hidden from their person, by category. They use `points` alone."""


class Count(NamedTuple):
    """Number of events, and their points."""

    times: int
    points: int


NEVER = Count(0, 0)


class Span(NamedTuple):
    """A figure before and after a change."""

    before: int
    after: int


@dataclass
class LedgerFigures:
    """`sums`: the columns of the score row. `counts`: counters by name; one that is missing is 0."""

    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SCORE_COLUMNS, 0))
    counts: dict[str, Count] = field(default_factory=dict)

    def add_points(self, category: Category, points: int, reached: int) -> None:
        """Add entries to the sums of their category and overall. `reached`: time of the latest one that decides, or 0."""
        for board in ("overall", COLUMNS[category]):
            self.sums[board] += points
            self.sums[f"{board}_reached"] = max(self.sums[f"{board}_reached"], reached)

    def add_events(self, name: str, times: int, points: int) -> None:
        """Add to a counter."""
        before = self.counts.get(name, NEVER)
        self.counts[name] = Count(before.times + times, before.points + points)


@dataclass
class Movement:
    """
    Changed figures of one profile: counters by name, and `POINTS`, `POINTS:FORUM` …, `LEVEL`. Unchanged figures may be
    missing. `at` and `since`: time of the latest and the earliest event that changed them (UTC).
    """

    profile_id: int
    at: datetime
    since: datetime
    figures: dict[str, Span] = field(default_factory=dict)


class Tally:
    """Additions of a batch to counters and sums, by profile: collected per entry, written by `write_tally`."""

    def __init__(self) -> None:
        self.counts: dict[tuple[int, str], Count] = {}
        self.points: defaultdict[int, defaultdict[Category, int]] = defaultdict(lambda: defaultdict(int))
        self.latest: dict[int, datetime] = {}
        self.earliest: dict[int, datetime] = {}

    def add_entry(self, entry: PointEntry, *, counts: bool, times: int = 1) -> None:
        """
        Add a ledger entry: its points, and, if its event `counts`, `times` (-1 for a reversal) to the counter of its
        activity.
        """
        profile_id = entry.profile_id
        if counts and entry.activity:
            self.add(profile_id, entry.activity, times, entry.awarded, entry.occurred_at)
        if not entry.shown:
            self.add(profile_id, HIDDEN_OF[entry.category], 0, entry.awarded, entry.occurred_at)
        self.add_points(profile_id, entry.category, entry.awarded, entry.occurred_at)

    def add_points(self, profile_id: int, category: Category, points: int, at: datetime) -> None:
        """Add to a sum of points; 0 points change nothing."""
        if points:
            self.points[profile_id][category] += points
            self._note_time(profile_id, at)

    def add(self, profile_id: int, name: str, times: int, points: int, at: datetime) -> None:
        """Add to one counter."""
        before = self.counts.get((profile_id, name), NEVER)
        self.counts[profile_id, name] = Count(before.times + times, before.points + points)
        self._note_time(profile_id, at)

    def _note_time(self, profile_id: int, at: datetime) -> None:
        self.latest[profile_id] = max(at, self.latest.get(profile_id, at))
        self.earliest[profile_id] = min(at, self.earliest.get(profile_id, at))


async def write_tally(tally: Tally, people: Mapping[int, Person]) -> list[Movement]:
    """
    Write the additions of a batch in one statement; returns one movement per profile.

    `people` must have everyone whose points changed, with sums that include the batch.
    """
    after = await _upsert(tally.counts)
    now = clock.now()
    movements = {
        profile_id: Movement(profile_id, min(at, now), tally.earliest[profile_id])
        for profile_id, at in tally.latest.items()
    }
    for (profile_id, name), count in tally.counts.items():
        times = after[profile_id, name]
        movements[profile_id].figures[name] = Span(times - count.times, times)
    for profile_id, added in tally.points.items():
        movements[profile_id].figures.update(_sums(people[profile_id], added))
    return list(movements.values())


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
    Add to `CONNECTIONS` or `PROJECTS`, with the profile's score row locked; returns the movement, for
    `achievements.evaluate([…])`. Requires a transaction.
    """
    require_transaction()
    tally = Tally()
    tally.add(profile_id, name, times, points, clock.now())
    [movement] = await write_tally(tally, {})
    return movement


async def counters_of(profile_ids: Collection[int]) -> dict[int, dict[str, Count]]:
    """Return the counters of these profiles, by name; a name that was never counted is missing. Unique (profile_id, name)."""
    found: dict[int, dict[str, Count]] = {profile_id: {} for profile_id in profile_ids}
    if found:
        rows: Any = ProfileCounter.filter(profile_id__in=list(found))
        for profile_id, name, times, points in await rows.values_list("profile_id", "name", "times", "points"):
            found[profile_id][name] = Count(times, points)
    return found


async def read_ledger(profile_ids: Collection[int]) -> dict[int, LedgerFigures]:
    """
    Return what sums and counters of these profiles must be, from one scan of their entries. Indexes: (profile_id, activity, day), unique
    (reverses_id).
    """
    found = {profile_id: LedgerFigures() for profile_id in profile_ids}
    for row in await execute(_FROM_LEDGER, list(found)) if found else ():
        own, category = found[row["profile_id"]], Category(row["category"])
        own.add_points(category, row["points"], microseconds(read_datetime(row["latest"])) if row["latest"] else 0)
        if row["happened"]:
            own.add_events(row["activity"], row["times"], row["counted"])
        if not row["shown"]:
            own.add_events(HIDDEN_OF[category], 0, row["points"])
    return found


async def recount_rows(profile_ids: Collection[int]) -> dict[int, dict[str, Count]]:
    """Count connections and published projects anew. Indexes: connection (profile_id, …), project (owner_id, state, …)."""
    found: dict[int, dict[str, Count]] = {profile_id: {} for profile_id in profile_ids}
    rows: Any = Connection.filter(profile_id__in=list(found)).annotate(times=Total("id")).group_by("profile_id")
    for profile_id, times in await rows.values_list("profile_id", "times") if found else ():
        found[profile_id][CONNECTIONS] = Count(times, 0)
    shown: Any = Project.filter(owner_id__in=list(found), state=ProjectState.PUBLISHED)
    shown = shown.annotate(times=Total("id")).group_by("owner_id").values_list("owner_id", "times")
    for profile_id, times in await shown if found else ():
        found[profile_id][PROJECTS] = Count(times, 0)
    return found


async def overwrite(counts: Mapping[tuple[int, str], Count]) -> None:
    """Set counters to these figures, with the profiles' score rows locked. Requires a transaction."""
    require_transaction()
    stored = await counters_of({profile_id for profile_id, _ in counts})
    changes = {}
    for (profile_id, name), count in counts.items():
        before = stored[profile_id].get(name, NEVER)
        changes[profile_id, name] = Count(count.times - before.times, count.points - before.points)
    await _upsert(changes)


async def mismatches(ledger: Mapping[int, LedgerFigures]) -> dict[tuple[int, str], tuple[Count, Count]]:
    """
    Counters that differ from ledger, connections and projects, by profile and name: the stored count and the expected
    one. `ledger`: from `read_ledger`. The profiles' score rows must be locked, so that no batch is seen half-written. Requires a transaction.
    """
    require_transaction()
    stored, rows = await counters_of(ledger), await recount_rows(ledger)
    expected = {profile_id: {**ledger[profile_id].counts, **rows[profile_id]} for profile_id in stored}
    return {
        (profile_id, name): (is_, right)
        for profile_id in stored
        for name in sorted(stored[profile_id].keys() | expected[profile_id].keys())
        if (is_ := stored[profile_id].get(name, NEVER)) != (right := expected[profile_id].get(name, NEVER))
    }


async def rebuild(*, after: int = 0) -> AsyncIterator[profile_batches.BatchResult]:
    """
    Recount the counters of all profiles with ids above `after`, for databases older than the counters. `changed` of each
    batch is the number of wrong counters.
    """
    async for batch in profile_batches.for_each_batch(_repair, after=after):
        yield batch


async def _repair(people: Mapping[int, Person]) -> int:
    found = await mismatches(await read_ledger(people))
    await overwrite({key: right for key, (_, right) in found.items()})
    return len(found)


async def _upsert(counts: Mapping[tuple[int, str], Count]) -> dict[tuple[int, str], int]:
    written = await execute_rows(_ADD, [(*key, *count) for key, count in counts.items()])
    return {(row["profile_id"], row["name"]): row["times"] for row in written}


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
_COUNTS = f"""
    e.kind = '{EntryKind.ACTIVITY.value}' AND e.outcome IN ({", ".join(sorted(f"'{each.value}'" for each in HAPPENED))})
""".strip()
# A reversal undoes only what counted: an event that gave nothing for another reason than a cap never counted. It has the profile of what it reverses, so that no other rows are read.
_FROM_LEDGER = Statement.of(f"""
    SELECT e.profile_id, e.category, e.activity, e.shown, CAST(SUM(e.awarded) AS int) AS points,
        MAX(CASE WHEN r.id IS NULL AND {DECIDES} THEN e.occurred_at END) AS latest,
        CAST(SUM(CASE WHEN {_COUNTS} THEN 1 ELSE 0 END) AS int) AS happened,
        CAST(SUM(CASE WHEN {_COUNTS} AND r.id IS NULL THEN 1 ELSE 0 END) AS int) AS times,
        CAST(SUM(CASE WHEN {_COUNTS} THEN e.awarded + COALESCE(r.awarded, 0) ELSE 0 END) AS int) AS counted
    FROM point_entry e LEFT JOIN point_entry r ON r.reverses_id = e.id AND r.profile_id = ANY($1)
    WHERE e.profile_id = ANY($1) GROUP BY e.profile_id, e.category, e.activity, e.shown
""")
