"""Reads boards: pages, the viewer's own entry, the entries around a profile, movement within a week."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from catalogue.languages import Text
from models.database import Database
from services.core import clock
from services.core.runtime import runtime_of
from services.errors import ErrorCode, refused
from services.leaderboards import boards, moments
from services.leaderboards.keys import (
    BOARD_COLUMNS,
    Board,
    BoardKey,
    CompanyPeople,
    LedgerView,
    Period,
    view_of_week_start,
    window_of,
)
from services.leaderboards.snapshots import SNAPSHOT_LIFETIME, Snapshots
from services.leaderboards.sorted_rows import Listing, Place, Standing

MAX_CLOCK_SKEW = timedelta(seconds=5)
"""How far the clock of the process that named a moment may be ahead of this one."""
MAX_RADIUS = 50


class Entry(NamedTuple):
    """A profile's place. `hidden`: the profile is hidden; the place is the one it would have, and only it sees it."""

    rank: int
    points: int
    reached: int
    profile_id: int
    hidden: bool = False


def key_of(
    board: Board, period: Period, *, on: date | None, at: datetime | None, people: CompanyPeople | None
) -> BoardKey:
    """
    Return the key of the board of the period that contains `on`, as it was at `at`. Without `on`: the day of `at`, or
    today.

    Raises Refused: BAD_INPUT (`on` with all time), IN_THE_FUTURE, SNAPSHOT_EXPIRED (`at` is more than an hour ago).
    """
    now = clock.now()
    if at is not None and at > now + MAX_CLOCK_SKEW:
        raise refused(ErrorCode.IN_THE_FUTURE, "That moment is in the future.", path=("asOf",))
    if at is not None and at < now - SNAPSHOT_LIFETIME:
        raise refused(
            ErrorCode.SNAPSHOT_EXPIRED,
            "That moment is more than one hour ago. Start again without `asOf`.",
            path=("asOf",),
        )
    today = (at or now).date()
    if on is None:
        return BoardKey(board, window_of(period, today), people, at, chosen_by_client=at is not None)
    if period is Period.ALL_TIME:
        raise refused(ErrorCode.BAD_INPUT, "`on` is not allowed for all time.", path=("on",))
    window = window_of(period, on)
    if on > today and window != window_of(period, today):
        raise refused(ErrorCode.IN_THE_FUTURE, "That period is in the future.", path=("on",))
    return BoardKey(board, window, people, at, chosen_by_client=at is not None)


async def listing(database: Database, key: BoardKey) -> Listing:
    """Return the board. It is valid only until the caller's next await."""
    if key.at is not None:
        return await _snapshots(database).get(key)
    ranking = await boards.for_database(database).ranking(key.board, LedgerView(key.window), key.people)
    return ranking.rows


async def pinned_now(database: Database, key: BoardKey) -> BoardKey:
    """Return the key of this board pinned to its current moment; a pinned key is returned unchanged."""
    return key if key.at is not None else key._replace(at=await _snapshots(database).current_moment(key))


def has_snapshot(database: Database, key: BoardKey) -> bool:
    """Return True if this process has the pinned board, so that reading it costs no more than a live page."""
    return _snapshots(database).has(key)


async def make_snapshot(database: Database, key: BoardKey) -> int:
    """Make a pinned board now. Return how many profiles had to be put back to their standing at the moment."""
    return (await _snapshots(database).get(key)).restored


def count_between(board: Listing, low: int, high: int | None) -> int:
    """Return how many profiles have at least `low` points, and fewer than `high`; None: no limit above."""
    return board.above(low - 1) - (0 if high is None else board.above(high - 1))


def places_between(
    board: Listing, low: int, high: int | None, at: Standing | None, size: int, *, backward: bool
) -> list[Place]:
    """
    Return up to `size` places, in the board's order, of the profiles that `count_between` counts: those after the
    standing `at`, or before it if `backward`. Without `at`: from that end of them.
    """
    if backward:
        found = board.before(at or (low, _LAST, _LAST), size)
    else:
        found = board.after(at or (None if high is None else (high, _LAST, _LAST)), size)
    return [place for place in found if place.points >= low and (high is None or place.points < high)]


_LAST = 1 << 62
"""Larger than any moment and any id: a standing with it comes after all others with its points."""


def ranked(board: Listing, places: Sequence[Place]) -> list[Entry]:
    """Return entries with ranks for consecutive places. Ties share a rank, and the next rank skips: 1, 2, 2, 4."""
    found: list[Entry] = []
    rank, level, previous = 0, None, -1
    for place in places:
        if place.points != level:
            # Directly after a place with more points no one of this tie comes first, not even hidden in a snapshot.
            rank = place.position + 1 if place.position == previous + 1 and found else board.above(place.points) + 1
            level = place.points
        previous = place.position
        found.append(Entry(rank, place.points, place.reached, place.profile_id))
    return found


async def own(database: Database, key: BoardKey, profile_id: int) -> Entry | None:
    """Return the profile's own entry; a hidden profile gets the one it would have. None without points on the board."""
    board, standing, hidden = await _standing(database, key, profile_id, own_profile=profile_id)
    if standing is None:
        return None
    return Entry(board.above(standing[0]) + 1, standing[0], standing[1], profile_id, hidden)


async def around(database: Database, key: BoardKey, profile_id: int, radius: int, *, own_profile: int) -> list[Entry]:
    """
    Return the entries at most `radius` places from this profile, in the board's order; empty if the viewer cannot see it
    there. A hidden viewer gets the entries around the place that they would have. Raises Refused: BAD_PAGE (`radius`
    is not between 1 and 50).
    """
    if not 1 <= radius <= MAX_RADIUS:
        raise refused(
            ErrorCode.BAD_PAGE,
            Text("`radius` must be between 1 and {largest_radius}.", largest_radius=MAX_RADIUS),
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
    For each (profile, rank) return the places gained since Monday 00:00 UTC, counted among profiles listed today; None for
    a profile that was not on this board then.

    On a pinned board: up to its moment, since the Monday before it. Ranks of a pinned board count profiles that hide
    now, and ranks of Monday do not, so these are subtracted first. A profile that another one was merged into since the moment
    has None: its points of Monday are those of both.
    """
    snapshot = None if key.at is None else await _snapshots(database).get(key)
    view = view_of_week_start(key.window, (key.at or clock.now()).date())
    live = boards.for_database(database)
    merged = set() if key.at is None else live.history.survivors_after((await moments.fix(database, key.at)).moment)
    then = (await live.ranking(key.board, view, key.people)).rows
    table = live.cached.windows[view].table
    moved: list[int | None] = []
    for profile_id, rank in entries:
        row = table.row(profile_id)
        points = 0 if row is None else table.points[BOARD_COLUMNS[key.board]][row]
        now = rank if snapshot is None else rank - snapshot.hidden_above(rank)
        moved.append(then.above(points) + 1 - now if points > 0 and profile_id not in merged else None)
    return moved


async def _standing(
    database: Database, key: BoardKey, profile_id: int, *, own_profile: int
) -> tuple[Listing, Standing | None, bool]:
    """
    Return the board, the profile's standing on it (None if the viewer can see none), and whether the profile is hidden,
    so that it is only the standing it would have.
    """
    live = boards.for_database(database)
    is_own = profile_id == own_profile
    if key.at is not None:
        own_standing = await _snapshots(database).standing(key, profile_id) if is_own else None
        snapshot = await _snapshots(database).get(key)
        if live.cached.is_listed(profile_id):
            return snapshot, snapshot.standing(profile_id), False
        return snapshot, own_standing, True
    ranking = await live.ranking(key.board, LedgerView(key.window), key.people)
    membership = live.cached.membership(profile_id)
    table = live.cached.windows[LedgerView(key.window)].table
    row = table.row(profile_id)
    standing = None if row is None else table.standing(row, BOARD_COLUMNS[key.board])
    visible = membership.ranks_in(key.people) or (is_own and not membership.listed)
    if standing is None or standing[0] <= 0 or not visible:
        standing = None
    return ranking.rows, standing, not membership.listed


def _snapshots(database: Database) -> Snapshots:
    return runtime_of(database).part(Snapshots, lambda: Snapshots(boards.for_database(database)))
