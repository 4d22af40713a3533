"""
What processes tell each other: rows of one table, written with what they tell and read by every process.

Whoever keeps something in memory listens to a topic and asks `catch_up` before it answers from there; whoever waits for
something listens and is told within half a second. docs/decisions/0009-notices.md says why it is done this way.
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
from models.statements import Statement
from services.core import clock, runtime
from services.core.change_feed_readers import ByCommit, BySnapshot
from services.core.runtime import runtime_of
from services.errors import named

log = structlog.get_logger(__name__)

CHANGE_RETENTION = timedelta(hours=6)
"""How long notices are kept. A pinned board undoes what was told within the hour that it lives."""
MAX_READER_LAG = CHANGE_RETENTION - timedelta(minutes=10)
"""Whoever has not looked for so long may have missed notices, with clocks that differ a little."""
POLL_SECONDS = 0.5
"""Seconds between two looks of a process that serves."""
DELETE_BATCH = 1000
"""Profiles in one notice, and notices deleted at once."""


class Topic(Enum):
    """What a notice is about."""

    SCORES = "SCORES"
    """Sums or listing of the facts' `profiles` changed; `listed` holds, by id, who appeared (true) or left (false)."""
    BADGES = "BADGES"
    """Definitions of badges that came with an import changed."""
    PERSON = "PERSON"
    """Something happened to one person: the facts' `kind`, and what belongs to it."""


class PersonKind(Enum):
    """What can happen to a person that they are told at once."""

    POINTS = "POINTS"
    LEVEL = "LEVEL"
    BADGE = "BADGE"
    CHALLENGE = "CHALLENGE"
    CONNECTION_REQUEST = "CONNECTION_REQUEST"
    CONNECTION_ACCEPTED = "CONNECTION_ACCEPTED"
    INVITE_ACCEPTED = "INVITE_ACCEPTED"
    COLLABORATOR_TAGGED = "COLLABORATOR_TAGGED"
    MERGE = "MERGE"


@dataclass(frozen=True, slots=True)
class NewFeedEntry:
    """A notice to be written. One with a `profile_id` is written only when somebody could hear it: see `publish_all`."""

    topic: Topic
    profile_id: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A notice as it is read. `at`: when it was written (UTC); `xid`: by which transaction, 0 on SQLite."""

    id: int
    topic: Topic
    profile_id: int | None
    facts: dict[str, Any]
    at: datetime
    xid: int = 0


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """What one look found on a topic, oldest first. `everything`: notices may be missing, so anything may have changed."""

    notices: Sequence[FeedEntry]
    everything: bool = False


Listener = Callable[[FeedBatch], None]
"""Called in the event loop; marks what is old or fills a queue, and waits for nothing."""


# Writing


async def publish(topic: Topic, *, profile_id: int | None = None, facts: Mapping[str, Any] | None = None) -> None:
    """Write one notice, in the caller's transaction: it is told when that commits, and never when it is undone."""
    await publish_all([NewFeedEntry(topic, profile_id, facts or {})])


def person_entry(profile_id: int, kind: PersonKind, **facts: Any) -> NewFeedEntry:
    """Make the notice of something that happened to a person, for `publish_all`. Facts are what JSON can hold."""
    return NewFeedEntry(Topic.PERSON, profile_id, {"kind": kind.value, **facts})


def scores_changed(profile_ids: Sequence[int], listed: Mapping[int, bool] | None = None) -> list[NewFeedEntry]:
    """Make the notices of people whose sums changed or, in `listed`, who appeared or left: a thousand people each."""
    flips = listed or {}
    return [
        NewFeedEntry(Topic.SCORES, None, {"profiles": some} | ({"listed": those} if those else {}))
        for start in range(0, len(profile_ids), DELETE_BATCH)
        if (some := list(profile_ids[start : start + DELETE_BATCH]))
        for those in ({str(number): flips[number] for number in some if number in flips},)
    ]


async def publish_all(notices: Sequence[NewFeedEntry]) -> None:
    """
    Write notices in one statement, in the caller's transaction.

    One for a person is left out where the profile has no active account: nobody could be told. Index: account
    (profile_id).
    """
    if not notices:
        return
    connection = Notice._meta.db
    topics = [each.topic.value for each in notices]
    facts = [orjson.dumps(each.facts).decode() for each in notices]
    profiles = [each.profile_id for each in notices]
    if connection.capabilities.dialect == "postgres":
        values = [topics, profiles, facts, clock.now(), AccountStatus.ACTIVE.value]
        written = await connection.execute_query_dict(_WRITE.postgres, values)
        reader = runtime.current().existing(Follower)
        if written and reader:
            reader.to_be_seen(written[0]["xid"])
        return
    rows = orjson.dumps(list(zip(topics, profiles, facts, strict=True))).decode()
    await connection.execute_query(_WRITE.sqlite, [rows, clock.now(), AccountStatus.ACTIVE.value])


_WRITE = Statement(
    sqlite="""
        INSERT INTO notice (xid, topic, profile_id, facts, at)
        SELECT 0, value ->> 0, value ->> 1, value ->> 2, ?2 FROM json_each(?1)
        WHERE value ->> 1 IS NULL
           OR EXISTS (SELECT 1 FROM account WHERE account.profile_id = value ->> 1 AND account.status = ?3)
        ORDER BY key
    """,
    postgres="""
        INSERT INTO notice (xid, topic, profile_id, facts, at)
        SELECT pg_current_xact_id()::text::bigint, n.topic, n.profile_id, n.facts::jsonb, $4
        FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY AS n (topic, profile_id, facts, place)
        WHERE n.profile_id IS NULL
           OR EXISTS (SELECT 1 FROM account WHERE account.profile_id = n.profile_id AND account.status = $5)
        ORDER BY n.place
        RETURNING xid
    """,
)


async def forget_old(now: datetime) -> int:
    """Delete notices older than `CHANGE_RETENTION`; returns how many. A thousand at a time: writers need not wait. Index: (at)."""
    gone = 0
    while (
        ids := await Notice.filter(at__lt=now - CHANGE_RETENTION)
        .order_by("at")
        .limit(DELETE_BATCH)
        .values_list("id", flat=True)
    ):
        gone += await Notice.filter(id__in=list(ids)).delete()
    return gone


# Reading


class Follower:
    """
    The one reader of notices of a database in this process.

    It tells what was committed after its first look: listen, catch up, and only then read what you keep.
    """

    def __init__(self, database: Database) -> None:
        self._database = ref(database)
        self._listeners: dict[Topic, list[Listener]] = {topic: [] for topic in Topic}
        self._looked_at: datetime | None = None
        self._reader: BySnapshot | ByCommit = BySnapshot() if database.dialect == "postgres" else ByCommit()
        self._failed = False

    def on(self, topic: Topic, listener: Listener) -> Callable[[], None]:
        """Tell `listener` what there is of this topic from now on, until the function that comes back is called."""
        listeners = self._listeners[topic]
        listeners.append(listener)

        def unsubscribe() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return unsubscribe

    async def catch_up(self) -> None:
        """
        Have every listener know, when this ends, what this process has committed before, and on SQLite also what any
        other has. Cheap when there is nothing new: 6 µs on SQLite, nothing on PostgreSQL. Inside a transaction it does
        nothing: what is read there may still be undone.
        """
        await self._read(only_own=True)

    async def look(self) -> None:
        """Have every listener know what anybody has committed before. One statement on PostgreSQL."""
        await self._read(only_own=False)

    async def keep_up(self) -> None:
        """Do `look` as a job that is done again and again: says once that the database cannot be read, until it can."""
        try:
            await self.look()
        except Exception as error:  # noqa: BLE001 - whatever it is, the next look may go well
            if not self._failed:
                log.warning("notices_not_read", reason=named(error))
            self._failed = True
        else:
            self._failed = False

    def to_be_seen(self, xid: int) -> None:
        """Remember that this process wrote notices in this transaction, so that the next `catch_up` looks."""
        if isinstance(self._reader, BySnapshot):
            self._reader.own.add(xid)

    async def _read(self, *, only_own: bool) -> None:
        database = self._database()
        if database is None or database.in_transaction:
            return
        now, before = clock.now(), self._looked_at
        late = before is not None and now - before > MAX_READER_LAG
        found = await self._reader.read(database, only_own=only_own, anew=late)
        if found is None:
            return
        # Nothing waits from here on: what has been read has been told before anybody else goes on.
        self._looked_at = now
        for topic, listeners in self._listeners.items():
            notices = [_entry_of(row) for row in found if row["topic"] == topic.value] if listeners else []
            if notices or late:
                for listener in list(listeners):
                    _call(listener, FeedBatch(notices, everything=late))


def _call(listener: Listener, news: FeedBatch) -> None:
    try:
        listener(news)
    except Exception:
        # The others are to be told all the same.
        log.exception("listener_failed", topics=sorted({each.topic.value for each in news.notices}))


async def entries_since(database: Database, topic: Topic, at: datetime) -> AsyncIterator[Sequence[FeedEntry]]:
    """What was told of a topic after `at`, as far as it is kept, a thousand notices at a time in order of id. Index: (at)."""
    moment = at.isoformat(" ") if database.dialect == "sqlite" else at
    last = 0
    while rows := await database.fetch_long(_SINCE, topic.value, moment, last, DELETE_BATCH):
        yield [_entry_of(row) for row in rows]
        last = rows[-1]["id"]


_SINCE = Statement.of(
    "SELECT id, xid, topic, profile_id, facts, at FROM notice WHERE topic = $1 AND at > $2 AND id > $3 ORDER BY id LIMIT $4"
)


def _entry_of(row: Row) -> FeedEntry:
    at = row["at"]
    return FeedEntry(
        id=row["id"],
        topic=Topic(row["topic"]),
        profile_id=row["profile_id"],
        facts=orjson.loads(row["facts"]),
        at=datetime.fromisoformat(at) if isinstance(at, str) else at,
        xid=row["xid"],
    )


def follower(database: Database) -> Follower:
    """Return the one follower of this database in this process."""
    return runtime_of(database).part(Follower, lambda: Follower(database))
