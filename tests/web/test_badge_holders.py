"""Who has a badge: public, active people only, the newest first."""

from datetime import timedelta
from typing import Any

import pytest

from models.accounts import Account, AccountStatus
from services.achievements import badges
from services.core import clock
from services.profiles.profiles import refresh_visibility
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, make_person, make_profile, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.live_boards import hide
from tests.helpers.people import in_session
from tests.helpers.transactions import committed

HOLDERS = """
query Holders($level: Int, $first: Int, $after: String, $last: Int, $before: String) {
  badge(code: "PROBLEM_SOLVER") {
    holders(levelNumber: $level, first: $first, after: $after, last: $last, before: $before) {
      totalCount nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      edges { cursor level { number criterion } awardedAt node { id name } }
    }
  }
}
"""


async def solve(profile_id: int, level: int = 1, *, hours: int = 0) -> None:
    with clock.frozen(NOON + timedelta(hours=hours)):
        await badges.grant(profile_id, "PROBLEM_SOLVER", level=level, reason="Why")


async def holders(client: GraphQLClient, **more: Any) -> Any:
    return (await client.data(HOLDERS, **more))["badge"]["holders"]


def names(page: Any) -> list[str]:
    assert [each["name"] for each in page["nodes"]] == [edge["node"]["name"] for edge in page["edges"]]
    return [each["name"] for each in page["nodes"]]


async def test_the_newest_come_first_with_their_highest_level(checked_client: GraphQLClient) -> None:
    # given
    ada, ben, cem = [await make_profile(name) for name in ("Ada", "Ben", "Cem")]
    await solve(ada, 1)
    await solve(ben, 3, hours=1)
    await solve(cem, 2, hours=2)
    await solve(ada, 2, hours=3)
    await badges.revoke(cem, "PROBLEM_SOLVER", level=2, reason="Why")
    # when
    everyone, second, fourth = [await holders(checked_client, level=level) for level in (None, 2, 4)]
    # then
    assert (names(everyone), everyone["totalCount"]) == (["Ada", "Cem", "Ben"], 3)
    assert (names(second), second["totalCount"]) == (["Ada", "Ben"], 2)
    assert (names(fourth), fourth["totalCount"]) == ([], 0)
    newest = everyone["edges"][0]
    assert newest["awardedAt"] == "2026-03-10T15:00:00Z"
    assert newest["node"]["id"] == graph_id("prf", ada)
    assert newest["level"] == {"number": 2, "criterion": "Have your answer marked as accepted: 25 times."}


async def test_hidden_people_are_neither_listed_nor_counted(checked_client: GraphQLClient) -> None:
    # given somebody private, somebody deactivated, and somebody who hides
    shown, gone, shy = [await make_person(name=name) for name in ("Ada", "Ben", "Cem")]
    private = await make_person(name="Dan", public=False)
    for hours, account in enumerate((private, gone, shown, shy)):
        await solve(account.own_profile_id, hours=hours)
    await Account.filter(id=gone.id).update(status=AccountStatus.DEACTIVATED)
    await committed(refresh_visibility([gone.own_profile_id]))
    # then
    before = await holders(checked_client, first=1)
    assert (names(before), before["totalCount"], before["pageInfo"]["hasNextPage"]) == (["Cem"], 2, True)
    await hide(shy.own_profile_id)
    # also for themselves, as on leaderboards
    for headers in ({}, await in_session(shy), await in_session(private)):
        page = await holders(checked_client, first=1, headers=headers)
        assert (names(page), page["totalCount"]) == (["Ada"], 1)
        assert not page["pageInfo"]["hasNextPage"]


async def test_pages_have_each_person_once_in_both_directions(checked_client: GraphQLClient) -> None:
    # given some at the same moment
    people = [await make_profile(f"P{number}") for number in range(5)]
    for number, who in enumerate(people):
        await solve(who, hours=number // 2)
    # when
    forth: list[str] = []
    back: list[str] = []
    page: Any = {"pageInfo": {"endCursor": None, "hasNextPage": True}}
    while page["pageInfo"]["hasNextPage"]:
        page = await holders(checked_client, first=2, after=page["pageInfo"]["endCursor"])
        forth += names(page)
    page = {"pageInfo": {"startCursor": None, "hasPreviousPage": True}}
    while page["pageInfo"]["hasPreviousPage"]:
        page = await holders(checked_client, last=2, before=page["pageInfo"]["startCursor"])
        back = names(page) + back
    # then
    assert forth == back == ["P4", "P3", "P2", "P1", "P0"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [({"level": 0}, "BAD_INPUT"), ({"first": 0}, "BAD_PAGE"), ({"after": "x"}, "BAD_CURSOR")],
)
async def test_a_page_that_makes_no_sense_is_refused(
    checked_client: GraphQLClient, arguments: dict[str, Any], code: str
) -> None:
    assert await checked_client.code(HOLDERS, **arguments) == code


async def test_the_holders_of_all_badges_take_one_statement_and_their_numbers_another(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    # given
    for who in [await make_profile() for _ in range(3)]:
        for code in ("PROBLEM_SOLVER", "FIRST_LIGHT", "WARM_WELCOME"):
            await badges.grant(who, code, reason="Why")
    text = "{ badges { code holders(first: 2) { %s nodes { name } } } }"
    # when
    with count_statements() as plain:
        found = (await checked_client.data(text % ""))["badges"]
    with count_statements() as counted:
        await checked_client.data(text % "totalCount")
    # then the badges take two: the imported ones, and the colours
    assert sorted(len(each["holders"]["nodes"]) for each in found)[-4:] == [0, 2, 2, 2]
    assert (plain.total, counted.total) == (3, 4), plain.texts + counted.texts


async def test_tokens_need_the_scope_of_profiles(checked_client: GraphQLClient) -> None:
    account = await make_person()
    await solve(account.own_profile_id)
    text = '{ badge(code: "PROBLEM_SOLVER") { holders { totalCount nodes { name } } } }'
    token = await make_token(account, "mx:user:profile:v1:read")
    assert (await checked_client.data(text, token=token))["badge"]["holders"]["totalCount"] == 1
    token = await make_token(account, "mx:leaderboard:read")
    assert await checked_client.code(text, token=token) == "INSUFFICIENT_SCOPE"
