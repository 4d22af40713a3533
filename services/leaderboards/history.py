"""The changes of sums and visibility within the last hour, so that a board can be put back to a moment."""

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


def change_of(entry: FeedEntry) -> Change:
    """Return when an entry was written, and by which transaction."""
    return Change(entry.at.astimezone(UTC), entry.xid or entry.id)


class History:
    """The last change of each changed profile, and every change of visibility."""

    def __init__(self) -> None:
        self.last = NEVER
        self._last_changes: dict[int, Change] = {}
        self._visibility: dict[tuple[int, int], _VisibilityChange] = {}
        self._recorded = 0

    def record(self, entry: FeedEntry) -> Change:
        """Record one entry of the change feed and return its change. Recording an entry twice has no effect."""
        change = change_of(entry)
        self.last = self.last.later(change)
        for profile_id in entry.facts["profiles"]:
            self._last_changes[profile_id] = self._last_changes.get(profile_id, NEVER).later(change)
        for profile_id, listed in entry.facts.get("listed", {}).items():
            self._visibility[entry.id, int(profile_id)] = _VisibilityChange(entry.id, change, int(profile_id), listed)
        self._recorded += 1
        if self._recorded % ENTRIES_PER_CLEANUP == 0:
            self._drop_older(clock.now() - HISTORY_LENGTH)
        return change

    def _drop_older(self, before: datetime) -> None:
        changes, visibility = self._last_changes, self._visibility
        self._last_changes = {profile_id: each for profile_id, each in changes.items() if each.at >= before}
        self._visibility = {key: each for key, each in visibility.items() if each.change.at >= before}

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
