"""Connections in the database: two rows each, with their counters and the badges that depend on them."""

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
from services.progress.scores import lock_score_rows


class ImportedConnection(NamedTuple):
    """A connection of two profiles from an import."""

    one: int
    other: int
    at: datetime


class ImportResult(NamedTuple):
    """Result of importing connections, by their index in the input, and the counters that changed."""

    new: int
    known: dict[int, int]
    """Index of each connection that existed already, with the id of its row."""
    blocked: list[int]
    """Indexes of pairs with a block; they are not connected."""
    movements: list[Movement]


async def are_connected(one: int, other: int) -> bool:
    """True if two profiles are connected."""
    return await Connection.exists(profile_id=one, other_id=other)


async def connect(one: int, other: int, at: datetime) -> bool:
    """
    Connect two profiles and delete the requests between them; returns False if they are connected already.

    Both score rows must be locked: a concurrent call for the same two waits, and then sees the connection.
    Requires a transaction.
    """
    require_transaction()
    await ConnectionRequest.filter(_between("sender_id", "receiver_id", one, other)).delete()
    if await are_connected(one, other):
        return False
    pairs = sorted([(one, other), (other, one)])
    await Connection.bulk_create([Connection(profile_id=a, other_id=b, connected_at=at) for a, b in pairs])
    await achievements.evaluate([await counters.add(profile_id, CONNECTIONS, 1) for profile_id, _ in pairs])
    return True


async def ignore(requests: QuerySet[ConnectionRequest], now: datetime) -> None:
    """
    Ignore those of these requests that are pending. The score rows must be locked.

    `ignored_at` is always later than `sent_at`: equal times mark a request that was sent during a block and never reached
    its receiver (`is_undelivered`).
    Requires a transaction.
    """
    require_transaction()
    for request in await requests.filter(ignored_at=None):
        request.ignored_at = max(now, request.sent_at + timedelta(microseconds=1))
        await request.save(update_fields=["ignored_at"])


def is_undelivered(request: ConnectionRequest) -> bool:
    """True if a request never reached its receiver, who had blocked its sender when it was sent."""
    return request.ignored_at == request.sent_at


async def disconnect(one: int, other: int) -> bool:
    """Delete a connection, under the same locks as `connect`; returns False if there is none. Badges stay."""
    deleted = await Connection.filter(_between("profile_id", "other_id", one, other)).delete()
    if deleted:
        await achievements.evaluate(
            [await counters.add(profile_id, CONNECTIONS, -1) for profile_id in sorted((one, other))]
        )
    return bool(deleted)


async def import_connections(connections: Sequence[ImportedConnection]) -> ImportResult:
    """
    Connect many pairs, without duplicates, in four statements. Counters are updated. Badges are not: the caller may
    pass the movements to `achievements.evaluate`.
    Requires a transaction.
    """
    require_transaction()
    if not connections:
        return ImportResult(0, {}, [], [])
    await lock_score_rows({number for each in connections for number in (each.one, each.other)})
    known = {row["place"]: row["id"] for row in await execute_rows(_KNOWN, connections)}
    blocked = [row["place"] for row in await execute_rows(_BLOCKED, connections) if row["place"] not in known]
    skipped = {*known, *blocked}
    tally, new = Tally(), list[ImportedConnection]()
    for place, each in enumerate(connections):
        if place not in skipped:
            new.append(each)
            for number in (each.one, each.other):
                tally.add(number, CONNECTIONS, 1, 0, each.at)
    if new:
        await execute_rows(_INSERT, [*new, *(ImportedConnection(each.other, each.one, each.at) for each in new)])
    return ImportResult(len(new), known, blocked, await counters.write_tally(tally, {}))


async def newest_id() -> int:
    """The id of the newest row; later rows have higher ids. 0 if there are no rows."""
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
# In index order, so that rows on the same page are written together.
_INSERT = _over_pairs("""
    INSERT INTO connection (profile_id, other_id, connected_at) SELECT b.one, b.other, b.at FROM {rows} b ORDER BY b.one, b.other
""")


def _between(first: str, second: str, one: int, other: int) -> Q:
    forward: dict[str, Any] = {first: one, second: other}
    backward: dict[str, Any] = {first: other, second: one}
    return Q(**forward) | Q(**backward)
