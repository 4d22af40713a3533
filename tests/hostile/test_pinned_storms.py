"""Pinned boards under fire: many readers beside writers must neither stop the server nor wait for quiet."""

import asyncio
from datetime import timedelta
from typing import Any

from services.core import clock
from services.core.rate_limit_stores import InProcess
from tests.helpers.factories import give, make_profile
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.runtimes import counting_in
from tests.helpers.watchdog import watched

PINNED = """
query Pinned($at: DateTime!, $after: String) {
  leaderboard(board: FORUM, asOf: $at) {
    asOf
    entries(first: 5, after: $after) { totalCount edges { node { rank points profile { id } } } pageInfo { endCursor } }
  }
}
"""
STORM_SECONDS = 2.0
"""How long it blows at least; on a busy machine until WALKS and WRITES are reached."""
WALKS, WRITES = 4, 20


class Unlimited(InProcess):
    """Refuses nobody: the storm comes from one address."""

    async def take(self, *_: Any, **__: Any) -> int:
        return 0


async def walk(client: GraphQLClient, moment: str) -> list[Any]:
    """Every entry of the board as it was at the moment, page by page."""
    found: list[Any] = []
    after = None
    for _ in range(100):
        page = (await client.data(PINNED, at=moment, after=after))["leaderboard"]["entries"]
        found += page["edges"]
        after = page["pageInfo"]["endCursor"]
        if len(page["edges"]) < 5:
            assert len(found) == page["totalCount"]
            return found
    raise AssertionError("A board of a few people has no end.")


async def test_pinned_readers_beside_writers_never_stop_the_server(
    checked_client: GraphQLClient,
    count_statements: Any,  # so that answers are not compared with graphql-core's, which read later
) -> None:
    """Two anonymous readers beside ordinary events once stopped the whole server for good, within two seconds."""
    # given
    people = [await make_profile(f"P{n}") for n in range(12)]
    for who in people:
        await give(who)
    moment = clock.now().isoformat()
    whole = await walk(checked_client, moment)
    loop = asyncio.get_running_loop()
    end = loop.time() + STORM_SECONDS
    walks = writes = 0

    def blows() -> bool:
        return loop.time() < end or walks < WALKS or writes < WRITES

    async def read() -> None:
        nonlocal walks
        while blows():
            assert await walk(checked_client, moment) == whole
            walks += 1

    async def write(who: int) -> None:
        nonlocal writes
        while blows():
            await give(who)
            writes += 1
            await asyncio.sleep(0.005)

    # when
    with watched(), counting_in(Unlimited()):
        async with asyncio.timeout(60):
            await asyncio.gather(*(read() for _ in range(4)), *(write(who) for who in people[:4]))
    # then
    assert walks >= WALKS and writes >= WRITES
    assert (await checked_client.http.get("/healthz")).status == 200


async def test_many_moments_of_one_client_are_limited(checked_client: GraphQLClient, count_statements: Any) -> None:
    """Each moment that a client chooses was a copy of the board, forty of them in one request."""
    # given
    for number in range(5):
        await give(await make_profile(), times=1 + number)
    now = clock.now()
    seen: list[str | None] = []
    # when
    with watched():
        for request in range(4):
            boards = " ".join(
                f'b{n}: leaderboard(board: FORUM, asOf: "{(now - timedelta(seconds=1 + request * 40 + n)).isoformat()}")'
                " { entries(first: 1) { edges { node { rank } } } }"
                for n in range(40)
            )
            body = await checked_client.ask(f"{{ {boards} }}")
            seen.append(body["errors"][0]["extensions"]["code"] if "errors" in body else None)
    # then
    assert seen[0] is None and seen[-1] == "RATE_LIMITED", seen
