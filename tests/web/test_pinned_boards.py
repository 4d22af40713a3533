"""Boards as they were at a moment: docs/rules/leaderboards.md#pinned-listing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.core import clock
from tests.helpers.factories import make_person, make_profile
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.live_boards import FULL, board, hide, profile_id_of, ranked_names, record_answers


async def test_a_pinned_listing_stays_while_scores_move(checked_client: GraphQLClient) -> None:
    # given
    people = [await make_profile(f"P{n}") for n in range(9)]
    for n, who in enumerate(people):
        await record_answers(who, times=1 + n // 2)
    whole = await board(checked_client)
    moment = whole["asOf"]
    pages: list[Any] = []
    after = None
    # when
    for n in range(5):
        page = (await board(checked_client, at=moment, first=2, after=after))["entries"]
        pages += page["edges"]
        after = page["pageInfo"]["endCursor"]
        await record_answers(people[n], times=6)
        await record_answers(await make_profile(f"New {n}"), times=9)
    # then
    assert [edge["node"] for edge in pages] == [edge["node"] for edge in whole["entries"]["edges"]]
    assert (await board(checked_client))["asOf"] > moment
    # when somebody hides meanwhile
    await hide(people[8])
    page = await board(checked_client, at=moment, around=graph_id("prf", people[7]), radius=1)
    # then they are left out, and the others keep their ranks
    assert ranked_names(page) == [each for each in ranked_names(whole) if each[1] != "P8"] and ranked_names(page)[
        0
    ] == (2, "P6")
    assert page["entries"]["totalCount"] == 8 and ranked_names(page["around"]) == [(2, "P6"), (2, "P7"), (4, "P4")]
    assert (await board(checked_client, at=moment, around=graph_id("prf", people[8])))["around"] == []
    await hide(people[8], hidden=False)
    assert ranked_names(await board(checked_client, at=moment)) == ranked_names(whole)


async def test_the_cursor_of_an_unpinned_page_goes_on_under_the_moment_of_that_page(
    checked_client: GraphQLClient,
) -> None:
    # given
    people = [await make_profile(f"P{n}") for n in range(7)]
    for n, who in enumerate(people):
        await record_answers(who, times=1 + n // 2)
    whole = await board(checked_client)
    first = await board(checked_client, first=2)
    pages, after = first["entries"]["edges"], first["entries"]["pageInfo"]["endCursor"]
    # when
    while after and len(pages) < 7:
        await record_answers(people[len(pages) - 1], times=9)
        page = (await board(checked_client, at=first["asOf"], first=2, after=after))["entries"]
        pages = pages + page["edges"]
        after = page["pageInfo"]["endCursor"]
    # then
    assert [edge["node"] for edge in pages] == [edge["node"] for edge in whole["entries"]["edges"]]
    # and a live board goes on with it, too
    assert len((await board(checked_client, after=first["entries"]["pageInfo"]["endCursor"]))["entries"]["edges"]) > 0


PLACES = "fragment P on Leaderboard { entries(first: 1) { pageInfo { endCursor } } }"
ASKING = {
    "by another name": "{ leaderboard(board: FORUM) { moment: asOf ...P } }",
    "in a fragment": "{ leaderboard(board: FORUM) { ...M ...P } } fragment M on Leaderboard { asOf }",
    "of another board": "{ other: leaderboard(board: OVERALL) { asOf } leaderboard(board: FORUM) { ...P } }",
    "by a variable": "query Q($asked: Boolean! = true) { leaderboard(board: FORUM) { ...P asOf @include(if: $asked) } }",
}


@pytest.mark.parametrize("way", ASKING)
async def test_wherever_a_query_asks_for_the_moment_its_cursors_go_on_under_it(
    checked_client: GraphQLClient, way: str
) -> None:
    # given
    for n in range(3):
        await record_answers(await make_profile(), times=1 + n)
    text = f"{ASKING[way]} {PLACES}"
    # when
    cursor = (await checked_client.data(text))["leaderboard"]["entries"]["pageInfo"]["endCursor"]
    # then
    moment = (await board(checked_client))["asOf"]
    assert len((await board(checked_client, at=moment, after=cursor))["entries"]["edges"]) == 2


async def test_the_cursor_of_a_page_without_a_moment_goes_on_under_none(checked_client: GraphQLClient) -> None:
    # given
    for n in range(3):
        await record_answers(await make_profile(), times=1 + n)
    text = f"{ASKING['by a variable']} {PLACES}"
    # when
    cursor = (await checked_client.data(text, asked=False))["leaderboard"]["entries"]["pageInfo"]["endCursor"]
    # then
    live = await board(checked_client, after=cursor)
    assert len(live["entries"]["edges"]) == 2
    assert await checked_client.code(FULL, at=live["asOf"], after=cursor) == "BAD_CURSOR"


async def test_the_owner_sees_the_own_place_in_a_pinned_listing(checked_client: GraphQLClient) -> None:
    # given
    ada, late = await make_person(name="Ada"), await make_person(name="Late", public=False)
    await record_answers(profile_id_of(ada), times=2)
    await record_answers(profile_id_of(late))
    moment = (await board(checked_client))["asOf"]
    # when
    await hide(profile_id_of(ada))
    await hide(profile_id_of(late), hidden=False)
    # then
    mine = await board(checked_client, ada, at=moment)
    assert (mine["viewerEntry"]["rank"], mine["viewerEntry"]["isHidden"], ranked_names(mine)) == (1, True, [])
    assert (await board(checked_client, late, at=moment))["viewerEntry"] is None  # not there then, and no secret now


async def test_a_moment_too_old_or_still_to_come_is_refused(checked_client: GraphQLClient) -> None:
    now = clock.now()
    assert await checked_client.code(FULL, at=f"{(now - timedelta(minutes=61)).isoformat()}") == "PIN_EXPIRED"
    assert await checked_client.code(FULL, at=f"{(now + timedelta(minutes=1)).isoformat()}") == "IN_THE_FUTURE"
    assert ranked_names(await board(checked_client, at=f"{(now - timedelta(minutes=59)).isoformat()}")) == []


async def test_the_moment_stays_while_nothing_changes(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile()
    await record_answers(ada)
    first, again = (await board(checked_client))["asOf"], (await board(checked_client))["asOf"]
    # when
    await record_answers(ada)
    # then
    assert first == again < (await board(checked_client))["asOf"]


async def test_movement_on_a_pinned_board_is_counted_among_who_is_public_today(checked_client: GraphQLClient) -> None:
    # given places that are those of Monday
    ada, ben, carl = [await make_profile(name) for name in ("Ada", "Ben", "Carl")]
    with clock.frozen(datetime.combine(clock.today() - timedelta(days=8), datetime.min.time(), UTC)):
        for who, times in ((ada, 3), (ben, 2), (carl, 1)):
            await record_answers(who, times=times)
    first = await board(checked_client)
    # when one who stood above hides, and another one gains points after the moment
    await hide(ada)
    await record_answers(carl, times=9)
    pinned = await board(checked_client, at=first["asOf"])
    # then the ranks stay as they were pinned, and nobody has moved
    assert ranked_names(pinned) == [(2, "Ben"), (3, "Carl")]
    for page in (first, pinned):
        assert {edge["node"]["movement"] for edge in page["entries"]["edges"]} == {0}
