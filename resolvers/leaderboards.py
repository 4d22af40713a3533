"""
Leaderboards: listed profiles with points above zero, most points first; in a tie the first to reach them, then by id.

Boards are cached in memory and follow every write: docs/decisions/0010-live-boards.md. Rule: docs/rules/leaderboards.md.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from strawberry import ID

from catalogue.languages import Text
from models.database import Database
from models.statements import Statement
from resolvers import profiles
from resolvers.base import cursors, ids
from resolvers.base.context import Context
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from services.core import change_feed, merged_profiles, rate_limits
from services.errors import ErrorCode, refused
from services.leaderboards import queries
from services.leaderboards.keys import Board, BoardKey, CompanyPeople, Period
from services.leaderboards.sorted_rows import Standing
from services.progress.scores import microseconds

JUST_HIDDEN = Statement.of(f"SELECT {profiles.card_sql('p')} FROM profile p WHERE p.id = ANY($1)")
AS_OF = "Leaderboard.asOf"
RESTORED_PEOPLE_PER_COST = 100
"""People restored in a snapshot for which the rate limit is charged one more."""
ENTRY = ("key", "list", "rank", "points", "reached", "profile_id", "is_hidden")


class StaleBoard(Exception):
    """A board in memory has a person who no longer exists. It is up to date when it is read again: graphql-core does after a plan failed."""


class Movement(NamedTuple):
    """A key of `movements`: a profile and its rank on a board."""

    key: BoardKey
    profile_id: int
    rank: int


async def leaderboard(
    context: Context,
    *,
    board: Board,
    period: Period = Period.ALL_TIME,
    on: date | None = None,
    as_of: datetime | None = None,
) -> Row:
    """
    One board of everyone. If the operation requests `asOf` of a board, the whole board is a snapshot of that moment, and its
    cursors continue the snapshot. That depends on the operation and not on the field, so that a plan and graphql-core cannot differ.

    Raises Refused: BAD_INPUT, IN_THE_FUTURE, SNAPSHOT_EXPIRED, RATE_LIMITED (too much work for snapshots).
    """
    return await _board_row(context, queries.key_of(board, period, on=on, at=as_of, people=None))


@columns("key", "board", "period", "company_id", "starts_on", "ends_on")
async def of_companies(
    company_ids: Sequence[int],
    context: Context,
    *,
    board: Board,
    period: Period = Period.ALL_TIME,
    on: date | None = None,
    as_of: datetime | None = None,
) -> list[Row]:
    """
    One board of each company, like `leaderboard`: its members for the viewer's own company, otherwise the people whose profile
    shows it, so that nothing tells of a second employer. The boards of the 64 companies that were read last are kept in memory;
    that of another company is made of its people, by an index, and of sums that are there already.
    """
    own = context.viewer.company_id
    people = [CompanyPeople(each, shown=each != own) for each in company_ids]
    keys = [queries.key_of(board, period, on=on, at=as_of, people=each) for each in people]
    return [await _board_row(context, key) for key in keys]


async def _board_row(context: Context, key: BoardKey) -> Row:
    if key.at is not None or AS_OF in context.requested_fields:
        key = await _snapshot_key(context, key)
    return {
        "key": key,
        "board": key.board,
        "period": key.window.period,
        "company_id": key.people and key.people.company_id,
        "starts_on": key.window.first,
        "ends_on": key.window.last,
    }


async def _snapshot_key(context: Context, key: BoardKey) -> BoardKey:
    """
    The snapshot's key; builds the snapshot unless it is cached. A moment of the client's choice is charged in advance,
    restored people afterwards.
    """
    database = context.database
    if key.at is not None and not queries.has_snapshot(database, key):
        await _spend_limit(context)
    key = await queries.pinned_now(database, key)
    if not queries.has_snapshot(database, key):
        changed = await queries.make_snapshot(database, key)
        if cost := changed // RESTORED_PEOPLE_PER_COST:
            await _charge_limit(context, cost)
    return key


async def _spend_limit(context: Context) -> None:
    account = context.viewer.account_id
    if account is None:
        await rate_limits.spend("pinned-board-anonymous", by=[f"address:{context.client.address}"])
    else:
        await rate_limits.spend("pinned-board", by=[f"account:{account}"])


async def _charge_limit(context: Context, cost: int) -> None:
    account = context.viewer.account_id
    if account is None:
        await rate_limits.charge("pinned-board-anonymous", by=[f"address:{context.client.address}"], cost=cost)
    else:
        await rate_limits.charge("pinned-board", by=[f"account:{account}"], cost=cost)


@columns("edges", "page_info", "key")
@paged
async def entries(keys: Sequence[BoardKey], context: Context, *, page: Page) -> list[Row]:
    """
    A page of each board. Raises Refused: BAD_PAGE, BAD_CURSOR (of another board, period, company or pin, of a period
    that has ended since, or edited).
    """
    return [await _board_page(context.database, key, page) for key in keys]


async def totals(keys: Sequence[BoardKey], context: Context) -> list[int]:
    """How many people are on each board."""
    return [(await queries.listing(context.database, key)).total for key in keys]


async def moments(keys: Sequence[BoardKey], context: Context) -> list[datetime | None]:
    """The moment of each board's snapshot."""
    return [(await queries.pinned_now(context.database, key)).at for key in keys]


@columns(*ENTRY)
async def viewer_entries(keys: Sequence[BoardKey], context: Context) -> list[Row | None]:
    """The viewer's entry on each board; None for an anonymous caller, and without points."""
    own, found = context.viewer.profile_id, []
    for key in keys:
        entry = None if own is None else await queries.own(context.database, key, own)
        found.append(None if entry is None else _entry_row(key, entry))
    return found


@columns(*ENTRY)
async def around(keys: Sequence[BoardKey], context: Context, *, profile_id: ID, radius: int = 5) -> list[list[Row]]:
    """
    The entries around a person on each board. The id of a profile that was merged means the one that it was merged into, except on a
    snapshot that still has it. Raises Refused: BAD_ID, BAD_PAGE.
    """
    number, own = ids.number_of("Profile", profile_id, "profileId") or 0, context.viewer.own_profile
    found = []
    for key in keys:
        nearby = await queries.around(context.database, key, number, radius, own_profile=own)
        if not nearby and number and (current := await merged_profiles.current_id(number)) != number:
            nearby = await queries.around(context.database, key, current, radius, own_profile=own)
        found.append([_entry_row(key, entry) for entry in nearby])
    return found


async def movements(keys: Sequence[Movement], context: Context) -> list[int | None]:
    """Ranks gained since the week began, on a snapshot until its moment; None if the person was not on the board."""
    found: dict[Movement, int | None] = {}
    for key in dict.fromkeys(each.key for each in keys):
        own = [each for each in keys if each.key == key]
        moved = await queries.movements(context.database, key, [(each.profile_id, each.rank) for each in own])
        found.update(zip(own, moved, strict=True))
    return [found[each] for each in keys]


@columns(*profiles.CARD, positional=True)
async def people(profile_ids: Sequence[int], context: Context) -> list[Row | None]:
    """
    The cards of people on a board. A person who hid in another process within the last half second may still be on it; the
    card is read nevertheless, so that the page is not lost. Cached boards follow visibility within a second.

    Raises StaleBoard for a person who was merged or deleted in that time; the boards have then caught up.
    """
    database = context.database
    cards = await profiles.by_id(profile_ids, context)
    if missing := [number for number, card in zip(profile_ids, cards, strict=True) if card is None]:
        hidden = {row["id"]: row for row in await database.fetch(JUST_HIDDEN, missing)}
        cards = [card or hidden.get(number) for number, card in zip(profile_ids, cards, strict=True)]
        if len(hidden) < len(set(missing)):
            await change_feed.follower(database).poll()
            raise StaleBoard
    return cards


def movement_of(row: Row) -> Movement:
    """The key of `movements` of an entry."""
    return Movement(row["key"], row["profile_id"], row["rank"])


def cursor_of(row: Row) -> str:
    """Return the cursor of an entry, with the moment of its snapshot; 0 on a live board."""
    return cursors.encode(row["list"], row["points"], row["reached"], row["profile_id"], _moment(row["key"]))


def _moment(key: BoardKey) -> int:
    return 0 if key.at is None else microseconds(key.at)


_OTHER_MOMENT = Text("That cursor is of another moment. Pass the `asOf` of the page that it comes from.")
_NO_MOMENT = Text(
    "That cursor comes from a page without `asOf`, so it belongs to no moment. Select `asOf` on the first page, and pass "
    "its `asOf` and cursors on. Or continue without `asOf`."
)


async def _board_page(database: Database, key: BoardKey, page: Page) -> Row:
    size = page.size + 1
    at: Standing | None = None
    if page.cursor is not None:
        points, reached, number, moment = cursors.decode(key.cursor, page.cursor, int, int, int, int)
        if key.chosen_by_client and moment != _moment(key):
            why = _OTHER_MOMENT if moment else _NO_MOMENT
            raise refused(ErrorCode.BAD_CURSOR, why)
        at = points, reached, number
    board = await queries.listing(database, key)
    places = board.before(at, size) if page.backward else board.after(at, size)
    rows = [_entry_row(key, entry) for entry in queries.ranked(board, places)]
    return connection(page, rows, cursor_of, key=key)


def _entry_row(key: BoardKey, entry: queries.Entry) -> Row:
    return {
        "key": key,
        "list": key.cursor,
        "rank": entry.rank,
        "points": entry.points,
        "reached": entry.reached,
        "profile_id": entry.profile_id,
        "is_hidden": entry.hidden,
    }
