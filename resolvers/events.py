"""Sources of subscriptions: changes of boards, and events of the viewer."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

from catalogue.points import ACTIVITIES, LEVELS
from models.database import Database
from resolvers import challenges, leaderboards, profiles
from resolvers.base import cursors
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from resolvers.connections import connection_requests, connections
from resolvers.connections.connections import ConnectionStatus
from services.core import change_feed, clock, merged_profiles, person_events
from services.core.change_feed import FeedBatch, FeedEntry, Listener, PersonKind, Topic
from services.core.person_events import Position
from services.errors import ErrorCode, NotAllowed, refused
from services.leaderboards import boards
from services.leaderboards.keys import Board
from services.progress.scores import microseconds

SECONDS_BETWEEN_DELIVERIES = 0.5
"""Seconds between two deliveries of a board."""
EVENTS = "viewer-events"
"""Name of the list in cursors of events."""
EVENT_TYPES = {
    PersonKind.POINTS: "PointsEvent",
    PersonKind.LEVEL: "LevelEvent",
    PersonKind.BADGE: "BadgeEvent",
    PersonKind.CHALLENGE: "ChallengeEvent",
    PersonKind.COLLABORATOR_TAGGED: "CollaboratorTaggedEvent",
    PersonKind.CONNECTION_REQUEST: "ConnectionRequestEvent",
    PersonKind.CONNECTION_ACCEPTED: "ConnectionAcceptedEvent",
    PersonKind.INVITE_ACCEPTED: "InviteAcceptedEvent",
    PersonKind.MERGED: "ProfilesMergedEvent",
    PersonKind.MISSED: "EventsMissedEvent",
}


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


@columns("key", "board", "period", "company_id", "starts_on", "ends_on")
async def boards_now(keys: Sequence[Board], context: Context) -> list[Row]:
    """Each board as it is now, like `Query.leaderboard`."""
    return [await leaderboards.leaderboard(context, board=board) for board in keys]


async def viewer_events(context: Context, *, after: str | None = None) -> AsyncGenerator[Row, None]:
    """
    A row for each event of the viewer, in order: those after the cursor `after` first, then those that come. Only the position
    is kept in memory; a slow client reads later what is stored. If events may have been deleted, a row that says so comes first.

    Raises NotAllowed: FORBIDDEN (the viewer has no profile); Refused: BAD_CURSOR (`after` is not of an event of the viewer).
    """
    own, database = context.viewer.profile_id, context.database
    if own is None:
        raise NotAllowed(ErrorCode.FORBIDDEN, "Only people may do this; this account has no profile.")
    await change_feed.follower(database).catch_up()  # what is committed from here on is notified
    position = await person_events.now(database) if after is None else await _position_of(own, after)
    arrived, late = asyncio.Event(), not position.is_stored
    arrived.set()  # for what was committed before the listener is there

    def receive(batch: FeedBatch) -> None:
        nonlocal late
        late = late or batch.everything
        if late or any(each.profile_id == own for each in batch.entries):
            arrived.set()

    with _listening(database, Topic.PERSON, receive):
        while True:
            await arrived.wait()
            arrived.clear()
            if late:
                late, before = False, _cursor_of(own, position)
                position = replace(position, at=clock.now())
                yield _missed_row(own, position, before)
            while found := await person_events.after(database, own, position):
                for each in found:
                    position = each.position
                    if entry := await _as_now(each.entry, context):
                        yield _event_row(entry, _cursor_of(own, position))


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


def challenge(row: Row) -> Row | None:
    """The challenge that was completed; None if it is no longer in the catalogue."""
    return challenges.by_code(row["challenge"])


async def _as_now(entry: FeedEntry, context: Context) -> FeedEntry | None:
    """
    Return an event as it is delivered, or None if the viewer may not know of it any more. If the other person was merged into another
    profile since, it is about that one.
    """
    if await _is_still_visible(entry, context):
        return entry
    current = await merged_profiles.current_ids([int(entry.facts["profile"])])
    for other in current.values():
        moved = replace(entry, facts={**entry.facts, "profile": other})
        if await _is_still_visible(moved, context):
            return moved
    return None


async def _is_still_visible(entry: FeedEntry, context: Context) -> bool:
    """Return False if an event is about a connection or request that the viewer cannot see any more, for example after a block."""
    kind, other = PersonKind(entry.facts["kind"]), int(entry.facts.get("profile", 0))
    if kind is PersonKind.CONNECTION_REQUEST:
        return (await connection_requests.with_viewer([other], context))[0] is not None
    if kind is PersonKind.CONNECTION_ACCEPTED:
        visible = (await profiles.by_id([other], context))[0] is not None
        return visible and await connections.statuses([other], context) == [ConnectionStatus.CONNECTED.value]
    return True


def _event_row(entry: FeedEntry, cursor: str) -> Row:
    kind = PersonKind(entry.facts["kind"])
    facts = {**entry.facts, "kind": kind, "at": entry.at, "profile_id": entry.profile_id}
    return {"__typename": EVENT_TYPES[kind], **facts, "cursor": cursor}


def _missed_row(profile_id: int, position: Position, before: str) -> Row:
    kind = PersonKind.MISSED
    facts = {"kind": kind, "at": position.at, "profile_id": profile_id, "missed_after": before}
    return {"__typename": EVENT_TYPES[kind], **facts, "cursor": _cursor_of(profile_id, position)}


def _cursor_of(profile_id: int, position: Position) -> str:
    """The cursor of the event before a position: all that is needed to go on there."""
    at = microseconds(position.at)
    return cursors.encode(EVENTS, profile_id, position.before, position.within, position.last, at)


async def _position_of(profile_id: int, cursor: str) -> Position:
    """
    The position after an event of this profile, or of one that was merged into it: the events of both continue there. Raises
    Refused: BAD_CURSOR.
    """
    owner, before, within, last, at = cursors.decode(EVENTS, cursor, int, str, str, int, int)
    if owner != profile_id and await merged_profiles.current_id(owner) != profile_id:
        raise refused(ErrorCode.BAD_CURSOR, "That is not the cursor of an event of yours.", path=("after",))
    return Position(before, within, last, datetime.fromtimestamp(at / 1_000_000, UTC))


@contextmanager
def _listening(database: Database, topic: Topic, listener: Listener) -> Iterator[None]:
    unsubscribe = change_feed.follower(database).on(topic, listener)
    try:
        yield
    finally:
        unsubscribe()
