"""Who stands at a level: public, active people only, most points first."""

from typing import Any

import pytest

from models.accounts import Account, AccountStatus
from services.profiles.profiles import refresh_visibility
from tests.conftest import CountStatements
from tests.helpers.factories import give, make_person, make_profile, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.live_boards import hide
from tests.helpers.people import in_session
from tests.helpers.transactions import committed

LEVELS = """
query Levels($first: Int, $after: String, $last: Int, $before: String) {
  levels {
    number
    profiles(first: $first, after: $after, last: $last, before: $before) {
      totalCount nodes { name } edges { cursor node { name score { level { number } } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""
ONE = "query One($first: Int) { levels { number profiles(first: $first) { %s nodes { name } } } }"


async def at_levels(client: GraphQLClient, **more: Any) -> dict[int, list[str]]:
    """The names at each level that has anybody."""
    found: dict[int, list[str]] = {}
    for level in (await client.data(LEVELS, **more))["levels"]:
        page = level["profiles"]
        names = [each["name"] for each in page["nodes"]]
        assert names == [edge["node"]["name"] for edge in page["edges"]]
        assert {edge["node"]["score"]["level"]["number"] for edge in page["edges"]} <= {level["number"]}
        assert page["totalCount"] == len(names)
        if names:
            found[level["number"]] = names
    return found


async def test_everyone_stands_at_one_level_and_moves_with_their_points(checked_client: GraphQLClient) -> None:
    # given 90, 105, 120 and 510 points
    ada, ben, cem, dan = [await make_profile(name) for name in ("Ada", "Ben", "Cem", "Dan")]
    for who, times in ((ada, 6), (ben, 7), (cem, 8), (dan, 34)):
        await give(who, times=times)
    # then
    assert await at_levels(checked_client) == {1: ["Cem", "Ben"], 2: ["Dan"]}
    # when
    await give(ada, times=30)
    # then
    assert await at_levels(checked_client) == {1: ["Cem", "Ben"], 2: ["Ada", "Dan"]}


async def test_hidden_people_are_neither_listed_nor_counted(checked_client: GraphQLClient) -> None:
    # given somebody private, somebody deactivated, and somebody who hides
    shown, gone, shy = [await make_person(name=name) for name in ("Ada", "Ben", "Cem")]
    private = await make_person(name="Dan", public=False)
    for account in (shown, gone, shy, private):
        await give(account.own_profile_id, times=7)
    await Account.filter(id=gone.id).update(status=AccountStatus.DEACTIVATED)
    await committed(refresh_visibility([gone.own_profile_id]))
    # then
    assert await at_levels(checked_client) == {1: ["Ada", "Cem"]}
    await hide(shy.own_profile_id)
    for headers in ({}, await in_session(shy), await in_session(private)):
        assert await at_levels(checked_client, headers=headers) == {1: ["Ada"]}


PAGE = """
query Page($number: Int! = 1, $first: Int, $after: String, $last: Int, $before: String) {
  level(number: $number) {
    profiles(first: $first, after: $after, last: $last, before: $before) {
      totalCount nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""


async def test_pages_in_both_directions(checked_client: GraphQLClient) -> None:
    # given people at level 1, with somebody above and below them
    for number, times in enumerate((34, 6, 9, 8, 8, 7, 7)):
        await give(await make_profile(f"P{number}"), times=times)
    # when
    forth: list[str] = []
    back: list[str] = []
    page: Any = {"endCursor": None, "hasNextPage": True}
    while page["hasNextPage"]:
        found = (await checked_client.data(PAGE, first=2, after=page["endCursor"]))["level"]["profiles"]
        forth, page = [*forth, *(each["name"] for each in found["nodes"])], found["pageInfo"]
    end = page["endCursor"]
    page = {"startCursor": None, "hasPreviousPage": True}
    while page["hasPreviousPage"]:
        found = (await checked_client.data(PAGE, last=2, before=page["startCursor"]))["level"]["profiles"]
        back, page = [*(each["name"] for each in found["nodes"]), *back], found["pageInfo"]
    # then
    assert forth == back == ["P2", "P3", "P4", "P5", "P6"] and found["totalCount"] == 5
    assert await checked_client.code(PAGE, number=2, after=end) == "BAD_CURSOR"


@pytest.mark.parametrize("number", [0, -1, 11])
async def test_there_is_no_other_level(checked_client: GraphQLClient, number: int) -> None:
    assert await checked_client.data(PAGE, number=number) == {"level": None}


@pytest.mark.parametrize("size", [0, 101])
async def test_a_size_that_makes_no_sense_is_refused(checked_client: GraphQLClient, size: int) -> None:
    assert await checked_client.code(ONE % "", first=size) == "BAD_PAGE"


async def test_the_people_of_all_levels_take_one_statement(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    # given
    for number, times in enumerate((7, 7, 8, 34, 40)):
        await give(await make_profile(f"P{number}"), times=times)
    await checked_client.data(ONE % "totalCount", first=2)  # the board is built
    # when
    with count_statements() as seen:
        found = (await checked_client.data(ONE % "totalCount", first=2))["levels"]
    # then only their cards are read
    assert [len(each["profiles"]["nodes"]) for each in found[:3]] == [2, 2, 0]
    assert seen.total == 1, seen.texts


async def test_tokens_need_a_scope_that_opens_people(checked_client: GraphQLClient) -> None:
    await give(await make_profile("Ada"), times=7)
    account, text = await make_person(), ONE % "totalCount"
    for scope in ("mx:user:profile:v1:read", "mx:leaderboard:read"):
        assert await checked_client.data(text, token=await make_token(account, scope))
    reading = await make_token(account, "mx:points:read")
    assert await checked_client.code(text, token=reading) == "INSUFFICIENT_SCOPE"
    assert await checked_client.data("{ levels { number points } }", token=reading)
