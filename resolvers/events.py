"""Sources of subscriptions: changes of boards, and events of the viewer."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

from catalogue.challenges import CHALLENGES, Challenge
from catalogue.languages import translate
from catalogue.points import ACTIVITIES, LEVELS
from models.database import Database
from resolvers import leaderboards, profiles
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from resolvers.connections import connection_requests, connections
from resolvers.connections.connections import ConnectionStatus
from services.core import change_feed, clock
from services.core.change_feed import FeedBatch, FeedEntry, Listener, PersonKind, Topic
from services.errors import ErrorCode, NotAllowed
from services.leaderboards import boards
from services.leaderboards.keys import Board

SECONDS_BETWEEN_DELIVERIES = 0.5
"""Seconds between two deliveries of a board."""
MAX_QUEUED_EVENTS = 100
"""Events that wait for a slow client; beyond that the oldest are dropped."""
EVENT_TYPES = {
    PersonKind.POINTS: "PointsEvent",
    PersonKind.LEVEL: "LevelEvent",
    PersonKind.BADGE: "BadgeEvent",
    PersonKind.CHALLENGE: "ChallengeEvent",
    PersonKind.COLLABORATOR_TAGGED: "CollaboratorTaggedEvent",
    PersonKind.CONNECTION_REQUEST: "ConnectionRequestEvent",
    PersonKind.CONNECTION_ACCEPTED: "ConnectionAcceptedEvent",
    PersonKind.INVITE_ACCEPTED: "InviteAcceptedEvent",
}
"""Kinds with fields of their own; any other kind is a PlainEvent."""


async def leaderboard_changed(context: Context, *, board: Board) -> AsyncGenerator[Row, None]:
    """
    A row at once for the all-time board, then one for each change: a person joined or left it, or has other points.

    Changes that follow closely make one row, and a slow client gets only the last state.
    """
    database, changed = context.database, asyncio.Event()
    with _listening(database, Topic.SCORES, lambda _batch: changed.set()):
        live = boards.for_database(database)
        version = (await live.ranking(board)).version
        yield {"board": board, "as_of": clock.now()}
        while True:
            await changed.wait()
            changed.clear()
            now = (await live.ranking(board)).version
            if now == version:
                # Reading the board may itself have received a further change, without an await that lets others run.
                await asyncio.sleep(0)
                continue
            version, delivered = now, monotonic()
            yield {"board": board, "as_of": clock.now()}
            await asyncio.sleep(max(0.0, delivered + SECONDS_BETWEEN_DELIVERIES - monotonic()))


@columns("key", "board", "period", "scope", "starts_on", "ends_on")
async def boards_now(keys: Sequence[Board], context: Context) -> list[Row]:
    """Each board as it is now, like `Query.leaderboard`."""
    return [await leaderboards.leaderboard(context, board=board) for board in keys]


async def viewer_events(context: Context) -> AsyncGenerator[Row, None]:
    """A row for each event of the viewer. Raises NotAllowed: FORBIDDEN (the viewer has no profile)."""
    own = context.viewer.profile_id
    if own is None:
        raise NotAllowed(ErrorCode.FORBIDDEN, "Only people may do this; this account has no profile.")
    waiting: deque[FeedEntry] = deque(maxlen=MAX_QUEUED_EVENTS)
    arrived = asyncio.Event()

    def receive(batch: FeedBatch) -> None:
        waiting.extend(each for each in batch.entries if each.profile_id == own)
        if waiting:
            arrived.set()

    with _listening(context.database, Topic.PERSON, receive):
        while True:
            await arrived.wait()
            while waiting:
                entry = waiting.popleft()
                if await _is_still_visible(entry, context):
                    yield _event_row(entry)
            arrived.clear()


def is_own(row: Row, context: Context) -> bool:
    """Return True if an event is the viewer's."""
    return row["profile_id"] is not None and row["profile_id"] == context.viewer.profile_id


def activity(row: Row) -> Row | None:
    """The activity that gave points; None if none did."""
    found = ACTIVITIES.get(row["activity"] or "")
    return None if found is None else vars(found)


def level(row: Row) -> Row:
    """The level that was reached."""
    return vars(LEVELS[row["level"] - 1])


@columns("code", "title", "credits")
async def challenges(codes: Sequence[str], context: Context) -> list[Row | None]:
    """Challenges by their codes; None if no longer in the catalogue."""
    return [_challenge_row(CHALLENGES[code]) if code in CHALLENGES else None for code in codes]


def _challenge_row(found: Challenge) -> Row:
    return {"code": found.code, "title": translate(found.title), "credits": found.credits}


async def _is_still_visible(entry: FeedEntry, context: Context) -> bool:
    """Return False if an event is about a connection or request that the viewer cannot see any more, for example after a block."""
    kind, other = PersonKind(entry.facts["kind"]), int(entry.facts.get("profile", 0))
    if kind is PersonKind.CONNECTION_REQUEST:
        return (await connection_requests.with_viewer([other], context))[0] is not None
    if kind is PersonKind.CONNECTION_ACCEPTED:
        visible = (await profiles.by_id([other], context))[0] is not None
        return visible and await connections.statuses([other], context) == [ConnectionStatus.CONNECTED.value]
    return True


def _event_row(entry: FeedEntry) -> dict[str, Any]:
    kind = PersonKind(entry.facts["kind"])
    facts = {**entry.facts, "kind": kind, "at": entry.at, "profile_id": entry.profile_id}
    return {"__typename": EVENT_TYPES.get(kind, "PlainEvent"), **facts}


@contextmanager
def _listening(database: Database, topic: Topic, listener: Listener) -> Iterator[None]:
    unsubscribe = change_feed.follower(database).on(topic, listener)
    try:
        yield
    finally:
        unsubscribe()
