"""
Connections, requests, blocks and dismissed suggestions: those of the two become those of one person.

What was between the two disappears. A block of or by either stays, and ends the connection with that person. Requests in both
directions become a connection. Third people are not notified; their counters follow. Rules: docs/rules/accounts.md#merging-people,
docs/rules/connections.md.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from catalogue.criteria import CONNECTIONS
from models.connections import Connection, ConnectionRequest
from models.statements import Statement, execute, execute_rows
from models.transactions import require_transaction
from services.achievements import achievements
from services.connections import connection_rows
from services.connections.connection_rows import ImportedConnection
from services.core import clock
from services.core.visibility import blocked_with_sql
from services.merging import connection_requests
from services.merging.blocks import Blocks, blocks_of
from services.merging.connection_requests import Decision
from services.merging.plan import Pair, StepPlan, TablePlan
from services.progress import counters
from services.progress.counters import Tally


@dataclass(frozen=True)
class _PairTable:
    """A table of pairs of people: its two columns, and the column of its date, of which the earliest is kept."""

    name: str
    ends: tuple[str, str]
    date: str


_CONNECTIONS: Final = _PairTable("connection", ("profile_id", "other_id"), "connected_at")
_BLOCKS: Final = _PairTable("block", ("blocker_id", "blocked_id"), "blocked_at")
_DISMISSALS: Final = _PairTable("dismissed_suggestion", ("profile_id", "other_id"), "dismissed_at")


async def plan(pair: Pair) -> StepPlan:
    """
    Count the connections (not their rows, of which each has two), and requests, blocks and dismissals as far as the two know of
    them: the preview displays the counts.
    """
    own = await _read_connections(pair)
    blocks = await blocks_of(pair)
    decision = await _decide(pair, own, blocks, clock.now())
    return StepPlan(
        [
            _count_connections(pair, own, blocks, decision),
            TablePlan(
                "connection_request",
                kept=decision.kept,
                moved=decision.moved,
                combined=decision.combined,
                lost=decision.lost,
            ),
            await _count_rows(pair, _BLOCKS),
            await _count_rows(pair, _DISMISSALS),
        ]
    )


async def affected(pair: Pair) -> Collection[int]:
    """Return the people whose connections may change in number: those who have something to do with both."""
    return [row["id"] for row in await execute(_RELATED_TO_BOTH, *pair)]


async def apply(pair: Pair, now: datetime) -> None:
    """
    Make all rows those of the survivor. The counter of the survivor is counted again by `progress`. Requires a transaction, with
    the score rows of both and of all `affected` people locked.
    """
    require_transaction()
    own = await _read_connections(pair)
    before = Counter(other for others in own.values() for other in others)
    decision = await _decide(pair, own, await blocks_of(pair), now)
    for table in (_BLOCKS, _CONNECTIONS, _DISMISSALS):
        await _unite(table, pair)
    await execute(_DISCONNECT, pair.survivor)
    await execute(_DISCONNECT_BACK, pair.survivor)
    await _write_requests(pair, decision)
    new = [ImportedConnection(pair.survivor, other, now) for other in decision.connected]
    movements = (await connection_rows.import_connections(new)).movements
    tally = Tally()
    after = Counter((await _read_connections(pair))[pair.survivor])
    after.subtract(decision.connected)  # counted already
    for other in sorted(before.keys() - set(pair)):
        if difference := after[other] - before[other]:
            tally.add(other, CONNECTIONS, difference, 0, now)
    movements += await counters.write_tally(tally, {})
    await achievements.evaluate([each for each in movements if each.profile_id != pair.survivor])


async def _decide(pair: Pair, own: dict[int, set[int]], blocks: Blocks, now: datetime) -> Decision:
    connected = {other for others in own.values() for other in others if other not in blocks}
    return await connection_requests.decide(pair, blocks, connected - set(pair), now)


def _count_connections(pair: Pair, own: dict[int, set[int]], blocks: Blocks, decision: Decision) -> TablePlan:
    source, survivor = (own[each] - set(pair) for each in pair)
    staying, moving = ({other for other in others if other not in blocks} for others in (survivor, source))
    between = int(pair.source in own[pair.survivor])
    return TablePlan(
        "connection",
        kept=len(staying),
        moved=len(moving - staying),
        combined=len(moving & staying),
        lost=len(survivor - staying) + len(source - moving) + between,
        added=len(decision.connected),
    )


async def _count_rows(pair: Pair, table: _PairTable) -> TablePlan:
    [row] = await execute(_counts(table), *pair)
    return TablePlan(table.name, kept=row["kept"], moved=row["moved"], combined=row["combined"], lost=row["lost"])


async def _read_connections(pair: Pair) -> dict[int, set[int]]:
    """The people with whom each of the two is connected."""
    found: dict[int, set[int]] = {each: set() for each in pair}
    rows: Any = Connection.filter(profile_id__in=pair).values_list("profile_id", "other_id")
    for profile_id, other_id in await rows:
        found[profile_id].add(other_id)
    return found


async def _unite(table: _PairTable, pair: Pair) -> None:
    """Delete what is between the two; then give the survivor the rows of both, of two equal ones the earlier."""
    for statement in _uniting(table):
        await execute(statement, *pair)


async def _write_requests(pair: Pair, decision: Decision) -> None:
    if decision.deleted:
        await execute(_DELETE_REQUESTS, decision.deleted)
    times = [(each.id, each.sent_at, each.ignored_at, each.withdrawn_at) for each in decision.changed]
    await execute_rows(_CHANGE_REQUESTS, times)
    await ConnectionRequest.filter(sender_id=pair.source).update(sender_id=pair.survivor)
    await ConnectionRequest.filter(receiver_id=pair.source).update(receiver_id=pair.survivor)


def _uniting(table: _PairTable) -> Iterator[Statement]:
    first, second = table.ends
    yield Statement.of(f"DELETE FROM {table.name} WHERE {first} IN ($1, $2) AND {second} IN ($1, $2)")
    for end, other in ((first, second), (second, first)):
        equal = f"SELECT {{}} FROM {table.name} x WHERE x.{end} = {{}} AND x.{other} = t.{other}"
        earlier = equal.format(f"x.{table.date}", "$1") + f" AND x.{table.date} < t.{table.date}"
        yield Statement.of(f"""
            UPDATE {table.name} AS t SET {table.date} = ({earlier}) WHERE t.{end} = $2 AND EXISTS ({earlier})
        """)
        yield Statement.of(f"DELETE FROM {table.name} AS t WHERE t.{end} = $1 AND EXISTS ({equal.format('1', '$2')})")
        yield Statement.of(f"UPDATE {table.name} SET {end} = $2 WHERE {end} = $1")


def _counts(table: _PairTable) -> Statement:
    """The two's own rows alone: the preview must not tell how many people have blocked or dismissed the person."""
    first, second = table.ends
    between = f"t.{second} IN ($1, $2)"
    equal = f"EXISTS (SELECT 1 FROM {table.name} x WHERE x.{first} = $2 AND x.{second} = t.{second})"
    return Statement.of(f"""
        SELECT COUNT(CASE WHEN {between} THEN 1 END) AS lost,
            COUNT(CASE WHEN NOT {between} AND t.{first} = $2 THEN 1 END) AS kept,
            COUNT(CASE WHEN NOT {between} AND t.{first} = $1 AND NOT {equal} THEN 1 END) AS moved,
            COUNT(CASE WHEN NOT {between} AND t.{first} = $1 AND {equal} THEN 1 END) AS combined
        FROM {table.name} t WHERE t.{first} IN ($1, $2)
    """)


_DISCONNECT = Statement.of(f"DELETE FROM connection WHERE profile_id = $1 AND other_id IN {blocked_with_sql('$1')}")
_DISCONNECT_BACK = Statement.of(
    f"DELETE FROM connection WHERE other_id = $1 AND profile_id IN {blocked_with_sql('$1')}"
)
_DELETE_REQUESTS = Statement.of("DELETE FROM connection_request WHERE id = ANY($1)")
_CHANGE_REQUESTS = Statement.over_rows(
    """
    UPDATE connection_request AS r SET sent_at = n.sent_at, ignored_at = n.ignored_at, withdrawn_at = n.withdrawn_at
    FROM {rows} n WHERE n.id = r.id
    """,
    id="bigint",
    sent_at="timestamptz",
    ignored_at="timestamptz",
    withdrawn_at="timestamptz",
)
# Indexes: unique (profile_id, other_id); unique (sender_id, receiver_id), (receiver_id, sent_at, id); unique (blocker_id,
# blocked_id), (blocked_id, blocker_id).
_RELATED_TO_BOTH = Statement.of("""
    SELECT id FROM (
        SELECT other_id AS id, profile_id AS side FROM connection WHERE profile_id IN ($1, $2)
        UNION SELECT receiver_id, sender_id FROM connection_request WHERE sender_id IN ($1, $2)
        UNION SELECT sender_id, receiver_id FROM connection_request WHERE receiver_id IN ($1, $2)
        UNION SELECT blocked_id, blocker_id FROM block WHERE blocker_id IN ($1, $2)
        UNION SELECT blocker_id, blocked_id FROM block WHERE blocked_id IN ($1, $2)
    ) related
    WHERE id NOT IN ($1, $2) GROUP BY id HAVING COUNT(*) = 2
""")
