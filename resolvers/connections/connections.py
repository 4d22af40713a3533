"""Connections that the viewer may see, mutual connections, and the mutations of connections."""

from collections.abc import Sequence
from enum import Enum
from typing import Any

from catalogue.criteria import CONNECTIONS
from models.statements import Statement
from resolvers.base.context import Context
from resolvers.base.current_profiles import current_of
from resolvers.base.pagination import Page, check_size, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from resolvers.connections import connection_requests, connection_sql
from resolvers.connections.connection_sql import CONNECTED
from resolvers.people.people import typed_words
from services.connections import connections

DEFAULT_MUTUAL_NAMES = 3
MAX_MUTUAL_NAMES = 100
Listing = tuple[int, tuple[bytes, ...]]
"""A profile, and the words that its connections' names are searched for."""


class ConnectionStatus(Enum):
    """What a profile is to the viewer."""

    NONE = "NONE"
    SELF = "SELF"
    CONNECTED = "CONNECTED"
    REQUEST_SENT = "REQUEST_SENT"
    REQUEST_RECEIVED = "REQUEST_RECEIVED"
    BLOCKED = "BLOCKED"


# Only its sender sees an ignored request; only the blocker sees a block. Unique indexes of a pair each.
_STATUS = """
    SELECT key.value AS profile_id, CASE
        WHEN key.value = $2 THEN 'SELF'
        WHEN EXISTS (SELECT 1 FROM block b WHERE b.blocker_id = $2 AND b.blocked_id = key.value) THEN 'BLOCKED'
        WHEN EXISTS (SELECT 1 FROM connection c WHERE c.profile_id = $2 AND c.other_id = key.value) THEN 'CONNECTED'
        WHEN EXISTS (SELECT 1 FROM connection_request r WHERE r.sender_id = $2 AND r.receiver_id = key.value
            AND r.withdrawn_at IS NULL) THEN 'REQUEST_SENT'
        WHEN EXISTS (SELECT 1 FROM connection_request r WHERE r.sender_id = key.value AND r.receiver_id = $2
            AND r.withdrawn_at IS NULL AND r.ignored_at IS NULL) THEN 'REQUEST_RECEIVED'
        ELSE 'NONE' END AS status
"""
STATUS = Statement(
    sqlite=_STATUS.replace("$", "?") + "FROM json_each(?1) key",
    postgres=_STATUS + "FROM unnest($1::bigint[]) AS key (value)",
)
# Only to choose the side that is read first. Unique (profile_id, name).
DEGREES = Statement.of(
    f"SELECT profile_id, times FROM profile_counter WHERE profile_id = ANY($1) AND name = '{CONNECTIONS}'"
)


@columns("edges", "page_info", "listing")
@paged
async def of_profiles(
    profile_ids: Sequence[int], context: Context, *, search: str | None = None, page: Page
) -> list[Row]:
    """
    A page of each profile's connections, the newest first. Raises Refused: BAD_PAGE, BAD_CURSOR, BAD_INPUT (no letter or
    digit to search for, or too long).

    SQL of its own: 50 people with 20 each take 3 ms on either database, the first page of a person with 10,000 connections
    0.1 ms on SQLite and 0.4 on PostgreSQL, a name among those 8 to 17.
    """
    words = tuple(typed_words(search))
    # A rare name makes the search read all connections.
    found = await connection_sql.named(len(words)).pages(
        context.database, profile_ids, page, context.viewer.own_profile, *_word_ranges(words), slow=bool(words)
    )
    return [
        connection(page, found.get(profile_id, ()), cursor_of, listing=(profile_id, words))
        for profile_id in profile_ids
    ]


cursor_of = connection_sql.CONNECTIONS.cursor_of


async def totals(listings: Sequence[Listing], context: Context) -> list[int]:
    """How many people each list has in all."""
    found: dict[Listing, int] = {}
    for words in dict.fromkeys(words for _, words in listings):
        wanted = [profile_id for profile_id, each in listings if each == words]
        for profile_id, number in zip(wanted, await _count_connections(wanted, words, context), strict=True):
            found[profile_id, words] = number
    return [found[each] for each in listings]


async def statuses(profile_ids: Sequence[int], context: Context) -> list[str | None]:
    """What each profile is to the viewer; None for anonymous callers and service accounts."""
    own = context.viewer.profile_id
    if own is None:
        return [None for _ in profile_ids]
    rows = await context.database.fetch(STATUS, profile_ids, own)
    return [row["status"] if row else None for row in in_order(profile_ids, rows, by="profile_id")]


# Mutual connections


@columns("profile_id")
async def mutual(profile_ids: Sequence[int], context: Context) -> list[Row | None]:
    """The parent row of mutual connections; None for anonymous callers, service accounts and the viewer's own profile."""
    own = context.viewer.profile_id
    return [None if own in {None, number} else {"profile_id": number} for number in profile_ids]


@columns(*CONNECTED)
async def mutual_profiles(
    profile_ids: Sequence[int], context: Context, *, limit: int = DEFAULT_MUTUAL_NAMES
) -> list[Sequence[Row]]:
    """The newest of each profile's connections that are the viewer's too. Raises Refused: BAD_PAGE."""
    check_size(limit, MAX_MUTUAL_NAMES, name="limit")
    database, own = context.database, context.viewer.own_profile
    found: dict[int, Sequence[Row]] = {}
    for side, parents in (await _parents_by_side(profile_ids, context)).items():
        found |= await connection_sql.MUTUAL[side].first(database, parents, limit, own, slow=True)
    return [found.get(profile_id, []) for profile_id in profile_ids]


async def mutual_totals(profile_ids: Sequence[int], context: Context) -> list[int]:
    """How many of each profile's connections are the viewer's too."""
    database, own = context.database, context.viewer.own_profile
    found: dict[int, int] = {}
    for side, parents in (await _parents_by_side(profile_ids, context)).items():
        rows = await database.fetch_long(connection_sql.MUTUAL_TOTALS[side], parents, own)
        found |= {row["parent"]: row["total"] for row in rows}
    return [found.get(profile_id, 0) for profile_id in profile_ids]


async def _parents_by_side(profile_ids: Sequence[int], context: Context) -> dict[str, list[int]]:
    """Profiles by the side whose connections are read first: the one with fewer. Profiles without connections are left out."""
    own = context.viewer.own_profile
    rows = await context.database.fetch(DEGREES, {*profile_ids, own})
    degrees = {row["profile_id"]: row["times"] for row in rows}
    sides: dict[str, list[int]] = {}
    if degrees.get(own):
        for number in profile_ids:
            if degree := degrees.get(number, 0):
                sides.setdefault("theirs" if degree <= degrees[own] else "own", []).append(number)
    return sides


async def _count_connections(profile_ids: Sequence[int], words: tuple[bytes, ...], context: Context) -> list[int]:
    # All rows are read: some people have thousands.
    rows = await context.database.fetch_long(
        connection_sql.total(len(words)), list(profile_ids), context.viewer.own_profile, *_word_ranges(words)
    )
    found = {row["parent"]: row["total"] for row in rows}
    return [found[profile_id] for profile_id in profile_ids]


def _word_ranges(words: tuple[bytes, ...]) -> list[bytes]:
    """For each word the bounds of the texts that begin with it."""
    return [end for word in words for end in (word, word + bytes([255]))]


# Mutations


async def send(context: Context, *, input: Any) -> Row:
    """Send a connection request."""
    other = await current_of(input.profile_id, context, "profileId")
    await connections.send(context.viewer.own_profile, other, account_id=context.viewer.account_id or 0)
    [request] = await connection_requests.with_viewer([other], context)
    return {"profile_id": other, "request": request}


async def accept(context: Context, *, input: Any) -> Row:
    """Accept a request."""
    return {
        "profile_id": await connections.accept(
            context.viewer.own_profile, connection_requests.number_of(input.request_id)
        )
    }


async def ignore(context: Context, *, input: Any) -> Row:
    """Ignore a request."""
    return {
        "profile_id": await connections.ignore(
            context.viewer.own_profile, connection_requests.number_of(input.request_id)
        )
    }


async def withdraw(context: Context, *, input: Any) -> Row:
    """Withdraw a request."""
    return {
        "profile_id": await connections.withdraw(
            context.viewer.own_profile, connection_requests.number_of(input.request_id)
        )
    }


async def remove(context: Context, *, input: Any) -> Row:
    """End a connection."""
    other = await current_of(input.profile_id, context, "profileId")
    await connections.remove(context.viewer.own_profile, other)
    return {"profile_id": other}
