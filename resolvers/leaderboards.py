"""
Leaderboards: listed profiles with points above zero, most points first; in a tie whoever reached them first, then id.

They are held in memory and follow every write: docs/decisions/0010-live-boards.md. Rule: docs/rules/leaderboards.md.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from strawberry import ID

from models.database import Database
from models.statements import Statement
from resolvers import profiles
from resolvers.base import cursors, ids
from resolvers.base.context import Context
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from services.core import rate_limits
from services.errors import ErrorCode, NotAllowed, refused
from services.leaderboards import queries
from services.leaderboards.keys import Board, BoardKey, Period, Scope
from services.leaderboards.sorted_rows import Standing
from services.progress.scores import microseconds

JUST_HIDDEN = Statement.of(f"SELECT {profiles.card_sql('p')} FROM profile p WHERE p.id = ANY($1)")
AS_OF = "Leaderboard.asOf"
PUT_BACK_FOR_ONE = 100
"""People put back in a pinned board for which the limit counts one more."""
ENTRY = ("key", "list", "rank", "points", "reached", "profile_id", "hidden")


class Moved(NamedTuple):
    """Whose movement on which board is asked for."""

    key: BoardKey
    profile_id: int
    rank: int


async def leaderboard(
    context: Context,
    *,
    board: Board,
    period: Period = Period.ALL_TIME,
    scope: Scope = Scope.EVERYONE,
    on: date | None = None,
    as_of: datetime | None = None,
) -> Row:
    """
    One board. Where the operation asks for the `asOf` of a board, all of it is read as it is at that moment: so its cursors
    go on under it. That goes by the operation and not by the field, so that a plan and graphql-core cannot differ in it.

    Raises Refused: BAD_INPUT, IN_THE_FUTURE, PIN_EXPIRED, RATE_LIMITED (too much work for pinned boards); NotAllowed:
    UNAUTHENTICATED, NOT_FOUND (the viewer's account belongs to no company).
    """
    company_id = _own_company(context) if scope is Scope.OWN_COMPANY else None
    key = queries.key_of(board, period, on=on, at=as_of, company_id=company_id)
    if as_of is not None or AS_OF in context.requested_fields:
        key = await _pinned(context, key)
    return {
        "key": key,
        "board": board,
        "period": period,
        "scope": scope,
        "starts_on": key.window.first,
        "ends_on": key.window.last,
    }


async def _pinned(context: Context, key: BoardKey) -> BoardKey:
    """
    The board pinned and made, unless it is here already. A moment of the client's own choice is paid for in advance,
    and whoever was put back afterwards.
    """
    database = context.database
    if key.at is not None and not queries.has_snapshot(database, key):
        await _spend(context)
    key = await queries.pinned_now(database, key)
    if not queries.has_snapshot(database, key):
        changed = await queries.make_snapshot(database, key)
        if cost := changed // PUT_BACK_FOR_ONE:
            await _charge(context, cost)
    return key


async def _spend(context: Context) -> None:
    account = context.viewer.account_id
    if account is None:
        await rate_limits.spend("pinned-board-anonymous", by=[f"address:{context.client.address}"])
    else:
        await rate_limits.spend("pinned-board", by=[f"account:{account}"])


async def _charge(context: Context, cost: int) -> None:
    account = context.viewer.account_id
    if account is None:
        await rate_limits.charge("pinned-board-anonymous", by=[f"address:{context.client.address}"], cost=cost)
    else:
        await rate_limits.charge("pinned-board", by=[f"account:{account}"], cost=cost)


def _own_company(context: Context) -> int:
    if not context.viewer.signed_in:
        raise NotAllowed(ErrorCode.UNAUTHENTICATED, "Sign in or send a token: nobody has no company.")
    if context.viewer.company_id is None:
        raise NotAllowed(ErrorCode.NOT_FOUND, "Your account belongs to no company.")
    return context.viewer.company_id


@columns("edges", "page_info", "key")
@paged
async def entries(keys: Sequence[BoardKey], context: Context, *, page: Page) -> list[Row]:
    """
    A page of each board. Raises Refused: BAD_PAGE, BAD_CURSOR (of another board, period, company or pin, of a period
    that has ended since, or edited).
    """
    return [await _page(context.database, key, page) for key in keys]


async def totals(keys: Sequence[BoardKey], context: Context) -> list[int]:
    """How many people stand on each board."""
    return [(await queries.listing(context.database, key)).total for key in keys]


async def moments(keys: Sequence[BoardKey], context: Context) -> list[datetime | None]:
    """The moment of each board, to pin it with."""
    return [(await queries.pinned_now(context.database, key)).at for key in keys]


@columns(*ENTRY)
async def viewer_entries(keys: Sequence[BoardKey], context: Context) -> list[Row | None]:
    """The viewer's own place on each board; None for nobody, and without points."""
    own, found = context.viewer.profile_id, []
    for key in keys:
        entry = None if own is None else await queries.own(context.database, key, own)
        found.append(None if entry is None else _row(key, key.cursor, entry))
    return found


@columns(*ENTRY)
async def around(keys: Sequence[BoardKey], context: Context, *, profile: ID, radius: int = 5) -> list[list[Row]]:
    """Who stands around a person on each board. Raises Refused: BAD_ID, BAD_PAGE."""
    number, own = ids.number_of("Profile", profile, "profile") or 0, context.viewer.own_profile
    found = []
    for key in keys:
        of = key.cursor
        there = await queries.around(context.database, key, number, radius, own_profile=own)
        found.append([_row(key, of, entry) for entry in there])
    return found


async def movements(keys: Sequence[Moved], context: Context) -> list[int | None]:
    """Places gained since the week began, on a pinned board up to its moment; None for whoever was not on the board."""
    found: dict[Moved, int | None] = {}
    for key in dict.fromkeys(each.key for each in keys):
        own = [each for each in keys if each.key == key]
        moved = await queries.movements(context.database, key, [(each.profile_id, each.rank) for each in own])
        found.update(zip(own, moved, strict=True))
    return [found[each] for each in keys]


@columns(*profiles.CARD, positional=True)
async def people(profile_ids: Sequence[int], context: Context) -> list[Row | None]:
    """
    The cards of people who stand on a board. Somebody who hid in another process within the last half second may still be on
    it: then the card is read as it was, rather than the page lost. Rule: kept answers follow visibility within a second.
    """
    database = context.database
    cards = await profiles.by_id(profile_ids, context)
    if missing := [number for number, card in zip(profile_ids, cards, strict=True) if card is None]:
        hidden = {row["id"]: row for row in await database.fetch(JUST_HIDDEN, database.keys(missing))}
        cards = [card or hidden.get(number) for number, card in zip(profile_ids, cards, strict=True)]
    return cards


def moved(row: Row) -> Moved:
    """What `movements` is asked by."""
    return Moved(row["key"], row["profile_id"], row["rank"])


def cursor_of(row: Row) -> str:
    """Where an entry stands on its board, and at which moment; 0 on a live board."""
    return cursors.encode(row["list"], row["points"], row["reached"], row["profile_id"], _moment(row["key"]))


def _moment(key: BoardKey) -> int:
    return 0 if key.at is None else microseconds(key.at)


async def _page(database: Database, key: BoardKey, page: Page) -> Row:
    of, size = key.cursor, page.size + 1
    at: Standing | None = None
    if page.cursor is not None:
        points, reached, number, moment = cursors.decode(of, page.cursor, int, int, int, int)
        if key.chosen_by_client and moment != _moment(key):
            raise refused(
                ErrorCode.BAD_CURSOR, "That cursor is of another moment: give the `asOf` of its page with it."
            )
        at = points, reached, number
    board = await queries.listing(database, key)
    places = board.before(at, size) if page.backward else board.after(at, size)
    rows = [_row(key, of, entry) for entry in queries.ranked(board, places)]
    return connection(page, rows, cursor_of, key=key)


def _row(key: BoardKey, of: str, entry: queries.Entry) -> Row:
    return {
        "key": key,
        "list": of,
        "rank": entry.rank,
        "points": entry.points,
        "reached": entry.reached,
        "profile_id": entry.profile_id,
        "hidden": entry.hidden,
    }
