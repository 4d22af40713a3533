"""
When a profile first met a criterion: replays its figures in the order in which events happened.

Entries count at the time of their event, whenever they were reported. A reversal has the time of the reversed entry, so a
reversed event never happened. Entries of the same time are counted together. Opening balances have no such time: they come
first, in the order in which they were recorded, and count at the time they were recorded.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, Final

from catalogue.criteria import CONNECTIONS, LEVEL, POINTS, POINTS_OF, PROJECTS, Criterion
from catalogue.points import ACTIVITIES, Category, level_of
from models.points import EntryKind
from models.portfolio import ProjectState
from models.statements import Statement, execute, execute_rows, look_up, read_datetime
from services.progress.counters import HAPPENED
from services.progress.criteria import is_met
from services.progress.scores import EPOCH

ROWS_AT_ONCE: Final = 5_000
"""Rows that are counted before control returns to the event loop; a longer ledger of one profile is read in slices."""
ENTRIES_OF_SLICE: Final = 500
SLICES_AT_ONCE: Final = 40
"""Slices that one statement sums."""
NEVER_MET: Final = 1 << 62
"""More than any figure."""
BEFORE, OPENING, DATED = range(3)
"""Stages of a timeline: everything before `since`, summed; opening balances; all other entries."""
_CATEGORIES: Final = {name: category for category, name in POINTS_OF.items()}

Wanted = Mapping[int, Collection[Criterion]]
"""Criteria by profile."""
Met = dict[tuple[int, Criterion], datetime]
"""Times (UTC) by profile and criterion."""
Slice = tuple[datetime, datetime]
"""A time, and its end, which does not belong to it."""
ALL_TIME: Final[Slice] = EPOCH, datetime(9999, 1, 1, tzinfo=UTC)


def names_of(criterion: Criterion) -> set[str]:
    """Names of all figures that a criterion counts."""
    return {name for condition in criterion.conditions for name in condition.names}


async def first_met(wanted: Wanted, since: Mapping[int, datetime]) -> Met:
    """
    Return when each profile first met each of its criteria; criteria that were never met are missing.

    `since` (by profile, may be missing): a time before which none of them was met; the database sums earlier entries. One
    statement, one more for connections and one for projects. The whole ledger of one profile is summed in slices of 500 entries, and only
    those slices are read in which a criterion may have been met. Index: (profile_id, occurred_at, id).
    """
    moments: Met = {}
    if len(wanted) == 1 and not since:
        [(profile_id, criteria)] = wanted.items()
        of_ledger = {each for each in criteria if names_of(each).isdisjoint({CONNECTIONS, PROJECTS})}
        if of_ledger and (ends := await _slice_ends(profile_id)):
            moments = await _replay_slices(profile_id, of_ledger, [ALL_TIME[0], *ends, ALL_TIME[1]])
            wanted = {profile_id: set(criteria) - of_ledger}
    newly, met_earlier = await _replay(wanted, since)
    moments.update(newly)
    if met_earlier:  # `since` was wrong for these: replay all of their entries
        moments.update((await _replay(met_earlier, {}))[0])
    return moments


async def _replay(wanted: Wanted, since: Mapping[int, datetime]) -> tuple[Met, dict[int, set[Criterion]]]:
    lines = {number: _Line(criteria) for number, criteria in wanted.items()}
    return await _count(lines, await _read_changes(wanted, since, ALL_TIME))


async def _count(
    lines: Mapping[int, "_Line"], rows: Sequence[Mapping[str, Any]]
) -> tuple[Met, dict[int, set[Criterion]]]:
    """Count changes, in order. Returns the criteria that they meet, with times; and those that were met before `since`."""
    moments: Met = {}
    met_earlier: dict[int, set[Criterion]] = {}
    counted = 0
    for (number, stage, _), group in groupby(rows, key=lambda row: (row["profile_id"], row["stage"], row["at"])):
        together = list(group)
        newly = lines[number].count(together)
        if stage == BEFORE and newly:
            met_earlier[number] = newly
        elif newly:
            moments.update(dict.fromkeys([(number, each) for each in newly], _moment(stage, together)))
        counted += len(together)
        if counted >= ROWS_AT_ONCE:
            counted = 0
            await asyncio.sleep(0)
    return moments, met_earlier


async def _slice_ends(profile_id: int) -> list[datetime]:
    """Return the times at which the slices of a long ledger end; none if it is short."""
    rows = await execute(_SLICE_ENDS, profile_id, ENTRIES_OF_SLICE)
    ends = sorted({read_datetime(row["occurred_at"]) for row in rows})
    return ends if len(ends) * ENTRIES_OF_SLICE >= ROWS_AT_ONCE else []


async def _replay_slices(profile_id: int, criteria: Collection[Criterion], times: Sequence[datetime]) -> Met:
    """Replay slices, which begin and end at these times, until all criteria are met; none of them counts connections or projects."""
    line, moments = _Line(criteria), Met()
    slices = list(pairwise(times))
    for first in range(0, len(slices), SLICES_AT_ONCE):
        wanted, several = {profile_id: line.open}, slices[first : first + SLICES_AT_ONCE]
        if not line.open:
            break
        rows = await execute_rows(_SUMS_OF_SLICES, several, profile_id, *_in_ledger(_names(wanted)))
        sums = {place: list(group) for place, group in groupby(rows, key=itemgetter("place"))}
        for place, each in enumerate(several, 1):
            added = sums.get(place, [])
            if line.may_meet(added):
                moments.update((await _count({profile_id: line}, await _read_changes(wanted, {}, each)))[0])
            else:
                line.add(added)
    return moments


class _Line:
    """Growing figures of one profile, and the criteria that are not met yet."""

    def __init__(self, criteria: Collection[Criterion]) -> None:
        self._figures: defaultdict[str, int] = defaultdict(int)
        self._open: defaultdict[str, set[Criterion]] = defaultdict(set)
        for criterion in criteria:
            for name in names_of(criterion):
                self._open[name].add(criterion)
        self._least = {name: _least(name, open_) for name, open_ in self._open.items()}
        """For each figure the number below which no open criterion that counts it can be met."""

    @property
    def open(self) -> set[Criterion]:
        """The criteria that are not met yet."""
        return {criterion for criteria in self._open.values() for criterion in criteria}

    def may_meet(self, sums: Sequence[Mapping[str, Any]]) -> bool:
        """False if no open criterion can be met by a slice of the ledger, in whatever order its entries are counted."""
        most = self._figures.copy()
        _add(most, sums, "times_up", "points_up")
        return any(is_met(criterion, most) for criterion in self.open)

    def add(self, sums: Sequence[Mapping[str, Any]]) -> None:
        """Count a slice that meets no criterion."""
        _add(self._figures, sums, "times", "points")

    def count(self, together: Sequence[Mapping[str, Any]]) -> set[Criterion]:
        """Count the entries of one time; returns the criteria that are newly met."""
        figures = self._figures
        moved = _add(figures, together, "times", "points")
        near = {
            criterion
            for name in moved
            if name in self._least and figures[name] >= self._least[name]
            for criterion in self._open[name]
        }
        newly = {criterion for criterion in near if is_met(criterion, figures)}
        for criterion in newly:
            for name in names_of(criterion):
                self._open[name].discard(criterion)
                self._least[name] = _least(name, self._open[name])
        return newly


def _add(figures: dict[str, int], rows: Iterable[Mapping[str, Any]], times: str, points: str) -> set[str]:
    """Add these columns of changes, or of sums of changes; returns the names of the figures that moved."""
    moved = set[str]()
    for row in rows:
        if row["name"]:
            figures[row["name"]] += row[times]
            moved.add(row["name"])
        if row["category"]:
            of = POINTS_OF[Category(row["category"])]
            figures[of] += row[points]
            figures[POINTS] += row[points]
            moved.update((of, POINTS, LEVEL))
    figures[LEVEL] = level_of(figures[POINTS])
    return moved


def _least(name: str, criteria: Collection[Criterion]) -> int:
    conditions = (each for criterion in criteria for each in criterion.conditions if name in each.names)
    return min((each.at_least if len(each.names) == 1 else -NEVER_MET for each in conditions), default=NEVER_MET)


def _moment(stage: int, together: Sequence[Mapping[str, Any]]) -> datetime:
    recorded = min(read_datetime(row["recorded_at"]) for row in together)
    # An event may be some minutes in the future: no criterion is met later than its entry was recorded.
    return recorded if stage == OPENING else min(read_datetime(together[0]["at"]), recorded)


def _names(wanted: Wanted) -> set[str]:
    return {name for own in wanted.values() for criterion in own for name in names_of(criterion)}


def _in_ledger(names: Collection[str]) -> tuple[list[str], list[str]]:
    """The activities and categories whose entries these figures count."""
    whole = not {POINTS, LEVEL}.isdisjoint(names)
    categories = [each.value for name, each in _CATEGORIES.items() if whole or name in names]
    return sorted(ACTIVITIES.keys() & names), categories


async def _read_changes(wanted: Wanted, since: Mapping[int, datetime], within: Slice) -> list[Mapping[str, Any]]:
    """Return the changes of the wanted figures, by profile, in order of time; of the ledger those within a slice."""
    names = _names(wanted)
    activities, categories = _in_ledger(names)
    people = [(number, since.get(number, EPOCH)) for number in wanted]
    rows: list[Mapping[str, Any]] = []
    if activities or categories:
        rows += await execute_rows(_LEDGER, people, activities, categories, *within)
    if CONNECTIONS in names:
        rows += await execute_rows(_CONNECTIONS, people)
    if PROJECTS in names:
        rows += await execute_rows(_PROJECTS, people)
    if names & {CONNECTIONS, PROJECTS}:
        rows.sort(key=lambda row: (row["profile_id"], row["stage"], row["at"] or ""))
    return rows


def _over_people(text: str, table: str, alias: str, owner: str, condition: str = "") -> Statement:
    """`{rows}` are people, as `p`; `{theirs}` are their rows of `table`."""
    theirs = look_up(table, alias, f"{alias}.{owner} = p.id{condition}")
    return Statement.over_rows(text, id="bigint", since="timestamptz").put(theirs=theirs)


# Every 500th entry. Index: (profile_id, occurred_at, id).
_SLICE_ENDS = Statement.of("""
    SELECT occurred_at FROM (
        SELECT occurred_at, ROW_NUMBER() OVER (ORDER BY occurred_at, id) AS place FROM point_entry WHERE profile_id = $1
    ) entries WHERE place % $2 = 0
""")
# A subquery, because PostgreSQL would read the whole ledger for a join. Primary key.
OUTCOME = f"""
    CASE WHEN e.kind = '{EntryKind.REVERSAL.value}'
        THEN (SELECT o.outcome FROM point_entry o WHERE o.id = e.reverses_id) ELSE e.outcome END
""".strip()
# An activity counts as in services/progress/counters.py: an event that gave nothing for another reason than a cap does not count.
_TIMES = f"""
    CASE WHEN {OUTCOME} NOT IN ({", ".join(sorted(f"'{outcome.value}'" for outcome in HAPPENED))}) THEN 0
        WHEN e.kind = '{EntryKind.ACTIVITY.value}' THEN 1 WHEN e.kind = '{EntryKind.REVERSAL.value}' THEN -1 ELSE 0 END
""".strip()
_LEDGER = _over_people(
    f"""
    SELECT t.profile_id, t.stage, t.at, t.category, t.name, CAST(SUM(t.times) AS int) AS times,
        CAST(SUM(t.points) AS int) AS points, MIN(t.recorded_at) AS recorded_at
    FROM (
        SELECT e.profile_id, e.category, e.activity AS name, e.awarded AS points, e.recorded_at,
            CASE WHEN e.occurred_at < p.since THEN {BEFORE} WHEN e.kind = '{EntryKind.OPENING.value}' THEN {OPENING} ELSE {DATED} END AS stage,
            CASE WHEN e.occurred_at < p.since THEN NULL WHEN e.kind = '{EntryKind.OPENING.value}' THEN e.recorded_at
                ELSE e.occurred_at END AS at,
            {_TIMES} AS times
        FROM {{rows}} p {{theirs}}
        WHERE e.activity = ANY($1) OR e.category = ANY($2)
    ) t
    GROUP BY t.profile_id, t.stage, t.at, t.category, t.name
    ORDER BY t.profile_id, t.stage, t.at
    """,
    "point_entry",
    "e",
    owner="profile_id",
    condition=" AND e.occurred_at >= {beginning} AND e.occurred_at < {end}",
).put(
    beginning=Statement(sqlite="?4", postgres="$5"), end=Statement(sqlite="?5", postgres="$6")
)  # after rows and lists
# What a slice of one profile's ledger adds, and what it would add without its subtractions. Index: (profile_id, occurred_at, id).
_SUMS_OF_SLICES = (
    Statement.over_rows(
        f"""
    SELECT t.place, t.category, t.name, CAST(SUM(t.times) AS int) AS times, CAST(SUM(t.points) AS int) AS points,
        CAST(SUM(CASE WHEN t.times > 0 THEN t.times ELSE 0 END) AS int) AS times_up,
        CAST(SUM(CASE WHEN t.points > 0 THEN t.points ELSE 0 END) AS int) AS points_up
    FROM (
        SELECT s.place, e.category, e.activity AS name, e.awarded AS points, {_TIMES} AS times FROM {{rows}} s {{theirs}}
        WHERE e.activity = ANY($2) OR e.category = ANY($3)
    ) t
    GROUP BY t.place, t.category, t.name ORDER BY t.place
    """,
        beginning="timestamptz",
        until="timestamptz",
    )
    .put(
        theirs=look_up(
            "point_entry", "e", "e.profile_id = {profile} AND e.occurred_at >= s.beginning AND e.occurred_at < s.until"
        )
    )
    .put(profile=Statement(sqlite="?2", postgres="$3"))
)
_ROW = "NULL AS category, '{name}' AS name, 1 AS times, 0 AS points"
# Index: connection (profile_id, connected_at, other_id).
_CONNECTIONS = _over_people(
    f"""
    SELECT c.profile_id, {DATED} AS stage, c.connected_at AS at, {_ROW.format(name=CONNECTIONS)}, c.connected_at AS recorded_at
    FROM {{rows}} p {{theirs}}
    """,
    "connection",
    "c",
    owner="profile_id",
)
# Index: project (owner_id, state, …).
_PROJECTS = _over_people(
    f"""
    SELECT o.owner_id AS profile_id, {DATED} AS stage, COALESCE(o.published_at, o.created_at) AS at, {_ROW.format(name=PROJECTS)},
        COALESCE(o.published_at, o.created_at) AS recorded_at
    FROM {{rows}} p {{theirs}}
    WHERE o.state = '{ProjectState.PUBLISHED.value}'
    """,
    "project",
    "o",
    owner="owner_id",
)
