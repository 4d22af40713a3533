"""The boards, as clients read them: docs/rules/leaderboards.md."""

from base64 import urlsafe_b64encode
from hashlib import blake2s
from typing import Any

import orjson
import pytest

from catalogue.points import Category
from models.accounts import Account, AccountStatus
from models.profiles import Profile, Visibility
from schema.lengths import LONGER_TEXTS, MAX_TEXT
from services.points.opening_balances import OpeningBalance, record_opening_balances
from services.profiles.profiles import refresh_visibility
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, give, make_company, make_person, make_profile
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.transactions import committed

PAGE = """
query Board($board: LeaderboardBoard!, $first: Int, $after: String, $last: Int, $before: String) {
  leaderboard(board: $board) {
    board period company { name }
    entries(first: $first, after: $after, last: $last, before: $before) {
      totalCount
      edges { cursor node { rank points profile { handle name company { name } } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""


async def make_board(points: list[int], category: Category = Category.FORUM, **more: Any) -> list[int]:
    """People with these points, in this order."""
    people = [await make_profile(f"Person {n}", **more) for n, _ in enumerate(points)]
    await record_opening_balances(
        [OpeningBalance(who, category, each, "archive", f"{who}") for who, each in zip(people, points, strict=True)]
    )
    return people


async def entries(client: GraphQLClient, **arguments: Any) -> Any:
    return (await client.data(PAGE, **{"board": "FORUM", **arguments}))["leaderboard"]["entries"]


def ranks(page: Any) -> list[int]:
    return [edge["node"]["rank"] for edge in page["edges"]]


async def test_ties_share_a_rank_and_the_next_one_skips(checked_client: GraphQLClient) -> None:
    # given
    await make_board([10, 30, 20, 20])
    # when
    page = await entries(checked_client)
    # then
    assert [(edge["node"]["rank"], edge["node"]["points"]) for edge in page["edges"]] == [
        (1, 30),
        (2, 20),
        (2, 20),
        (4, 10),
    ]
    assert page["totalCount"] == 4
    assert page["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": page["edges"][0]["cursor"],
        "endCursor": page["edges"][3]["cursor"],
    }


async def test_in_a_tie_whoever_was_first_stands_first(checked_client: GraphQLClient) -> None:
    # given
    late, early = await make_profile("Late"), await make_profile("Early")
    await give(late, occurred_at=NOON.replace(hour=18))
    await give(early, occurred_at=NOON)
    # when
    page = await entries(checked_client)
    # then
    assert [edge["node"]["profile"]["name"] for edge in page["edges"]] == ["Early", "Late"]
    assert ranks(page) == [1, 1]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20])
async def test_walking_meets_each_person_once_with_the_same_ranks_in_both_directions(
    checked_client: GraphQLClient, size: int
) -> None:
    # given ties that cross every page
    await make_board([50, 40, 40, 40, 40, 40, 30, 20, 20, 20, 20, 10, 10])
    whole = await entries(checked_client, first=100)
    # when
    forward: list[Any] = []
    backward: list[Any] = []
    after = before = None
    while (page := await entries(checked_client, first=size, **({"after": after} if after else {})))["edges"]:
        forward += page["edges"]
        after = page["pageInfo"]["endCursor"]
    while (page := await entries(checked_client, last=size, **({"before": before} if before else {})))["edges"]:
        backward = page["edges"] + backward
        before = page["pageInfo"]["startCursor"]
    # then
    assert forward == whole["edges"]
    assert backward == whole["edges"]


async def test_who_is_not_listed_leaves_no_trace_and_no_gap(checked_client: GraphQLClient) -> None:
    # given
    people = await make_board([50, 40, 30, 20, 10, 0])
    await Profile.filter(id=people[1]).update(visibility=Visibility.PRIVATE)
    account = await make_person(name="Gone")
    gone = account.own_profile_id
    await give(gone, times=3)
    await Account.filter(id=account.id).update(status=AccountStatus.DEACTIVATED)
    await committed(refresh_visibility([people[1], gone]))
    # when
    page = await entries(checked_client)
    # then
    assert [(edge["node"]["rank"], edge["node"]["points"]) for edge in page["edges"]] == [
        (1, 50),
        (2, 30),
        (3, 20),
        (4, 10),
    ]
    assert page["totalCount"] == 4


async def test_the_owner_of_a_private_profile_is_not_on_the_board_either(checked_client: GraphQLClient) -> None:
    private = await make_profile(public=False)
    await give(private)
    assert await entries(checked_client) == {
        "totalCount": 0,
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    }


@pytest.mark.parametrize("category", list(Category))
async def test_each_category_has_its_board_and_overall_has_all(
    checked_client: GraphQLClient, category: Category
) -> None:
    # given
    await make_board([30, 5], category)
    # when
    boards = {
        board: len((await entries(checked_client, board=board))["edges"])
        for board in ["OVERALL", *(each.name for each in Category)]
    }
    # then
    assert boards == {board: 2 if board in {"OVERALL", category.name} else 0 for board in boards}


async def test_a_cursor_is_of_its_board_alone(checked_client: GraphQLClient) -> None:
    # given
    await make_board([30, 20, 10])
    cursor = (await entries(checked_client, first=1))["pageInfo"]["endCursor"]
    edited = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    # when, then
    assert await checked_client.code(PAGE, board="OVERALL", after=cursor) == "BAD_CURSOR"
    for wrong in (edited, "", "x", "a" * MAX_TEXT, cursor + "AAAA", "é"):
        assert await checked_client.code(PAGE, board="FORUM", after=wrong) == "BAD_CURSOR", wrong
    # Longer than any text may be is refused as in every argument, before it is read as a cursor.
    assert await checked_client.code(PAGE, board="FORUM", after="a" * (LONGER_TEXTS["after"] + 1)) == "BAD_INPUT"


@pytest.mark.parametrize(
    "page", [{"first": 0}, {"first": -1}, {"first": 101}, {"last": 0}, {"last": 101}, {"first": 1, "last": 1}]
)
async def test_a_page_that_makes_no_sense_is_refused(checked_client: GraphQLClient, page: dict[str, Any]) -> None:
    assert await checked_client.code(PAGE, board="FORUM", **page) == "BAD_PAGE"


async def test_a_page_is_twenty_unless_asked(checked_client: GraphQLClient) -> None:
    await make_board(list(range(1, 26)))
    assert len((await entries(checked_client))["edges"]) == 20
    assert len((await entries(checked_client, first=None, after=None))["edges"]) == 20


async def test_a_page_of_fifty_takes_the_statements_of_a_page_of_ten(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    # given
    companies = [await make_company(f"Company {n}") for n in range(5)]
    people = await make_board(list(range(1, 61)))
    for n, who in enumerate(people):
        await Profile.filter(id=who).update(company_id=companies[n % 5].id)
    await entries(checked_client)  # the board is built
    counted = []
    # when
    for size in (10, 50):
        with count_statements() as seen:
            page = await entries(checked_client, first=size)
        assert len([edge for edge in page["edges"] if edge["node"]["profile"]["company"]]) == size
        counted.append(seen.total)
    # then: the people and their companies; nothing for the board and its count
    assert counted == [2, 2], seen.texts


async def test_points_that_change_are_on_the_board_at_once(checked_client: GraphQLClient) -> None:
    # given
    first, second = await make_board([20, 10])
    assert ranks(await entries(checked_client)) == [1, 2]
    # when
    await give(second)
    # then
    page = await entries(checked_client)
    assert [edge["node"]["points"] for edge in page["edges"]] == [25, 20]
    assert first < second


async def test_a_cursor_made_by_hand_is_refused_whatever_it_says(checked_client: GraphQLClient) -> None:
    for key in ((10**18, 1, 1), (2**63, 0, 1), (1, 2**64 - 1, 1), (1, 1, 1)):
        body = orjson.dumps(("leaderboard FORUM ALL_TIME None everyone", *key))
        for digest in (b"", bytes(8), blake2s(body, digest_size=6).digest(), blake2s(body, digest_size=8).digest()):
            made = urlsafe_b64encode(digest + body).decode().rstrip("=")
            assert await checked_client.code(PAGE, board="FORUM", after=made) == "BAD_CURSOR"
