"""Builds that several callers share: each caller that waits for one must suspend."""

import asyncio
from functools import partial
from typing import Any

import pytest

from models.database import Database
from services.leaderboards import sql
from services.leaderboards.boards import Boards, for_database
from services.leaderboards.cache import ALL_TIME_VIEW
from services.leaderboards.keys import BOARD_COLUMNS, Board, BoardKey
from tests.helpers.factories import give, make_profile
from tests.helpers.plain_boards import Truth, live


async def test_a_task_that_is_done_but_still_registered_is_not_handed_out_again(database: Database) -> None:
    # given a task that ends without having waited for anything
    boards = Boards(database)
    made: list[int] = []

    async def make(number: int) -> None:
        made.append(number)

    await asyncio.gather(*(boards.run_once("thing", partial(make, 1)) for _ in range(3)))
    assert made == [1]
    finished = asyncio.ensure_future(asyncio.sleep(0))
    await finished
    boards._running["thing"] = finished
    # when it is requested again before its callbacks have run
    turns: list[int] = []
    asyncio.get_running_loop().call_soon(turns.append, 1)
    await boards.run_once("thing", partial(make, 2))
    # then it is made, and the loop had a turn
    assert made == [1, 2] and turns == [1]
    await asyncio.sleep(0)
    assert boards._running == {}


async def test_a_board_that_is_built_while_a_change_is_read_has_the_change(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a cached board, and a change whose profiles are being read
    ada, ben = await make_profile("Ada"), await make_profile("Ben")
    await give(ada)
    await give(ben, times=2)
    boards = for_database(database)
    await boards.ranking(Board.FORUM)
    reading_now, go_on, read = asyncio.Event(), asyncio.Event(), sql.scores_of

    async def slowly(*arguments: Any) -> Any:
        reading_now.set()
        await go_on.wait()
        return await read(*arguments)

    monkeypatch.setattr(sql, "scores_of", slowly)
    await give(ada, times=2)
    taking_in = asyncio.create_task(boards.refresh())
    await reading_now.wait()
    # when another board of these people begins to be built, and the change is read
    making = asyncio.create_task(
        boards._build_ranking(boards.cached, ALL_TIME_VIEW, BOARD_COLUMNS[Board.OVERALL], None)
    )
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(taking_in, making)
    # then
    key = BoardKey(Board.OVERALL)
    assert await live(database, key) == (await Truth.read()).board(key)
    await give(ben, times=3)
    assert await live(database, key) == (await Truth.read()).board(key)
