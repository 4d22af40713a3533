"""Badges, as clients read and choose them: docs/rules/badges.md."""

from datetime import timedelta
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from catalogue.badges import BADGES
from catalogue.criteria import CONNECTIONS
from models.badges import BadgeAward
from services.achievements import achievements, badges
from services.core import clock
from services.points.ledger import record_many
from services.progress import counters
from services.progress.scores import lock_scores
from tests.conftest import CountStatements
from tests.helpers.badges_by_http import PAGE, SHARE, codes_of, levels_of, one_of
from tests.helpers.factories import NOON, event, give, make_person, make_profile, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, with_key

READ = "mx:user:profile:v1:read"
ALL = """
query Earned($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
  profile(by: {id: $id}) {
    badges(first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { badge { code } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""
SET = """
mutation Set($badges: [String!]!) {
  setFeaturedBadges(input: {badgeCodes: $badges}) {
    profile { featuredBadges { badge { code name } } }
    errors { __typename code message path }
  }
}
"""


async def make_solver(profile_id: int, times: int = 30) -> None:
    await record_many([event(profile_id, "ANSWER_ACCEPTED") for _ in range(times)])


async def test_a_profile_shows_what_was_earned_and_what_is_next(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile()
    await make_solver(ada)
    await badges.feature(ada, ["FIRST_LIGHT"])
    # when
    page = (await checked_client.data(PAGE, id=graph_id("prf", ada), first=100))["profile"]
    # then only the highest level stands among the earned, and the next one in progress
    earned = page["badges"]["nodes"]
    solver = one_of(earned, "PROBLEM_SOLVER")
    badge = solver["badge"]
    assert (badge["name"], badge["rarity"], solver["level"]["number"], solver["origin"]) == (
        "Problem Solver",
        "BLUE",
        2,
        "RULE",
    )
    assert solver["awardedAt"] == "2026-03-10T12:00:00Z"
    assert solver["levels"] == [{"level": {"number": n}, "awardedAt": "2026-03-10T12:00:00Z"} for n in (1, 2)]
    assert badge["levels"][1] == solver["level"]
    assert badge["levels"][2] == {"number": 3, "criterion": "Have your answer marked as accepted: 100 times."}
    assert (badge["awardedPercent"], badge["isGrantedByHandOnly"]) == (100.0, False)
    assert page["badges"]["totalCount"] == len(earned) == len(levels_of(earned))
    assert levels_of(page["featuredBadges"]) == {"FIRST_LIGHT": 1}
    going = one_of(page["badgesInProgress"], "PROBLEM_SOLVER")
    assert (going["level"], going["progressPercent"]) == (badge["levels"][2], 30)
    percents = [each["progressPercent"] for each in page["badgesInProgress"]]
    assert percents == sorted(percents, reverse=True)
    assert 100 not in percents
    assert 0 not in percents
    assert {each["progressPercent"] for each in page["nextBadges"]} == {0}


async def test_no_level_is_in_two_lists_and_none_is_missing(checked_client: GraphQLClient) -> None:
    # given
    account = await make_person()
    ada: int = account.own_profile_id
    for code, times in (("ANSWER_ACCEPTED", 9), ("APP_PUBLISHED", 4), ("TEAM_SERVER_COMMIT", 60), ("HACKATHON_WON", 1)):
        await record_many([event(ada, code) for _ in range(times)])
    # when
    text = """query L($id: ID!) { profile(by: {id: $id}) {
        topBadges(limit: 100) { ...B } badgesInProgress(limit: 100) { ...P } nextBadges(limit: 100) { ...P } } }
        fragment B on EarnedBadge { badge { code } level { number } }
        fragment P on BadgeProgress { badge { code } level { number } }"""
    page = (await checked_client.data(text, headers=await in_session(account), id=graph_id("prf", ada)))["profile"]
    # then
    earned, going, ahead = [levels_of(page[each]) for each in ("topBadges", "badgesInProgress", "nextBadges")]
    assert not going.keys() & ahead.keys()
    for code, badge in BADGES.items():
        done = earned.get(code, 0)
        following = (going | ahead).get(code)
        assert following == (done + 1 if done < len(badge.levels) else None), code


async def test_a_revoked_level_is_in_no_list(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile()
    await make_solver(ada)
    await badges.feature(ada, ["FIRST_LIGHT", "PROBLEM_SOLVER"])
    # when
    await badges.revoke(ada, "FIRST_LIGHT", reason="Why")
    await badges.revoke(ada, "PROBLEM_SOLVER", level=2, reason="Why")
    # then
    page = (await checked_client.data(PAGE, id=graph_id("prf", ada), first=100))["profile"]
    earned = page["badges"]["nodes"]
    lists = (earned, page["featuredBadges"], page["badgesInProgress"], page["nextBadges"])
    assert not [rows for rows in lists if "FIRST_LIGHT" in codes_of(rows)]
    solver = one_of(earned, "PROBLEM_SOLVER")
    assert (solver["level"]["number"], [each["level"]["number"] for each in solver["levels"]]) == (1, [1])
    assert levels_of(page["badgesInProgress"])["PROBLEM_SOLVER"] == 3
    assert page["featuredBadges"] == []
    assert page["badges"]["totalCount"] == len(earned)


async def test_the_newest_come_first_and_pages_hold_each_once(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile()
    codes = ["FIRST_LIGHT", "WARM_WELCOME", "OPEN_SHOP", "GRAND_PRIZE", "HALL_OF_FAME"]
    for day, code in enumerate(codes):
        with clock.frozen(NOON + timedelta(days=day // 2)):  # some at the same moment
            await badges.grant(ada, code, reason="Why")
    id_ = graph_id("prf", ada)
    # when
    newest = await checked_client.data(
        "query N($id: ID!) { profile(by: {id: $id}) { topBadges(limit: 2) { badge { code } } } }", id=id_
    )
    forth: list[str] = []
    back: list[str] = []
    page: dict[str, Any] = {"endCursor": None, "hasNextPage": True}
    while page["hasNextPage"]:
        found = (await checked_client.data(ALL, id=id_, first=2, after=page["endCursor"]))["profile"]["badges"]
        forth, page = [*forth, *(edge["node"]["badge"]["code"] for edge in found["edges"])], found["pageInfo"]
    page = {"startCursor": None, "hasPreviousPage": True}
    while page["hasPreviousPage"]:
        found = (await checked_client.data(ALL, id=id_, last=2, before=page["startCursor"]))["profile"]["badges"]
        back, page = [*(edge["node"]["badge"]["code"] for edge in found["edges"]), *back], found["pageInfo"]
    # then
    assert forth == back == codes[::-1]
    assert codes_of(newest["profile"]["topBadges"]) == codes[:-3:-1]


@pytest.mark.parametrize(
    ("field", "limit"), [("topBadges", 0), ("topBadges", 101), ("badgesInProgress", 0), ("nextBadges", -1)]
)
async def test_a_length_that_makes_no_sense_is_refused(checked_client: GraphQLClient, field: str, limit: int) -> None:
    ada = await make_profile()
    await give(ada)
    assert (
        await checked_client.code(
            f'{{ profile(by: {{id: "{graph_id("prf", ada)}"}}) {{ {field}(limit: {limit}) {{ __typename }} }} }}'
        )
        == "BAD_PAGE"
    )


async def test_a_cursor_of_another_list_is_refused(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile()
    await make_solver(ada)
    text = "query H($id: ID!) { profile(by: {id: $id}) { pointHistory(first: 1) { edges { cursor } } } }"
    history = (await checked_client.data(text, id=graph_id("prf", ada)))["profile"]["pointHistory"]
    # then
    assert await checked_client.code(ALL, id=graph_id("prf", ada), after=history["edges"][0]["cursor"]) == "BAD_CURSOR"


# Who sees what


async def test_a_private_persons_badges_exist_for_nobody_else(checked_client: GraphQLClient) -> None:
    # given
    account = await make_person(public=False)
    ada = account.own_profile_id
    await make_solver(ada)
    await badges.feature(ada, ["FIRST_LIGHT"])
    stranger = await in_session(await make_person())
    # then
    for headers in ({}, stranger):
        assert (await checked_client.data(PAGE, id=graph_id("prf", ada), headers=headers))["profile"] is None
        node = await checked_client.data(
            f'{{ node(id: "{graph_id("prf", ada)}") {{ ... on Profile {{ badges {{ totalCount }} }} }} }}',
            headers=headers,
        )
        assert node == {"node": None}
        assert (await checked_client.data(SHARE, code="FIRST_LIGHT", headers=headers))["badge"]["awardedPercent"] == 0.0
    own = await checked_client.data(PAGE, id=graph_id("prf", ada), headers=await in_session(account))
    assert own["profile"]["badges"]["totalCount"] > 0


async def test_tokens_read_badges_with_the_scope_of_profiles_alone(checked_client: GraphQLClient) -> None:
    # given
    account = await make_person()
    await make_solver(account.own_profile_id)
    id_ = graph_id("prf", account.own_profile_id)
    # then
    assert await checked_client.data(PAGE, id=id_, token=await make_token(account, READ))
    assert await checked_client.data("{ badges { name } }", token=await make_token(account, READ))
    for scope in ("mx:points:read", "mx:leaderboard:read"):
        token = await make_token(account, scope)
        assert await checked_client.code(PAGE, id=id_, token=token) == "INSUFFICIENT_SCOPE"
        assert await checked_client.code("{ badges { name } }", token=token) == "INSUFFICIENT_SCOPE"


# Featuring


async def test_a_person_chooses_in_session_or_with_an_api_key(checked_client: GraphQLClient) -> None:
    # given
    account = await make_person()
    await make_solver(account.own_profile_id)
    # when
    by_session = await checked_client.data(
        SET, badges=["PROBLEM_SOLVER", "FIRST_LIGHT"], headers=await in_session(account)
    )
    by_key = await checked_client.data(SET, badges=["FIRST_LIGHT"], headers=await with_key(account))
    # then
    assert by_session["setFeaturedBadges"] == {
        "profile": {
            "featuredBadges": [
                {"badge": {"code": "PROBLEM_SOLVER", "name": "Problem Solver"}},
                {"badge": {"code": "FIRST_LIGHT", "name": "First Light"}},
            ]
        },
        "errors": [],
    }
    assert codes_of(by_key["setFeaturedBadges"]["profile"]["featuredBadges"]) == ["FIRST_LIGHT"]


async def test_what_is_wrong_with_a_choice_is_said_for_each(checked_client: GraphQLClient) -> None:
    # given
    account = await make_person()
    await give(account.own_profile_id)
    # when
    answer = await checked_client.data(
        SET, badges=["FIRST_LIGHT", "FIRST_LIGHT", "SUMMIT"], headers=await in_session(account)
    )
    # then
    assert answer["setFeaturedBadges"] == {
        "profile": None,
        "errors": [
            {
                "__typename": "PlainError",
                "code": "BADGE_REPEATED",
                "message": "FIRST_LIGHT is listed more than once.",
                "path": ["badgeCodes", "1"],
            },
            {
                "__typename": "PlainError",
                "code": "BADGE_NOT_EARNED",
                "message": "SUMMIT is not a badge that you have earned.",
                "path": ["badgeCodes", "2"],
            },
        ],
    }


# Speed


async def test_badges_of_many_people_take_the_same_statements(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    # given
    people = [await make_profile() for _ in range(20)]
    for who in people:
        await make_solver(who, 6)
    badge = "badge { code name rarity }"
    fields = f"topBadges(limit: 3) {{ {badge} level {{ criterion }} awardedAt levels {{ level {{ number }} }} }}"
    more = f"featuredBadges {{ {badge} }} badgesInProgress(limit: 3) {{ {badge} progressPercent }}"
    more += f" nextBadges(limit: 3) {{ {badge} }} badges(first: 2) {{ totalCount nodes {{ {badge} }} }}"
    text = f"query P($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Profile {{ id {fields} {more} }} }} }}"
    totals = []
    # when
    for size in (10, 20):
        with count_statements() as seen:
            data = await checked_client.data(text, ids=[graph_id("prf", who) for who in people[:size]])
        assert all(len(each["topBadges"]) == 3 for each in data["nodes"])
        totals.append(seen.total)
    # then cards, count, badges, levels, featured, page, and four for both lists of progress
    assert totals == [10, 10], seen.texts


async def test_an_unknown_code_among_the_awards_is_passed_over(checked_client: GraphQLClient) -> None:
    # given a badge that has left the catalogue
    ada = await make_profile()
    await make_solver(ada, 1)
    await BadgeAward.filter(profile_id=ada).update(badge="GONE")
    # when
    page = (await checked_client.data(PAGE, id=graph_id("prf", ada)))["profile"]
    # then
    assert page["badges"] == {"totalCount": 0, "nodes": []}


async def test_nobody_counts_hidden_connections_by_another_ones_progress(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person()
    number: int = ada.own_profile_id
    async with in_transaction():
        await lock_scores([number])
        await achievements.evaluate([await counters.add(number, CONNECTIONS, 3)])
    text = """query P($id: ID!) { profile(by: {id: $id}) {
        badgesInProgress { badge { code } progressPercent } nextBadges(limit: 100) { badge { code } } } }"""
    # when
    mine = (await checked_client.data(text, headers=await in_session(ada), id=graph_id("prf", number)))["profile"]
    theirs = (await checked_client.data(text, id=graph_id("prf", number)))["profile"]
    # then
    assert {"badge": {"code": "SMALL_WORLD"}, "progressPercent": 30} in mine["badgesInProgress"]
    assert theirs["badgesInProgress"] == []
    assert "SMALL_WORLD" not in codes_of(theirs["nextBadges"])


@pytest.mark.parametrize("shown", [True, False])
async def test_the_reason_of_a_badge_given_by_hand_shows_only_where_the_operator_lets_it(
    checked_client: GraphQLClient, shown: bool
) -> None:
    # given
    account = await make_person()
    ada = account.own_profile_id
    await badges.grant(ada, "ON_STAGE", reason="Spoke at the fair", reason_shown=shown)
    await give(ada)
    text = "query R($id: ID!) { profile(by: {id: $id}) { badges { nodes { badge { code } origin reason } } } }"
    # then
    for headers in ({}, await in_session(account)):
        found = (await checked_client.data(text, id=graph_id("prf", ada), headers=headers))["profile"]["badges"]
        by_code = {each["badge"]["code"]: each["reason"] for each in found["nodes"]}
        assert by_code["ON_STAGE"] == ("Spoke at the fair" if shown else None)
        assert by_code["FIRST_LIGHT"] is None
