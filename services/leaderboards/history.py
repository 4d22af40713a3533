"""Whose sums or listing changed within the last hours, so that a board can be taken back to a moment."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from services.core import clock
from services.core.change_feed import FeedEntry
from services.leaderboards.moments import Moment
from services.progress.scores import EPOCH

COVERED = timedelta(hours=1, minutes=5)
"""How far back it must reach: as long as a pin lives, with clocks that differ a little."""
FORGET_EVERY = 10_000
"""Notices between two times that what is older is forgotten."""


class Change(NamedTuple):
    """When something was told (UTC), and by which transaction (see Moment)."""

    at: datetime = EPOCH
    transaction: int = 0

    def later(self, other: "Change") -> "Change":
        """The later of both, each part by itself."""
        return Change(max(self.at, other.at), max(self.transaction, other.transaction))


NEVER = Change()


class _Flip(NamedTuple):
    notice: int
    change: Change
    profile_id: int
    listed: bool


def change_of(told: FeedEntry) -> Change:
    """When a notice was written, and by which transaction."""
    return Change(told.at.astimezone(UTC), told.xid or told.id)


class History:
    """The last change of everybody who changed, and every time that somebody appeared or left."""

    def __init__(self) -> None:
        self.last = NEVER
        self._changed: dict[int, Change] = {}
        self._flips: dict[tuple[int, int], _Flip] = {}
        self._heard = 0

    def hear(self, told: FeedEntry) -> Change:
        """Take in one notice; one that is heard twice does no harm."""
        change = change_of(told)
        self.last = self.last.later(change)
        for number in told.facts["profiles"]:
            self._changed[number] = self._changed.get(number, NEVER).later(change)
        for number, listed in told.facts.get("listed", {}).items():
            self._flips[told.id, int(number)] = _Flip(told.id, change, int(number), listed)
        self._heard += 1
        if self._heard % FORGET_EVERY == 0:
            self._forget(clock.now() - COVERED)
        return change

    def _forget(self, before: datetime) -> None:
        self._changed = {number: change for number, change in self._changed.items() if change.at >= before}
        self._flips = {key: flip for key, flip in self._flips.items() if flip.change.at >= before}

    def changed_since(self, moment: Moment) -> Iterable[int]:
        """
        Everybody for whom something was told that does not belong to the moment, and perhaps some more: those
        changed by a transaction that was over then, while an earlier one was still running.
        """
        at, begin = moment.at, moment.begin
        return [number for number, change in self._changed.items() if change.at > at or change.transaction >= begin]

    def listed_at(self, moment: Moment) -> dict[int, bool]:
        """Of those who appeared or left within the last hours, whether they were listed at the moment."""
        within: dict[int, bool] = {}
        since: dict[int, bool] = {}
        for flip in sorted(self._flips.values()):
            if moment.holds(*flip.change):
                within[flip.profile_id] = flip.listed
            else:
                since.setdefault(flip.profile_id, not flip.listed)
        return within | since
