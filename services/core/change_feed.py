"""
The change feed: rows by which every process learns of writes. They are written in the transaction of the change.

A cache listens to a topic, and awaits `catch_up` before it answers from memory. A subscription listens and is notified
within half a second. docs/decisions/0009-change-feed.md gives the reasons.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from weakref import ref

import orjson
import structlog

from models.accounts import AccountStatus
from models.database import Database, Row
from models.notices import Notice
from models.statements import Statement, execute_rows, read_datetime
from models.transactions import require_transaction
from services.core import clock, runtime
from services.core.change_feed_readers import ByCommit, BySnapshot
from services.core.runtime import runtime_of
from services.errors import failure_name

log = structlog.get_logger(__name__)

CHANGE_RETENTION = timedelta(hours=6)
"""How long entries are stored. A board pinned to the last hour undoes the changes of that hour."""
MAX_READER_LAG = CHANGE_RETENTION - timedelta(minutes=10)
"""A follower that has not read for this long may have missed entries (retention minus clock skew)."""
POLL_SECONDS = 0.5
"""Seconds between two polls of a server."""
ENTRIES_PER_BATCH = 1000
"""Profiles in one entry, and entries deleted or read at once."""


class Topic(Enum):
    """The subject of an entry."""

    SCORES = "SCORES"
    """
    Sums or listing of `profiles` changed. `listed` has, by id, who appeared (true) or disappeared (false); `merged`, by former id,
    into whom a profile was merged.
    """
    BADGES = "BADGES"
    """Definitions of imported badges changed."""
    PERSON = "PERSON"
    """Something happened to one person: `kind` and the facts of that kind."""


class PersonKind(Enum):
    """Events of which a person is notified at once."""

    POINTS = "POINTS"
    LEVEL = "LEVEL"
    BADGE = "BADGE"
    CHALLENGE = "CHALLENGE"
    CONNECTION_REQUEST = "CONNECTION_REQUEST"
    CONNECTION_ACCEPTED = "CONNECTION_ACCEPTED"
    INVITE_ACCEPTED = "INVITE_ACCEPTED"
    COLLABORATOR_TAGGED = "COLLABORATOR_TAGGED"
    MERGED = "MERGED"
    MISSED = "MISSED"
    """Never written: tells a subscriber that earlier events are no longer stored."""


@dataclass(frozen=True, slots=True)
class NewFeedEntry:
    """An entry to write. One with a `profile_id` is written only if the profile has an active account: see `publish_all`."""

    topic: Topic
    profile_id: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An entry as it is read. `at`: when it was written (UTC); `xid`: id of the transaction, 0 on SQLite."""

    id: int
    topic: Topic
    profile_id: int | None
    facts: dict[str, Any]
    at: datetime
    xid: int = 0


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """New entries of one topic, oldest first. `everything`: entries may be missing, so anything may have changed."""

    entries: Sequence[FeedEntry]
    everything: bool = False


Listener = Callable[[FeedBatch], None]
"""Called in the event loop: marks cached data as old or fills a queue. It must not block."""


# Writing


async def publish(topic: Topic, *, profile_id: int | None = None, facts: Mapping[str, Any] | None = None) -> None:
    """Write one entry. Listeners get it after the commit, and never after a rollback. Requires a transaction."""
    require_transaction()
    await publish_all([NewFeedEntry(topic, profile_id, facts or {})])


def person_entry(profile_id: int, kind: PersonKind, **facts: Any) -> NewFeedEntry:
    """Create the entry of an event of one person, for `publish_all`. Facts must be values that JSON can represent."""
    return NewFeedEntry(Topic.PERSON, profile_id, {"kind": kind.value, **facts})


def scores_changed(profile_ids: Sequence[int], listed: Mapping[int, bool] | None = None) -> list[NewFeedEntry]:
    """Create the entries of people whose sums changed or who, in `listed`, appeared or disappeared: 1,000 people each."""
    flips = listed or {}
    return [
        NewFeedEntry(Topic.SCORES, None, {"profiles": some} | ({"listed": those} if those else {}))
        for start in range(0, len(profile_ids), ENTRIES_PER_BATCH)
        if (some := list(profile_ids[start : start + ENTRIES_PER_BATCH]))
        for those in ({str(number): flips[number] for number in some if number in flips},)
    ]


def profiles_merged(source_id: int, survivor_id: int, *, was_listed: bool) -> NewFeedEntry:
    """Create the one entry by which the source disappears and the survivor's sums change. `was_listed`: the source was."""
    facts: dict[str, Any] = {"profiles": [source_id, survivor_id], "merged": {str(source_id): survivor_id}}
    return NewFeedEntry(Topic.SCORES, None, facts | ({"listed": {str(source_id): False}} if was_listed else {}))


async def publish_all(entries: Sequence[NewFeedEntry]) -> None:
    """
    Write entries in one statement.

    An entry of one person is left out if the profile has no active account, because no subscriber could receive it.
    Index: account (profile_id).
    Requires a transaction.
    """
    require_transaction()
    if not entries:
        return
    rows = [(each.topic.value, each.profile_id, orjson.dumps(each.facts).decode()) for each in entries]
    written = await execute_rows(_WRITE, rows, clock.now(), AccountStatus.ACTIVE.value)
    reader = runtime.current().existing(Follower)
    if written and reader:
        reader.note_own_transaction(written[0]["xid"])


_WRITE = Statement.over_rows(
    """
    INSERT INTO notice (xid, topic, profile_id, facts, at)
    SELECT {xid}, n.topic, n.profile_id, {facts}, $1 FROM {rows} n
    WHERE n.profile_id IS NULL
       OR EXISTS (SELECT 1 FROM account WHERE account.profile_id = n.profile_id AND account.status = $2)
    ORDER BY n.place
    RETURNING xid
    """,
    topic="text",
    profile_id="bigint",
    facts="text",
).put(
    xid=Statement(sqlite="0", postgres="pg_current_xact_id()::text::bigint"),
    facts=Statement(sqlite="n.facts", postgres="n.facts::jsonb"),
)


async def forget_old(now: datetime) -> int:
    """Delete entries older than `CHANGE_RETENTION`; returns how many. 1,000 at a time: writers do not wait. Index: (at)."""
    gone = 0
    while (
        ids := await Notice.filter(at__lt=now - CHANGE_RETENTION)
        .order_by("at")
        .limit(ENTRIES_PER_BATCH)
        .values_list("id", flat=True)
    ):
        gone += await Notice.filter(id__in=list(ids)).delete()
    return gone


# Reading


class Follower:
    """
    The one reader of a database's change feed in this process.

    Listeners get what is committed after its first poll: subscribe, catch up, and only then read the data to cache.
    """

    def __init__(self, database: Database) -> None:
        self._database = ref(database)
        self._listeners: dict[Topic, list[Listener]] = {topic: [] for topic in Topic}
        self._polled_at: datetime | None = None
        self._reader: BySnapshot | ByCommit = BySnapshot() if database.dialect == "postgres" else ByCommit()
        self._failed = False

    def on(self, topic: Topic, listener: Listener) -> Callable[[], None]:
        """Call `listener` with new entries of this topic. Returns a function that ends this."""
        listeners = self._listeners[topic]
        listeners.append(listener)

        def unsubscribe() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return unsubscribe

    async def catch_up(self) -> None:
        """
        Notify listeners of what this process has committed before this call; on SQLite also of what others have.

        Cheap if there is nothing new: 6 µs on SQLite, nothing on PostgreSQL. Inside a transaction it does nothing,
        because data read there may still be rolled back.
        """
        await self._read_new_entries(only_own=True)

    async def poll(self) -> None:
        """Notify listeners of what any process has committed before this call. One statement on PostgreSQL."""
        await self._read_new_entries(only_own=False)

    async def keep_up(self) -> None:
        """Call `poll`, as a repeated job. Logs a failure once, until a poll succeeds again."""
        try:
            await self.poll()
        except Exception as error:  # noqa: BLE001 - the next poll may succeed, whatever the failure was
            if not self._failed:
                log.warning("change_feed.not_read", reason=failure_name(error))
            self._failed = True
        else:
            self._failed = False

    def note_own_transaction(self, xid: int) -> None:
        """Note that this process wrote entries in this transaction, so that the next `catch_up` reads them."""
        if isinstance(self._reader, BySnapshot):
            self._reader.own.add(xid)

    async def _read_new_entries(self, *, only_own: bool) -> None:
        database = self._database()
        if database is None or database.in_transaction:
            return
        now, before = clock.now(), self._polled_at
        late = before is not None and now - before > MAX_READER_LAG
        found = await self._reader.read(database, only_own=only_own, anew=late)
        if found is None:
            return
        # No await from here on: listeners are notified before any other task continues.
        self._polled_at = now
        for topic, listeners in self._listeners.items():
            entries = [entry_of(row) for row in found if row["topic"] == topic.value] if listeners else []
            if entries or late:
                for listener in list(listeners):
                    _notify(listener, FeedBatch(entries, everything=late))


def _notify(listener: Listener, batch: FeedBatch) -> None:
    try:
        listener(batch)
    except Exception:
        # The other listeners must be notified all the same.
        log.exception("listener.failed", topics=sorted({each.topic.value for each in batch.entries}))


async def entries_since(database: Database, topic: Topic, at: datetime) -> AsyncIterator[Sequence[FeedEntry]]:
    """Yield the stored entries of a topic that were written after `at`, in order of id, 1,000 at a time. Index: (at)."""
    last = 0
    while rows := await database.fetch_long(_SINCE, topic.value, at, last, ENTRIES_PER_BATCH):
        yield [entry_of(row) for row in rows]
        last = rows[-1]["id"]


_SINCE = Statement.of(
    "SELECT id, xid, topic, profile_id, facts, at FROM notice WHERE topic = $1 AND at > $2 AND id > $3 ORDER BY id LIMIT $4"
)


def entry_of(row: Row) -> FeedEntry:
    """Return the entry in a row with all columns of the feed."""
    return FeedEntry(
        id=row["id"],
        topic=Topic(row["topic"]),
        profile_id=row["profile_id"],
        facts=orjson.loads(row["facts"]),
        at=read_datetime(row["at"]),
        xid=row["xid"],
    )


def follower(database: Database) -> Follower:
    """Return the one follower of this database in this process."""
    return runtime_of(database).part(Follower, lambda: Follower(database))
