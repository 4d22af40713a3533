"""Things that boards let one task make, however many wait: nobody who waits may go round without suspending."""

import asyncio
from functools import partial

from models.database import Database
from services.leaderboards.boards import Boards


async def test_a_task_that_is_done_but_still_registered_is_not_handed_out_again(database: Database) -> None:
    # given a task that ends without having waited for anything
    boards = Boards(database)
    made: list[int] = []

    async def make(number: int) -> None:
        made.append(number)

    await asyncio.gather(*(boards.once("thing", partial(make, 1)) for _ in range(3)))
    assert made == [1]
    finished = asyncio.ensure_future(asyncio.sleep(0))
    await finished
    boards._making["thing"] = finished
    # when somebody asks before its callbacks have run
    turns: list[int] = []
    asyncio.get_running_loop().call_soon(turns.append, 1)
    await boards.once("thing", partial(make, 2))
    # then it is made, and the loop had a turn
    assert made == [1, 2] and turns == [1]
    await asyncio.sleep(0)
    assert boards._making == {}
