"""The changes of sums and visibility, and the merges, within the last hour, so that a board can be put back to a moment."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from services.core import clock
from services.core.change_feed import FeedEntry
from services.leaderboards.moments import Moment
from services.progress.scores import EPOCH

HISTORY_LENGTH = timedelta(hours=1, minutes=5)
"""How far back it reaches: the lifetime of a snapshot, with some minutes for clocks that differ."""
ENTRIES_PER_CLEANUP = 10_000
"""Recorded entries after which older changes are dropped."""


class Change(NamedTuple):
    """When an entry of the change feed was written (UTC), and by which transaction (see Moment)."""

    at: datetime = EPOCH
    transaction: int = 0

    def later(self, other: "Change") -> "Change":
        """Return the later time and the higher transaction of both, each by itself."""
        return Change(max(self.at, other.at), max(self.transaction, other.transaction))


NEVER = Change()


class _VisibilityChange(NamedTuple):
    entry_id: int
    change: Change
    profile_id: int
    listed: bool


class _Merge(NamedTuple):
    change: Change
    survivor: int


class MergeChain(Exception):
    """Of the merges after a moment one has a survivor that was merged in turn: the ledger tells only the last owner before that."""


def change_of(entry: FeedEntry) -> Change:
    """Return when an entry was written, and by which transaction."""
    return Change(entry.at.astimezone(UTC), entry.xid or entry.id)


class History:
    """The last change of each changed profile, every change of visibility, and every merge."""

    def __init__(self) -> None:
        self.last = NEVER
        self._last_changes: dict[int, Change] = {}
        self._visibility: dict[tuple[int, int], _VisibilityChange] = {}
        self._merges: dict[int, _Merge] = {}
        self.merges = 0
        """How many merges were ever recorded: it grows with each."""
        self._recorded = 0

    def record(self, entry: FeedEntry) -> Change:
        """Record one entry of the change feed and return its change. Recording an entry twice has no effect."""
        change = change_of(entry)
        self.last = self.last.later(change)
        for profile_id in entry.facts["profiles"]:
            self._last_changes[profile_id] = self._last_changes.get(profile_id, NEVER).later(change)
        for profile_id, listed in entry.facts.get("listed", {}).items():
            self._visibility[entry.id, int(profile_id)] = _VisibilityChange(entry.id, change, int(profile_id), listed)
        for former_id, survivor in entry.facts.get("merged", {}).items():
            self.merges += int(former_id) not in self._merges
            self._merges[int(former_id)] = _Merge(change, survivor)
        self._recorded += 1
        if self._recorded % ENTRIES_PER_CLEANUP == 0:
            self._drop_older(clock.now() - HISTORY_LENGTH)
        return change

    def _drop_older(self, before: datetime) -> None:
        changes, visibility = self._last_changes, self._visibility
        self._last_changes = {profile_id: each for profile_id, each in changes.items() if each.at >= before}
        self._visibility = {key: each for key, each in visibility.items() if each.change.at >= before}
        self._merges = {former_id: each for former_id, each in self._merges.items() if each.change.at >= before}

    def merged_with(self, profile_ids: Iterable[int]) -> set[int]:
        """Return these profiles with those that were merged into them within the last hour, and those that they were merged into."""
        found = set(profile_ids)
        for former_id, merge in self._merges.items():
            if former_id in found or merge.survivor in found:
                found |= {former_id, merge.survivor}
        return found

    def merges_after(self, moment: Moment) -> dict[int, int]:
        """
        Return the merges that do not belong to the moment: the survivor by the id of the profile that is gone. Raises MergeChain if
        they cannot be undone.
        """
        found = {
            former_id: each.survivor for former_id, each in self._merges.items() if not moment.contains(*each.change)
        }
        if not found.keys().isdisjoint(found.values()):
            raise MergeChain
        return found

    def survivors_after(self, moment: Moment) -> set[int]:
        """Return the profiles that another one was merged into by a merge that does not belong to the moment."""
        return {each.survivor for each in self._merges.values() if not moment.contains(*each.change)}

    def changed_since(self, moment: Moment) -> Iterable[int]:
        """
        Return every profile with a change that does not belong to the moment, and perhaps some more: profiles changed
        by a transaction that was complete then, while an earlier one was still running.
        """
        at, begin = moment.at, moment.begin
        return [
            profile_id
            for profile_id, change in self._last_changes.items()
            if change.at > at or change.transaction >= begin
        ]

    def listed_at(self, moment: Moment) -> dict[int, bool]:
        """For each profile whose visibility changed within the last hour, return whether it was listed at the moment."""
        within: dict[int, bool] = {}
        since: dict[int, bool] = {}
        for each in sorted(self._visibility.values()):
            if moment.contains(*each.change):
                within[each.profile_id] = each.listed
            else:
                since.setdefault(each.profile_id, not each.listed)
        return within | since
