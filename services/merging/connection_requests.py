"""
What becomes of connection requests when two profiles merge: decided here, counted and written by connections.py.

Requests of the two to one person become one, and so do those of one person to the two. No one is notified, and what a request's
receiver decided in silence stays silent: services/connections/connections.py says how.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from models.statements import Statement, execute, read_datetime
from services.merging.blocks import Blocks
from services.merging.plan import Pair

ONE: Final = timedelta(microseconds=1)
"""A request that was ignored has a later `ignored_at` than `sent_at`: equal times mark one that never reached its receiver."""


@dataclass(frozen=True)
class Request:
    """A request between one of the two (`own`) and a third person, as it is stored. `sent`: by one of the two."""

    id: int
    own: int
    other: int
    sent: bool
    sent_at: datetime
    ignored_at: datetime | None
    withdrawn_at: datetime | None

    @property
    def is_visible(self) -> bool:
        """True if its receiver sees it."""
        return self.ignored_at is None and self.withdrawn_at is None

    @property
    def is_known(self) -> bool:
        """True if the one of the two who sent or received it sees it."""
        return self.withdrawn_at is None if self.sent else self.is_visible

    @property
    def was_delivered(self) -> bool:
        """False if its receiver had blocked its sender when it was sent."""
        return self.ignored_at != self.sent_at


@dataclass
class Decision:
    """
    `changed`: rows that stay with other times. `deleted`: ids of rows. `connected`: third people whose request crossed one of the two.
    The rest are counts for the plan, of the requests that the two know of: not of those that were withdrawn or never reached them.
    """

    changed: list[Request] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    connected: list[int] = field(default_factory=list)
    kept: int = 0
    moved: int = 0
    combined: int = 0
    lost: int = 0


async def decide(pair: Pair, blocks: Blocks, connected: Collection[int], now: datetime) -> Decision:
    """
    Return what happens to all requests of the two. `connected`: people who are connected with one of them, and not blocked.
    Indexes: unique (sender_id, receiver_id), (receiver_id, sent_at, id).
    """
    found = Decision()
    by_person: defaultdict[int, list[Request]] = defaultdict(list)
    for request in await _read(pair):
        by_person[request.other].append(request)
    for request in by_person.pop(pair.source, []) + by_person.pop(pair.survivor, []):  # between the two
        found.deleted.append(request.id)
        found.lost += request.is_known
    for other, requests in by_person.items():
        if other in connected:
            found.deleted += [each.id for each in requests]
            found.lost += sum(each.is_known for each in requests)
            continue
        sent = [each for each in requests if each.sent]
        received = [each for each in requests if not each.sent]
        stands = [any(each.withdrawn_at is None for each in some) for some in (sent, received)]
        if (
            all(stands) and other not in blocks
        ):  # as services/connections/connections.py: `send` accepts a request that waits
            found.deleted += [each.id for each in requests]
            found.combined += sum(each.is_known for each in requests)
            found.connected.append(other)
            continue
        for some in filter(None, (sent, received)):
            _keep_one(found, some, pair, blocks, now)
    return found


def _keep_one(found: Decision, requests: Sequence[Request], pair: Pair, blocks: Blocks, now: datetime) -> None:
    """Keep one of the requests in one direction: the one that its receiver sees, else the survivor's."""
    first = max(requests, key=lambda each: (each.is_visible, each.own == pair.survivor))
    after = _under_blocks(_united(first, requests), blocks, now)
    if after != first:
        found.changed.append(after)
    found.deleted += [each.id for each in requests if each is not first]
    known = [each for each in requests if each.is_known]
    if not after.is_known:
        found.lost += len(known)
        return
    if any(each.own == pair.survivor for each in known):
        found.kept += 1
    else:
        found.moved += 1
    found.combined += len(known) - 1


def _united(first: Request, requests: Sequence[Request]) -> Request:
    """The request with the times of all in its direction. It notifies its receiver no sooner than each of them would."""
    if len(requests) == 1:
        return first
    delivered = [each for each in requests if each.was_delivered]
    sent_at = max(each.sent_at for each in delivered or requests)
    withdrawn = [each.withdrawn_at for each in requests if each.withdrawn_at is not None]
    withdrawn_at = max(withdrawn) if len(withdrawn) == len(requests) else None
    ignored = [each.ignored_at for each in delivered if each.ignored_at is not None]
    if any(each.is_visible for each in requests):
        ignored_at = None
    elif ignored:
        ignored_at = max(*ignored, sent_at + ONE)
    elif not delivered:
        ignored_at = sent_at
    else:  # A withdrawn one, and perhaps one that stands and was not delivered: it must not appear.
        ignored_at = None if withdrawn_at else sent_at + ONE
    return replace(first, sent_at=sent_at, ignored_at=ignored_at, withdrawn_at=withdrawn_at)


def _under_blocks(request: Request, blocks: Blocks, now: datetime) -> Request:
    """A block withdraws the blocker's request and ignores the other's, as services/connections/blocks.py does."""
    blocked_by_sender = blocks.by_own if request.sent else blocks.by_others
    blocked_by_receiver = blocks.by_others if request.sent else blocks.by_own
    if request.other in blocked_by_sender and request.withdrawn_at is None:
        request = replace(request, withdrawn_at=now)
    if request.other in blocked_by_receiver and request.ignored_at is None:
        request = replace(request, ignored_at=max(now, request.sent_at + ONE))
    return request


async def _read(pair: Pair) -> Sequence[Request]:
    found = []
    for row in await execute(_OF_EITHER, *pair):
        sent = row["sender_id"] in pair
        own, other = (row["sender_id"], row["receiver_id"]) if sent else (row["receiver_id"], row["sender_id"])
        times = [None if row[name] is None else read_datetime(row[name]) for name in ("ignored_at", "withdrawn_at")]
        found.append(Request(row["id"], own, other, sent, read_datetime(row["sent_at"]), *times))
    return found


_OF_EITHER = Statement.of("""
    SELECT id, sender_id, receiver_id, sent_at, ignored_at, withdrawn_at FROM connection_request
    WHERE sender_id IN ($1, $2) OR receiver_id IN ($1, $2) ORDER BY id
""")
