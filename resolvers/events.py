"""Events that are delivered as they happen: where they come from, and what of them a viewer may see."""

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
from services.errors import ErrorCode, refused
from services.leaderboards import boards
from services.leaderboards.keys import Board

SECONDS_BETWEEN_DELIVERIES = 0.5
"""Seconds between two deliveries of a board."""
MAX_QUEUED_EVENTS = 100
"""Events that wait for a slow client; beyond it the oldest are dropped."""
TYPES = {
    PersonKind.POINTS: "PointsEvent",
    PersonKind.LEVEL: "LevelEvent",
    PersonKind.BADGE: "BadgeEvent",
    PersonKind.CHALLENGE: "ChallengeEvent",
    PersonKind.COLLABORATOR_TAGGED: "CollaboratorTaggedEvent",
    PersonKind.CONNECTION_REQUEST: "ConnectionRequestEvent",
    PersonKind.CONNECTION_ACCEPTED: "ConnectionAcceptedEvent",
    PersonKind.INVITE_ACCEPTED: "InviteAcceptedEvent",
}
"""Kinds with facts of their own; any other is a PlainEvent."""


async def leaderboard_changed(context: Context, *, board: Board) -> AsyncGenerator[Row, None]:
    """
    A row at once for the all-time board as it stands, then one for each change: somebody came, left, or has other points.

    Changes that follow one another closely make one row, and a slow client gets the last state alone.
    """
    database, changed = context.database, asyncio.Event()
    with _listening(database, Topic.SCORES, lambda _news: changed.set()):
        live = boards.for_database(database)
        version = (await live.ranking(board)).version
        yield {"board": board, "as_of": clock.now()}
        while True:
            await changed.wait()
            changed.clear()
            now = (await live.ranking(board)).version
            if now == version:
                # Reading the board may itself have heard of a further change, without having waited for anything.
                await asyncio.sleep(0)
                continue
            version, delivered = now, monotonic()
            yield {"board": board, "as_of": clock.now()}
            await asyncio.sleep(max(0.0, delivered + SECONDS_BETWEEN_DELIVERIES - monotonic()))


@columns("key", "board", "period", "scope", "starts_on", "ends_on")
async def boards_now(keys: Sequence[Board], context: Context) -> list[Row]:
    """Each board as it stands now, as `Query.leaderboard` answers it."""
    return [await leaderboards.leaderboard(context, board=board) for board in keys]


async def viewer_events(context: Context) -> AsyncGenerator[Row, None]:
    """A row for each thing that happens to the viewer. Raises Refused: FORBIDDEN (the viewer is no person)."""
    own = context.viewer.profile_id
    if own is None:
        raise refused(ErrorCode.FORBIDDEN, "Only for people: this account has no profile.")
    waiting: deque[FeedEntry] = deque(maxlen=MAX_QUEUED_EVENTS)
    there_is_one = asyncio.Event()

    def hear(news: FeedBatch) -> None:
        waiting.extend(each for each in news.entries if each.profile_id == own)
        if waiting:
            there_is_one.set()

    with _listening(context.database, Topic.PERSON, hear):
        while True:
            await there_is_one.wait()
            while waiting:
                told = waiting.popleft()
                if await _may_know(told, context):
                    yield _event(told)
            there_is_one.clear()


def is_own(row: Row, context: Context) -> bool:
    """Whether an event is one of the viewer's."""
    return row["profile_id"] is not None and row["profile_id"] == context.viewer.profile_id


def activity(row: Row) -> Row | None:
    """The row of the point tables that gave points; None where none did."""
    found = ACTIVITIES.get(row["activity"] or "")
    return None if found is None else vars(found)


def level(row: Row) -> Row:
    """The level that was reached."""
    return vars(LEVELS[row["level"] - 1])


@columns("code", "title", "credits")
async def challenges(codes: Sequence[str], context: Context) -> list[Row | None]:
    """Challenges by their codes; None for one that is in the catalogue no more."""
    return [_challenge(CHALLENGES[code]) if code in CHALLENGES else None for code in codes]


def _challenge(found: Challenge) -> Row:
    return {"code": found.code, "title": translate(found.title), "credits": found.credits}


async def _may_know(told: FeedEntry, context: Context) -> bool:
    """Whether a connection or a request that is told of is still there for the viewer: nobody hid or was blocked since."""
    kind, other = PersonKind(told.facts["kind"]), int(told.facts.get("profile", 0))
    if kind is PersonKind.CONNECTION_REQUEST:
        return (await connection_requests.with_viewer([other], context))[0] is not None
    if kind is PersonKind.CONNECTION_ACCEPTED:
        visible = (await profiles.by_id([other], context))[0] is not None
        return visible and await connections.statuses([other], context) == [ConnectionStatus.CONNECTED.value]
    return True


def _event(told: FeedEntry) -> dict[str, Any]:
    kind = PersonKind(told.facts["kind"])
    facts = {**told.facts, "kind": kind, "at": told.at, "profile_id": told.profile_id}
    return {"__typename": TYPES.get(kind, "PlainEvent"), **facts}


@contextmanager
def _listening(database: Database, topic: Topic, listener: Listener) -> Iterator[None]:
    unsubscribe = change_feed.follower(database).on(topic, listener)
    try:
        yield
    finally:
        unsubscribe()
