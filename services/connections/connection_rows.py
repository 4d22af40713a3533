"""The pair of rows that a connection is, and what hangs on it: counters, and the badges that go by them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from catalogue.criteria import CONNECTIONS
from models.connections import Connection, ConnectionRequest
from models.statements import Statement, execute_rows
from models.transactions import require_transaction
from services.achievements import achievements
from services.progress import counters
from services.progress.counters import Movement, Tally
from services.progress.scores import lock_scores_only


class Brought(NamedTuple):
    """A connection that two people bring along."""

    one: int
    other: int
    at: datetime


class Taken(NamedTuple):
    """What became of the connections that were brought, each by its place; and what moved."""

    new: int
    known: dict[int, int]
    """Those that were here already, with the number of the row that was there."""
    blocked: list[int]
    """Those that a block stands between: they stay apart."""
    movements: list[Movement]


async def joined(one: int, other: int) -> bool:
    """Whether two profiles are connected."""
    return await Connection.exists(profile_id=one, other_id=other)


async def join(one: int, other: int, at: datetime) -> bool:
    """
    Connect two profiles, and end their requests; False when they are connected already.

    Both score rows must be locked: a concurrent call for the same two waits, and then sees the connection.
    Requires a transaction.
    """
    require_transaction()
    await ConnectionRequest.filter(_between("sender_id", "receiver_id", one, other)).delete()
    if await joined(one, other):
        return False
    pairs = sorted([(one, other), (other, one)])
    await Connection.bulk_create([Connection(profile_id=a, other_id=b, connected_at=at) for a, b in pairs])
    await achievements.evaluate([await counters.add(profile_id, CONNECTIONS, 1) for profile_id, _ in pairs])
    return True


async def ignore(requests: QuerySet[ConnectionRequest], now: datetime) -> None:
    """
    Put those of these requests away that wait for an answer; with the score rows locked.

    A request that reached its receiver is never ignored in the moment it was sent: that is the mark of one that was sent
    during a block and reached nobody (`unseen`).
    Requires a transaction.
    """
    require_transaction()
    for request in await requests.filter(ignored_at=None):
        request.ignored_at = max(now, request.sent_at + timedelta(microseconds=1))
        await request.save(update_fields=["ignored_at"])


def unseen(request: ConnectionRequest) -> bool:
    """Whether a request never reached its receiver, who had blocked its sender when it was sent."""
    return request.ignored_at == request.sent_at


async def part(one: int, other: int) -> bool:
    """Undo a connection, like `join`; False when there is none. Badges stay."""
    gone = await Connection.filter(_between("profile_id", "other_id", one, other)).delete()
    if gone:
        await achievements.evaluate(
            [await counters.add(profile_id, CONNECTIONS, -1) for profile_id in sorted((one, other))]
        )
    return bool(gone)


async def join_many(brought: Sequence[Brought]) -> Taken:
    """
    Connect many pairs, none of them twice; four statements, however many. Counters
    follow; whether badges do is the caller's to say, with the movements.
    Requires a transaction.
    """
    require_transaction()
    if not brought:
        return Taken(0, {}, [], [])
    await lock_scores_only({number for each in brought for number in (each.one, each.other)})
    known = {row["place"]: row["id"] for row in await execute_rows(_KNOWN, brought)}
    blocked = [row["place"] for row in await execute_rows(_BLOCKED, brought) if row["place"] not in known]
    apart = set(blocked)
    tally, new = Tally(), list[Brought]()
    for place, each in enumerate(brought):
        if place not in known and place not in apart:
            new.append(each)
            for number in (each.one, each.other):
                tally.add(number, CONNECTIONS, 1, 0, each.at)
    if new:
        await execute_rows(_JOIN, [*new, *(Brought(each.other, each.one, each.at) for each in new)])
    return Taken(len(new), known, blocked, await counters.keep(tally, {}))


async def newest() -> int:
    """The number of the newest row there is; what is written from now on has a higher one. 0: there is none."""
    found: Any = await Connection.all().order_by("-id").first().values_list("id", flat=True)
    return found or 0


def _over_pairs(text: str) -> Statement:
    return Statement.over_rows(text, one="bigint", other="bigint", at="timestamptz")


# Unique (profile_id, other_id).
_KNOWN = _over_pairs(
    "SELECT b.place - 1 AS place, c.id FROM {rows} b JOIN connection c ON c.profile_id = b.one AND c.other_id = b.other"
)
# Unique (blocker_id, blocked_id), read twice.
_BLOCKED = _over_pairs("""
    SELECT b.place - 1 AS place FROM {rows} b
    WHERE EXISTS (SELECT 1 FROM block k WHERE k.blocker_id = b.one AND k.blocked_id = b.other)
       OR EXISTS (SELECT 1 FROM block k WHERE k.blocker_id = b.other AND k.blocked_id = b.one)
""")
# In the order of the indexes, so that neighbours are written together.
_JOIN = _over_pairs("""
    INSERT INTO connection (profile_id, other_id, connected_at) SELECT b.one, b.other, b.at FROM {rows} b ORDER BY b.one, b.other
""")


def _between(first: str, second: str, one: int, other: int) -> Q:
    there: dict[str, Any] = {first: one, second: other}
    back: dict[str, Any] = {first: other, second: one}
    return Q(**there) | Q(**back)
