"""
Leaderboards: listed profiles with points above zero, most points first; in a tie whoever reached them first, then id.

Ties share a rank and the next rank skips (1, 2, 2, 4). Rule: domain.md "Leaderboards".
"""

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from models.database import Database, Statement
from resolvers import cursors
from resolvers.context import Context
from resolvers.order import Row
from resolvers.pages import Page, connection, page
from resolvers.rows import columns
from services import clock


class Board(Enum):
    """What is compared."""

    OVERALL = "OVERALL"
    FORUM = "FORUM"
    APP_STORE = "APP_STORE"
    PLATFORM = "PLATFORM"
    COMMUNITY = "COMMUNITY"
    LEARNING = "LEARNING"


class Period(Enum):
    """Since when points count."""

    ALL_TIME = "ALL_TIME"


class Scope(Enum):
    """Among whom."""

    EVERYONE = "EVERYONE"


class Key(NamedTuple):
    """Which board of which period among whom."""

    board: Board
    period: Period
    scope: Scope

    @property
    def cursor(self) -> str:
        """What a cursor of this list is bound to."""
        return f"leaderboard {self.board.value} {self.period.value} {self.scope.value}"


class Statements(NamedTuple):
    """The questions of one board. Each is answered from one index: (listed, <board>, <board>_reached, profile_id)."""

    top: Statement
    bottom: Statement
    after: Statement
    before: Statement
    place: Statement
    total: Statement


@lru_cache(maxsize=len(Board))
def _statements(board: Board) -> Statements:
    own = board.value.lower()
    reached = f"{own}_reached"

    def listing(beyond: str, *, down: bool) -> Statement:
        by = f"{own} DESC, {reached}, profile_id" if down else f"{own}, {reached} DESC, profile_id DESC"
        return Statement.of(
            f"SELECT profile_id, {own} AS points, {reached} AS reached FROM score"  # noqa: S608 - own names
            f" WHERE listed = true AND {own} > 0 {beyond} ORDER BY {by} LIMIT $1"
        )

    later = f"({own} < $2 OR ({own} = $2 AND ({reached} > $3 OR ({reached} = $3 AND profile_id > $4))))"
    earlier = f"({own} > $2 OR ({own} = $2 AND ({reached} < $3 OR ({reached} = $3 AND profile_id < $4))))"
    return Statements(
        top=listing("", down=True),
        bottom=listing("", down=False),
        after=listing(f"AND {later}", down=True),
        before=listing(f"AND {earlier}", down=False),
        place=Statement.of(
            f"SELECT (SELECT count(*) FROM score WHERE listed = true AND {own} > $1) AS above,"  # noqa: S608 - own names
            f" (SELECT count(*) FROM score WHERE listed = true AND {own} = $1"
            f" AND ({reached} < $2 OR ({reached} = $2 AND profile_id < $3))) AS level"
        ),
        total=Statement.of(f"SELECT count(*) AS total FROM score WHERE listed = true AND {own} > 0"),  # noqa: S608 - own names
    )


async def leaderboard(
    context: Context,  # noqa: ARG001 - every answer's shape
    *,
    board: Board,
    period: Period = Period.ALL_TIME,
    scope: Scope = Scope.EVERYONE,
) -> Row:
    """One board, as it stands now."""
    return {"board": board, "period": period, "scope": scope, "as_of": clock.now()}


def key_of(row: Row) -> Key:
    """What the readers of a board are asked by."""
    return Key(row["board"], row["period"], row["scope"])


@columns("edges", "page_info", "key")
async def entries(
    keys: Sequence[Key],
    context: Context,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> list[Row]:
    """A page of each board. Raises Refused: BAD_PAGE, BAD_CURSOR (of another board, period or scope, or edited)."""
    asked = page(first, after, last, before)
    return [await _page(context.database, key, asked) for key in keys]


async def totals(keys: Sequence[Key], context: Context) -> list[int]:
    """How many people stand on each board."""
    return [(await context.database.fetch(_statements(key.board).total))[0]["total"] for key in keys]


def cursor_of(row: Row) -> str:
    """Where an entry stands on its board."""
    return cursors.encode(row["list"], row["points"], row["reached"], row["profile_id"])


async def _page(database: Database, key: Key, asked: Page) -> Row:
    own, size = _statements(key.board), asked.size + 1
    if asked.cursor is None:
        found = await database.fetch(own.bottom if asked.backward else own.top, size)
    else:
        at = cursors.decode(key.cursor, asked.cursor, int, int, int)
        found = await database.fetch(own.before if asked.backward else own.after, size, *at)
    rows = found[::-1] if asked.backward else found
    from_top = asked.cursor is None and not asked.backward
    ranked = await _ranked(database, key, rows, from_top=from_top)
    return connection(asked, ranked, cursor_of, key=key)


async def _ranked(database: Database, key: Key, rows: Sequence[Row], *, from_top: bool) -> list[Row]:
    """Give each row its rank: that of the row before it in a tie, else its position. Only the first is counted."""
    if not rows:
        return []
    above = level = 0
    if not from_top:
        first = rows[0]
        place = _statements(key.board).place
        [at] = await database.fetch(place, first["points"], first["reached"], first["profile_id"])
        above, level = at["above"], at["level"]
    rank, points, ranked = above + 1, rows[0]["points"], []
    of = key.cursor
    for position, row in enumerate(rows, above + level + 1):
        if row["points"] != points:
            rank, points = position, row["points"]
        ranked.append(
            {"list": of, "rank": rank, "points": points, "reached": row["reached"], "profile_id": row["profile_id"]}
        )
    return ranked
