"""What is read from a board: pages, one's own place, who stands around somebody, how far people moved in a week."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from catalogue.languages import Text
from models.database import Database
from services.core import clock
from services.core.runtime import runtime_of
from services.errors import ErrorCode, refused
from services.leaderboards import boards
from services.leaderboards.keys import PLACES, Board, BoardKey, LedgerView, Period, before_week, window_of
from services.leaderboards.orders import Listing, Place, Standing
from services.leaderboards.pins import PIN_LIFETIME, Pins

SKEW = timedelta(seconds=5)
"""How far ahead of ours the clock may be of the process that named a moment."""
LARGEST_RADIUS = 50


class Entry(NamedTuple):
    """Somebody's place. `hidden`: it is where they would stand, and they alone see it."""

    rank: int
    points: int
    reached: int
    profile_id: int
    hidden: bool = False


def key_of(board: Board, period: Period, *, on: date | None, at: datetime | None, company_id: int | None) -> BoardKey:
    """
    Which board is meant: of the period that holds `on` (today; where `at` is given, the day of it), as at `at`.

    Raises Refused: BAD_INPUT (a day of all time), IN_THE_FUTURE, PIN_EXPIRED (`at` is more than an hour ago).
    """
    now = clock.now()
    if at is not None and at > now + SKEW:
        raise refused(ErrorCode.IN_THE_FUTURE, "That moment is still to come.", path=("asOf",))
    if at is not None and at < now - PIN_LIFETIME:
        raise refused(ErrorCode.PIN_EXPIRED, "A listing can be pinned for an hour: begin anew.", path=("asOf",))
    today = (at or now).date()
    if on is None:
        return BoardKey(board, window_of(period, today), company_id, at, chosen=at is not None)
    if period is Period.ALL_TIME:
        raise refused(ErrorCode.BAD_INPUT, "All time has no `on`.", path=("on",))
    window = window_of(period, on)
    if on > today and window != window_of(period, today):
        raise refused(ErrorCode.IN_THE_FUTURE, "That period is still to come.", path=("on",))
    return BoardKey(board, window, company_id, at, chosen=at is not None)


async def listing(database: Database, key: BoardKey) -> Listing:
    """The board, to be read before the caller next waits for anything."""
    if key.at is not None:
        return await _pins(database).pin(key)
    return (await boards.of(database).live(key.board, LedgerView(key.window), key.company_id)).order


async def pinned(database: Database, key: BoardKey) -> BoardKey:
    """The same board, pinned to the moment that it is of now; a pinned one as it is."""
    return key if key.at is not None else key._replace(at=await _pins(database).now(key))


def is_pinned(database: Database, key: BoardKey) -> bool:
    """Whether this process has the pinned board already, so that reading it costs no more than a live page."""
    return _pins(database).made(key)


async def pin(database: Database, key: BoardKey) -> int:
    """Make a pinned board now. Returns how many people had to be put back to where they stood."""
    return (await _pins(database).pin(key)).changed


def ranked(board: Listing, places: Sequence[Place]) -> list[Entry]:
    """Give places that follow one another their ranks. Ties share one, and the next skips: 1, 2, 2, 4."""
    found: list[Entry] = []
    rank, level, behind = 0, None, -1
    for place in places:
        if place.points != level:
            # Right behind somebody with more points: nobody of this tie stands before, not even hidden in a pin.
            rank = place.position + 1 if place.position == behind + 1 and found else board.above(place.points) + 1
            level = place.points
        behind = place.position
        found.append(Entry(rank, place.points, place.reached, place.profile_id))
    return found


async def own(database: Database, key: BoardKey, profile_id: int) -> Entry | None:
    """The person's own place; where they are hidden, the one they would have. None: they have no points there."""
    board, standing, hidden = await _standing(database, key, profile_id, own_profile=profile_id)
    if standing is None:
        return None
    return Entry(board.above(standing[0]) + 1, standing[0], standing[1], profile_id, hidden)


async def around(database: Database, key: BoardKey, profile_id: int, radius: int, *, own_profile: int) -> list[Entry]:
    """
    Everybody at most `radius` places from this person, in the board's order; empty where the viewer cannot see them
    there. A hidden person sees who would be around their own place. Raises Refused: BAD_PAGE (not 1 to 50).
    """
    if not 1 <= radius <= LARGEST_RADIUS:
        raise refused(
            ErrorCode.BAD_PAGE,
            Text("`radius` must be between 1 and {largest_radius}.", largest_radius=LARGEST_RADIUS),
            path=("radius",),
        )
    board, standing, hidden = await _standing(database, key, profile_id, own_profile=own_profile)
    if standing is None:
        return []
    above, below = board.before(standing, radius), board.after(standing, radius)
    middle = Entry(board.above(standing[0]) + 1, standing[0], standing[1], profile_id, hidden)
    return [*ranked(board, above), middle, *ranked(board, below)]


async def movements(database: Database, key: BoardKey, entries: Sequence[tuple[int, int]]) -> list[int | None]:
    """
    For each (profile, rank): places gained since Monday 00:00 UTC, counted among who is listed today; None for whoever
    was not on this board then. On a pinned board up to its moment, since the Monday before it: ranks there count those who
    hide by now, so these are taken off.
    """
    pin = None if key.at is None else await _pins(database).pin(key)
    cut = before_week(key.window, (key.at or clock.now()).date())
    held = boards.of(database)
    order = (await held.live(key.board, cut, key.company_id)).order
    table = held.state.tables[cut].table
    moved: list[int | None] = []
    for profile_id, rank in entries:
        row = table.row(profile_id)
        points = 0 if row is None else table.points[PLACES[key.board]][row]
        now = rank if pin is None else rank - pin.left_above(rank)
        moved.append(order.above(points) + 1 - now if points > 0 else None)
    return moved


async def _standing(
    database: Database, key: BoardKey, profile_id: int, *, own_profile: int
) -> tuple[Listing, Standing | None, bool]:
    """
    The board, where somebody stands on it (None: nowhere that the viewer sees), and whether that is only where they
    would stand.
    """
    held = boards.of(database)
    mine = profile_id == own_profile
    if key.at is not None:
        standing = await _pins(database).standing(key, profile_id) if mine else None
        pin = await _pins(database).pin(key)
        on_it = pin.standing(profile_id)
        hidden = not held.state.listed(profile_id)
        if hidden:
            return pin, standing if mine else None, hidden
        return pin, on_it, hidden
    live = await held.live(key.board, LedgerView(key.window), key.company_id)
    who = held.state.who(profile_id)
    table = held.state.tables[LedgerView(key.window)].table
    row = table.row(profile_id)
    standing = None if row is None else table.standing(row, PLACES[key.board])
    if standing is None or standing[0] <= 0 or not (who.among(key.company_id) or (mine and not who.listed)):
        standing = None
    return live.order, standing, not who.listed


def _pins(database: Database) -> Pins:
    return runtime_of(database).part(Pins, lambda: Pins(boards.of(database)))
