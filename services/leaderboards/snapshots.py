"""
Pinned boards: a board as it was at a moment, the same on every page and in every process, while scores change.

A snapshot is the live ranking, frozen (sorted_rows.py). Profiles that changed since the moment are put back to what the
transactions of the moment (moments.py) recorded for them. It is made once, because nothing that commits later belongs
to the moment. Two things still change: profiles that hide are left out, and a company's snapshot is made again when
the company's members change.
"""

import asyncio
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from services.core import clock
from services.errors import ErrorCode, refused
from services.leaderboards import moments, sql
from services.leaderboards.boards import PROFILES_PER_READ, Boards
from services.leaderboards.cache import ALL_TIME_VIEW, CachedBoards, Ranking, WindowTotals
from services.leaderboards.history import History, MergeChain
from services.leaderboards.keys import BOARD_COLUMNS, BoardKey, CompanyPeople, LedgerView
from services.leaderboards.moments import Moment
from services.leaderboards.sorted_rows import FrozenRows, Place, Standing, sort_key
from services.leaderboards.tables import BYTES_PER_ROW, ScoreTable

SNAPSHOT_LIFETIME = timedelta(hours=1)
"""The highest age of a moment that can be requested."""
MAX_SNAPSHOTS = 128
MAX_SNAPSHOT_BYTES = 64 * 2**20
"""Bytes of all snapshots of a process. One that was dropped is made again when it is requested."""
PROFILES_PER_TURN = 500
"""Profiles whose visibility is checked before the event loop has a turn."""
MANY_RESTORED = 2_000
"""Snapshots with more profiles to put back are made one at a time."""
HALF_HOUR = timedelta(minutes=30)
MICROSECOND = timedelta(microseconds=1)


class Snapshot:
    """
    A board that does not change, except that profiles that hide are left out: `hidden` has their positions, sorted.

    `seen_visibility` and `seen_company` say up to which visibility change and company change it is up to date.
    `restored` is the number of profiles that were put back to make it.
    """

    def __init__(
        self, frozen: FrozenRows, table: ScoreTable, *, seen_visibility: int, seen_company: int, restored: int
    ) -> None:
        self._frozen, self.table = frozen, table
        self.hidden: list[int] = []
        self.seen_visibility, self.seen_company, self.restored = seen_visibility, seen_company, restored

    @property
    def size(self) -> int:
        """Bytes of memory that it occupies at most, approximately."""
        return self._frozen.size + 8 * len(self.hidden)

    @property
    def total(self) -> int:
        """See Listing."""
        return self._frozen.total - len(self.hidden)

    def after(self, standing: Standing | None, size: int) -> list[Place]:
        """See Listing."""
        start = 0 if standing is None else self._frozen.position(sort_key(standing), behind=True)
        found: list[Place] = []
        while len(found) < size and start < self._frozen.total:
            found += self._visible(start, start + size)
            start += size
        return found[:size]

    def before(self, standing: Standing | None, size: int) -> list[Place]:
        """See Listing."""
        end = self._frozen.total if standing is None else self._frozen.position(sort_key(standing))
        found: list[Place] = []
        while len(found) < size and end > 0:
            found = self._visible(end - size, end) + found
            end -= size
        return found[-size:]

    def _visible(self, start: int, end: int) -> list[Place]:
        hidden = self.hidden
        return [
            place for place in self._frozen.between(start, end) if not (hidden and _contains(hidden, place.position))
        ]

    def above(self, points: int) -> int:
        """See Listing. Profiles that hide now are counted, so that ranks stay the same."""
        return self._frozen.above(points)

    def hidden_above(self, rank: int) -> int:
        """Return how many profiles with a better rank hide now."""
        return bisect_left(self.hidden, rank - 1)

    def standing(self, profile_id: int) -> Standing | None:
        """Return a profile's standing, hidden now or not; None if it was not on this board."""
        row = self.table.row(profile_id)
        if row is None:
            return None
        standing = self._frozen.standing(row)
        return standing if standing[0] > 0 and self._frozen.position_of(sort_key(standing)) is not None else None

    def set_hidden(self, profile_id: int, *, hidden: bool) -> None:
        """Leave a profile out, or include it again."""
        standing = self.standing(profile_id)
        position = None if standing is None else self._frozen.position_of(sort_key(standing))
        if position is None:
            return
        if hidden and not _contains(self.hidden, position):
            insort(self.hidden, position)
        elif not hidden and _contains(self.hidden, position):
            self.hidden.remove(position)


def _contains(ordered: Sequence[int], number: int) -> bool:
    at = bisect_left(ordered, number)
    return at < len(ordered) and ordered[at] == number


class Snapshots:
    """The snapshots of a process."""

    def __init__(self, boards: Boards) -> None:
        self._boards = boards
        self._cached = boards.cached
        self._snapshots: OrderedDict[BoardKey, Snapshot] = OrderedDict()
        self._one_large = asyncio.Semaphore(1)

    def has(self, key: BoardKey) -> bool:
        """Return True if the snapshot is cached."""
        return _shared(key) in self._snapshots

    async def current_moment(self, key: BoardKey) -> datetime:
        """
        Return the moment to pin a live board to: its last change or the last full half hour, whichever is later.

        All that the board contains now belongs to it. It stays the same until the board changes, and it is always young
        enough to be requested.
        """
        boards = self._boards
        ranking = await boards.ranking(key.board, LedgerView(key.window), key.people)
        version, changed, now = ranking.version, ranking.changed, clock.now()
        minute = now.minute - now.minute % (HALF_HOUR.seconds // 60)
        at = max(changed.at, now.replace(minute=minute, second=0, microsecond=0))
        if ranking.last_pinned and ranking.last_pinned[0] == version and ranking.last_pinned[1] >= at:
            return ranking.last_pinned[1]
        fixed = await moments.fix(boards.database, at)
        if not fixed.new and changed.transaction >= fixed.moment.begin:
            # Another process fixed this moment before the last change of this board was committed.
            at = max(now, at + MICROSECOND)
            await moments.fix(boards.database, at)
        ranking.last_pinned = version, at
        return at

    async def get(self, key: BoardKey) -> Snapshot:
        """Return the board at `key.at`, which is within the last hour. Valid until the caller's next await."""
        boards, key = self._boards, _shared(key)
        while True:
            await boards.totals(ALL_TIME_VIEW)
            cached = boards.cached
            if cached is not self._cached:
                self._cached, self._snapshots = cached, OrderedDict()
            snapshot = self._snapshots.get(key)
            if snapshot is None or snapshot.seen_company != cached.company_changes.get(key.people, 0):
                await boards.run_once(("snapshot", key), partial(self._make, cached, key))
            elif snapshot.seen_visibility < len(cached.visibility_changes):
                start = snapshot.seen_visibility
                some = cached.visibility_changes[start : start + PROFILES_PER_TURN]
                snapshot.seen_visibility += len(some)
                for profile_id in some:
                    snapshot.set_hidden(profile_id, hidden=not cached.is_listed(profile_id))
                if len(some) == PROFILES_PER_TURN:
                    await asyncio.sleep(0)
            else:
                self._snapshots.move_to_end(key)
                return snapshot

    async def standing(self, key: BoardKey, profile_id: int) -> Standing | None:
        """Return where a profile's points would place it on this board at its moment, listed or not; None without points."""
        snapshot = await self.get(key)
        if (standing := snapshot.standing(profile_id)) is not None or key.at is None:
            return standing
        moment = (await moments.fix(self._boards.database, key.at)).moment
        [found] = (await self._standings_at(key, moment, [profile_id])).values()
        return found

    async def _make(self, cached: CachedBoards, key: BoardKey) -> None:
        boards, view, column = self._boards, LedgerView(key.window), BOARD_COLUMNS[key.board]
        if key.at is None:
            return
        moment = (await moments.fix(boards.database, key.at)).moment
        if key.people is not None:
            await boards.refresh()  # the members of the company are those of today
        await boards.ranking(key.board, view, key.people)
        with boards.changes_during(cached) as uncertain:
            async with boards.lock:  # no change is partly applied
                totals, ranking = _find(cached, view, column, key.people)
                if totals is None or ranking is None or boards.cached is not cached:
                    return
                frozen, seen_visibility = ranking.rows.freeze(), len(cached.visibility_changes)
                seen_company = cached.company_changes.get(key.people, 0)
                uncertain.update(boards.pending)
            # After this poll every change is known that belongs to the moment, and every one that is frozen but does not.
            await boards.poll()
            if boards.cached is not cached:
                return
            uncertain.update(boards.pending)
            changed = self._profiles_to_restore(cached, key, ranking, moment, uncertain)
        if len(changed) > MANY_RESTORED:
            async with self._one_large:
                await self._restore(key, moment, totals, frozen, changed)
        else:
            await self._restore(key, moment, totals, frozen, changed)
        if boards.cached is not cached:
            return
        snapshot = Snapshot(
            frozen, totals.table, seen_visibility=seen_visibility, seen_company=seen_company, restored=len(changed)
        )
        for count, profile_id in enumerate(changed, 1):
            if not cached.is_listed(profile_id):
                snapshot.set_hidden(profile_id, hidden=True)
            if count % PROFILES_PER_TURN == 0:
                await asyncio.sleep(0)
        self._put(cached, key, snapshot)

    def _profiles_to_restore(
        self, cached: CachedBoards, key: BoardKey, ranking: Ranking, moment: Moment, uncertain: set[int]
    ) -> dict[int, bool]:
        """
        Return the profiles that may have had another standing at the moment, each with whether it was on the board if it had
        points: those that changed outside the moment, and `uncertain`, which changed and were not read again before the
        ranking was frozen.
        """
        history = self._boards.history
        if ranking.changed.at <= moment.at and ranking.changed.transaction < moment.begin and not uncertain:
            return {}
        members = None if key.people is None else cached.companies.get(key.people, set())
        listed = history.listed_at(moment)
        return {
            profile_id: listed.get(profile_id, cached.is_listed(profile_id))
            and (members is None or profile_id in members)
            for profile_id in uncertain.union(history.changed_since(moment))
        }

    async def _restore(
        self, key: BoardKey, moment: Moment, totals: WindowTotals, frozen: FrozenRows, changed: dict[int, bool]
    ) -> None:
        """Put these profiles in the frozen ranking back to their standings at the moment, which cannot change any more."""
        ids = list(changed)
        for start in range(0, len(ids), PROFILES_PER_READ):
            some = ids[start : start + PROFILES_PER_READ]
            for profile_id, standing in (await self._standings_at(key, moment, some)).items():
                row = totals.table.row(profile_id)
                if standing and changed[profile_id]:
                    frozen.restore(self._new_row(totals, profile_id) if row is None else row, *standing[:2])
                elif row is not None:
                    frozen.restore(row, 0, 0)
            await asyncio.sleep(0)

    def _new_row(self, totals: WindowTotals, profile_id: int) -> int:
        """Add a row for a profile whose first points have not been ingested yet."""
        cached = self._boards.cached
        if totals is not cached.windows.get(ALL_TIME_VIEW):
            return totals.table.add(profile_id)
        cached.set_membership(profile_id, cached.membership(profile_id))
        return len(totals.table) - 1

    async def _standings_at(self, key: BoardKey, moment: Moment, ids: Sequence[int]) -> dict[int, Standing | None]:
        """Return the standings of these profiles at the moment, listed or not; None for those without points."""
        column, boards = BOARD_COLUMNS[key.board], self._boards
        while True:
            undone = _merges_after(boards.history, moment)
            sums = await sql.sums_of(boards.database, ids, [LedgerView(key.window)], moment, undone=undone)
            await boards.poll()
            if _merges_after(boards.history, moment) == undone:
                break  # no merge was committed that these sums contain and that was not undone
        found: dict[int, Standing | None] = dict.fromkeys(ids)
        for profile_id, [own] in sums.items():
            if own[2 * column] > 0:
                found[profile_id] = own[2 * column], own[2 * column + 1], profile_id
        return found

    def _put(self, cached: CachedBoards, key: BoardKey, snapshot: Snapshot) -> None:
        if cached is self._cached:
            self._snapshots[key] = snapshot
            while len(self._snapshots) > MAX_SNAPSHOTS or (
                len(self._snapshots) > 1 and self._size(cached) > MAX_SNAPSHOT_BYTES
            ):
                self._snapshots.popitem(last=False)

    def _size(self, cached: CachedBoards) -> int:
        """Return the bytes of all snapshots, including the tables that only they refer to."""
        tables = {id(each.table): each.table for each in self._snapshots.values()}
        for totals in cached.windows.values():
            tables.pop(id(totals.table), None)
        return sum(each.size for each in self._snapshots.values()) + sum(
            BYTES_PER_ROW * len(each) for each in tables.values()
        )


def _merges_after(history: History, moment: Moment) -> dict[int, int]:
    """Return the merges to undo for a moment. Raises Refused: SNAPSHOT_EXPIRED (they cannot be undone)."""
    try:
        return history.merges_after(moment)
    except MergeChain as error:
        text = "Profiles were merged since that moment. Start again without `asOf`."
        raise refused(ErrorCode.SNAPSHOT_EXPIRED, text, path=("asOf",)) from error


def _shared(key: BoardKey) -> BoardKey:
    """Return the key of the snapshot: it does not depend on who chose the moment."""
    return key._replace(chosen_by_client=False)


def _find(
    cached: CachedBoards, view: LedgerView, column: int, people: CompanyPeople | None
) -> tuple[WindowTotals | None, Ranking | None]:
    totals = cached.windows.get(view)
    return totals, totals.rankings[column].get(people) if totals else None
