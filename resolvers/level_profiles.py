"""The people who stand at a level now, most points first: a part of the overall leaderboard in memory."""

from collections.abc import Sequence

from catalogue.points import LEVELS
from resolvers import profiles
from resolvers.base import cursors
from resolvers.base.context import Context
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from services.leaderboards import queries
from services.leaderboards.keys import Board, BoardKey
from services.leaderboards.sorted_rows import Standing

BOARD = BoardKey(Board.OVERALL)


@columns("edges", "page_info", "number")
@paged
async def of_levels(numbers: Sequence[int], context: Context, *, page: Page) -> list[Row]:
    """
    A page of the listed profiles at each level. One statement, for their cards. Raises Refused: BAD_PAGE, BAD_CURSOR (of
    another level).
    """
    board = await queries.listing(context.database, BOARD)
    found = [
        queries.places_between(board, *_points_of(number), _at(number, page), page.size + 1, backward=page.backward)
        for number in numbers
    ]
    ids = [place.profile_id for places in found for place in places]
    cards = dict(zip(ids, await profiles.by_id(ids, context) if ids else (), strict=True))
    return [
        # A person who hid in another process within the last half second has no card.
        connection(
            page,
            [{"level": number, "standing": each.standing, "person": cards[each.profile_id]} for each in places],
            cursor_of,
            visible=lambda edge: edge["person"] is not None,
            number=number,
        )
        for number, places in zip(numbers, found, strict=True)
    ]


async def totals(numbers: Sequence[int], context: Context) -> list[int]:
    """How many listed profiles stand at each level."""
    board = await queries.listing(context.database, BOARD)
    return [queries.count_between(board, *_points_of(number)) for number in numbers]


def cursor_of(row: Row) -> str:
    """The cursor of an edge."""
    return cursors.encode(f"level {row['level']}", *row["standing"])


def _at(number: int, page: Page) -> Standing | None:
    if page.cursor is None:
        return None
    points, reached, profile_id = cursors.decode(f"level {number}", page.cursor, int, int, int)
    return points, reached, profile_id


def _points_of(number: int) -> tuple[int, int | None]:
    """The points of a level, and those of the next one; None for the highest."""
    return LEVELS[number - 1].points, LEVELS[number].points if number < len(LEVELS) else None
