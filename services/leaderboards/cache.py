"""What a process has cached of the boards: sums by window, rankings made of them, visibility, members of companies."""

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import count
from typing import Final, NamedTuple

from services.leaderboards.history import Change
from services.leaderboards.keys import ALL_TIME, CompanyPeople, LedgerView
from services.leaderboards.sorted_rows import SortedRows
from services.leaderboards.tables import BOARDS, ZERO_SUMS, ScoreTable, Sums

ALL_TIME_VIEW: Final = LedgerView(ALL_TIME)
MAX_WINDOWS = 16
MAX_ROWS = 3_000_000
"""Rows of all windows together, except all time. Beyond it or MAX_WINDOWS, the least recently read window is dropped."""
MAX_COMPANIES = 64
_versions = count(1)


class Membership(NamedTuple):
    """Decides on which boards a profile ranks: whether it is listed, and of which of the cached companies it is."""

    listed: bool = False
    companies: frozenset[CompanyPeople] = frozenset()

    def ranks_in(self, people: CompanyPeople | None) -> bool:
        """Return True if the profile ranks in the company, or among everyone (None)."""
        return self.listed and (people is None or people in self.companies)


class WindowTotals:
    """The sums of one window, and their rankings by board column and company."""

    def __init__(self, table: ScoreTable) -> None:
        self.table = table
        self.rankings: list[dict[CompanyPeople | None, Ranking]] = [{} for _ in range(BOARDS)]

    def update(self, profile_id: int, sums: Sums, before: Membership, after: Membership, change: Change) -> None:
        """Set a profile's sums, and move it in the rankings that this changes."""
        table = self.table
        row = table.row(profile_id)
        if row is None:
            if not any(sums):
                return
            row = table.add(profile_id)
        for column, rankings in enumerate(self.rankings):
            old = table.points[column][row], table.reached[column][row]
            new = sums[2 * column], sums[2 * column + 1]
            moved = []
            for people, ranking in rankings.items():
                ranked = old[0] > 0 and before.ranks_in(people)
                ranks = new[0] > 0 and after.ranks_in(people)
                if ranked != ranks or (ranked and old != new):
                    moved.append((ranking, ranks))
                    if ranked:
                        ranking.rows.remove(row)
            table.points[column][row], table.reached[column][row] = new
            for ranking, ranks in moved:
                if ranks:
                    ranking.rows.insert(row)
                ranking.record(change)


class Ranking:
    """A live board. `version` grows with every change, and also if the ranking is dropped and built again."""

    def __init__(self, rows: SortedRows, changed: Change) -> None:
        self.rows = rows
        self.changed = changed
        self.version = next(_versions)
        self.last_pinned: tuple[int, datetime] | None = None
        """The version that was pinned last, and the moment that it was pinned to."""

    def record(self, change: Change) -> None:
        """Note that a profile was added, removed or moved."""
        self.version = next(_versions)
        self.changed = self.changed.later(change)


class CachedBoards:
    """Everything that is cached. It is dropped as a whole if entries of the change feed may have been missed."""

    def __init__(self) -> None:
        self.windows: OrderedDict[LedgerView, WindowTotals] = OrderedDict()
        self.companies: OrderedDict[CompanyPeople, set[int]] = OrderedDict()
        self.trackers: list[set[int]] = []
        """For each build under way: the profiles whose sums, visibility or company changed since it began."""
        self.visibility_changes = array("q")
        """Profiles that became listed or unlisted since the cache was built, in order."""
        self.company_changes: dict[CompanyPeople | None, int] = {}
        """For each cached company: how often a profile joined or left it."""
        self._listed = bytearray()

    def start(self, table: ScoreTable, listed: bytearray) -> None:
        """Store everyone's all-time sums and, row by row, whether they are listed."""
        self._listed = listed
        self.windows[ALL_TIME_VIEW] = WindowTotals(table)

    def is_listed(self, profile_id: int) -> bool:
        """Return True if the profile is visible to everyone."""
        row = self.windows[ALL_TIME_VIEW].table.row(profile_id)
        return row is not None and bool(self._listed[row])

    def membership(self, profile_id: int) -> Membership:
        """Return the cached membership of a profile."""
        inside = frozenset(people for people, members in self.companies.items() if profile_id in members)
        return Membership(self.is_listed(profile_id), inside)

    def set_membership(self, profile_id: int, membership: Membership) -> None:
        """Store the membership of a profile, with a row for a new one."""
        table = self.windows[ALL_TIME_VIEW].table
        row = table.row(profile_id)
        if row is None:
            row = table.add(profile_id, ZERO_SUMS)
            self._listed.append(0)
        if self._listed[row] != membership.listed:
            self._listed[row] = membership.listed
            self.visibility_changes.append(profile_id)
        for people, members in self.companies.items():
            if (people in membership.companies) != (profile_id in members):
                self.company_changes[people] = self.company_changes.get(people, 0) + 1
                (members.add if people in membership.companies else members.discard)(profile_id)

    def ranked_rows(self, totals: WindowTotals, column: int, people: CompanyPeople | None) -> Iterator[int]:
        """Yield the rows that rank by this column, unsorted."""
        table = totals.table
        points = table.points[column]
        if people is not None:
            for profile_id in list(self.companies.get(people, ())):
                row = table.row(profile_id)
                if row is not None and points[row] > 0 and self.is_listed(profile_id):
                    yield row
        elif totals is self.windows.get(ALL_TIME_VIEW):
            yield from (row for row in table.rows_with_points(column) if self._listed[row])
        else:
            yield from (row for row in table.rows_with_points(column) if self.is_listed(table.ids[row]))

    def track(self, profile_ids: Iterable[int]) -> None:
        """Tell every build under way which profiles change."""
        for changed in self.trackers:
            changed.update(profile_ids)

    def stop_tracking(self, changed: set[int]) -> None:
        """Unregister this very set: equal sets of other builds stay."""
        self.trackers = [each for each in self.trackers if each is not changed]

    def mark_used(self, view: LedgerView, people: CompanyPeople | None) -> None:
        """Mark a window and a company as the most recently read ones."""
        self.windows.move_to_end(view)
        if people is not None:
            self.companies.move_to_end(people)

    def evict(self) -> None:
        """Drop the least recently read windows and companies beyond the limits; never all time, never the latest."""
        while len(self.windows) > MAX_WINDOWS or (
            len(self.windows) > 2  # noqa: PLR2004 - all time, and the one just built
            and sum(len(totals.table) for view, totals in self.windows.items() if view != ALL_TIME_VIEW) > MAX_ROWS
        ):
            del self.windows[next(view for view in self.windows if view != ALL_TIME_VIEW)]
        while len(self.companies) > MAX_COMPANIES:
            people, _ = self.companies.popitem(last=False)
            for totals in self.windows.values():
                for rankings in totals.rankings:
                    rankings.pop(people, None)
