"""Boards as they were at a moment: docs/rules/leaderboards.md#pinned-listing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.core import clock
from tests.helpers.factories import make_person, make_profile, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.live_boards import FULL, board, hide, profile_id_of, ranked_names, record_answers
from tests.helpers.people import in_session


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


WALK = """
query Walk(
  $period: LeaderboardPeriod, $at: DateTime
  $first: Int, $after: String, $last: Int, $before: String
) {
  leaderboard(board: FORUM, period: $period, asOf: $at) {
    asOf
    entries(first: $first, after: $after, last: $last, before: $before) {
      nodes { rank points profile { name } } totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""


async def make_walkers() -> dict[str, dict[str, Any]]:
    """How callers send who they are: nobody, a token that may read leaderboards only, and a session."""
    account = await make_person()
    return {
        "anonymous": {},
        "weak token": {"token": await make_token(account, "mx:leaderboard:read")},
        "session": {"headers": await in_session(account)},
    }


@pytest.mark.parametrize("period", ["ALL_TIME", "LAST_30_DAYS", "YEAR"])
@pytest.mark.parametrize("who", ["anonymous", "weak token", "session"])
@pytest.mark.parametrize("backward", [False, True])
async def test_the_moment_of_the_first_page_continues_it_in_either_direction(
    checked_client: GraphQLClient, period: str, who: str, backward: bool
) -> None:
    # given people with few different sums, so that ties cross the pages
    people = [await make_profile(f"P{number}") for number in range(7)]
    for number, person in enumerate(people):
        await record_answers(person, times=1 + number // 3)
    caller = (await make_walkers())[who]

    async def page_of(**more: Any) -> Any:
        return (await checked_client.data(WALK, **caller, period=period, **more))["leaderboard"]

    whole = (await page_of(first=100))["entries"]["nodes"]
    size, cursor = ("last", "before") if backward else ("first", "after")
    more, at = ("hasPreviousPage", "startCursor") if backward else ("hasNextPage", "endCursor")
    # when
    page = await page_of(**{size: 2})
    moment, found = page["asOf"], page["entries"]["nodes"]
    while page["entries"]["pageInfo"][more]:
        for person in (people[len(found) - 1], await make_profile(f"New {len(found)}")):
            await record_answers(person, times=5)
        page = await page_of(**{size: 2, cursor: page["entries"]["pageInfo"][at]}, at=moment)
        found = page["entries"]["nodes"] + found if backward else found + page["entries"]["nodes"]
        # then
        assert page["asOf"] == moment and page["entries"]["totalCount"] == 7
    assert found == whole
    # and back again from the last page, over the same places
    size, cursor, at = ("first", "after", "endCursor") if backward else ("last", "before", "startCursor")
    back = await page_of(**{size: 6, cursor: page["entries"]["pageInfo"][at]}, at=moment)
    assert back["entries"]["nodes"] == (whole[1:] if backward else whole[:6])[: len(back["entries"]["nodes"])]
    assert len(back["entries"]["nodes"]) == 6
    # while the live board has moved on
    assert (await page_of(first=100))["entries"]["nodes"] != whole


async def test_the_boards_of_two_moments_and_of_none_are_told_apart(checked_client: GraphQLClient) -> None:
    # given
    people = [await make_profile(f"P{number}") for number in range(3)]
    for person in people:
        await record_answers(person)
    first = await board(checked_client, first=1)
    await record_answers(people[0])
    later = await board(checked_client, first=1)
    plain = "{ leaderboard(board: FORUM) { entries(first: 1) { pageInfo { endCursor } } } }"
    cursor = (await checked_client.data(plain))["leaderboard"]["entries"]["pageInfo"]["endCursor"]
    # when
    messages = [
        (await checked_client.ask(FULL, at=later["asOf"], after=each))["errors"][0]
        for each in (first["entries"]["pageInfo"]["endCursor"], cursor)
    ]
    # then each message says what is wrong and what to do
    assert [each["extensions"]["code"] for each in messages] == ["BAD_CURSOR", "BAD_CURSOR"]
    assert [each["message"] for each in messages] == [
        "That cursor is of another moment. Pass the `asOf` of the page that it comes from.",
        (
            "That cursor comes from a page without `asOf`, so it belongs to no moment. Select `asOf` on the first page, "
            "and pass its `asOf` and cursors on. Or continue without `asOf`."
        ),
    ]


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
    assert await checked_client.code(FULL, at=f"{(now - timedelta(minutes=61)).isoformat()}") == "SNAPSHOT_EXPIRED"
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
