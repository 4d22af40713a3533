"""The history of points, as clients read it: docs/rules/points.md."""

from datetime import timedelta
from typing import Any

from catalogue.points import Category
from services.points.corrections import penalize, reverse
from services.points.ledger import record, record_many
from services.points.opening_balances import OpeningBalance, record_opening_balances
from tests.conftest import CountStatements
from tests.helpers.factories import NOON, event, give, make_person, make_profile, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import GraphQLClient

READ = "mx:user:profile:v1:read"
HISTORY = """
query History($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
  profile(by: {id: $id}) {
    pointHistory(first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { id kind category activity { code title } pointsAwarded outcome occurredAt reason } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""


async def history(client: GraphQLClient, who: int, token: str | None = None, **page: Any) -> Any:
    return (await client.data(HISTORY, id=graph_id("prf", who), token=token, **page))["profile"]["pointHistory"]


async def test_the_history_walks_both_ways_newest_first(checked_client: GraphQLClient) -> None:
    # given entries of which some share their moment
    ada = await make_profile()
    await record_many(
        [
            event(ada, "ANSWER_ACCEPTED", occurred_at=NOON + timedelta(hours=n // 3, microseconds=n // 3))
            for n in range(11)
        ]
    )
    await record_opening_balances([OpeningBalance(ada, Category.LEARNING, 40, "archive", "a")])
    whole = (await history(checked_client, ada, first=100))["edges"]
    # when
    forward: list[Any] = []
    backward: list[Any] = []
    after = before = None
    while (page := await history(checked_client, ada, first=4, after=after))["edges"]:
        forward += page["edges"]
        after = page["pageInfo"]["endCursor"]
    while (page := await history(checked_client, ada, last=5, before=before))["edges"]:
        backward = page["edges"] + backward
        before = page["pageInfo"]["startCursor"]
    # then
    assert len(whole) == 12 and forward == whole == backward
    assert whole[-1]["node"] | {"id": ""} == {
        "id": "",
        "kind": "OPENING",
        "category": "LEARNING",
        "activity": None,
        "pointsAwarded": 40,
        "outcome": "AWARDED",
        "occurredAt": None,
        "reason": None,
    }
    moments = [edge["node"]["occurredAt"] for edge in whole[:-1]]
    assert moments == sorted(moments, reverse=True) and all(moment.endswith("Z") for moment in moments)


async def test_others_see_what_gave_points_and_the_person_sees_all_but_silent_penalties(
    checked_client: GraphQLClient,
) -> None:
    # given
    account = await make_person()
    ada = account.own_profile_id
    votes = [event(ada) for _ in range(6)]
    await record_many(votes)
    await record(event(ada, "ANSWER_ACCEPTED", counterpart_id=ada))
    await reverse(votes[0].source, votes[0].external_id)
    await penalize(ada, Category.FORUM, 3, reason="Shown", shown=True, external_id="1")
    await penalize(ada, Category.FORUM, 4, reason="Silent", shown=False, external_id="2")
    # when
    others = [edge["node"] for edge in (await history(checked_client, ada))["edges"]]
    own = [
        edge["node"] for edge in (await history(checked_client, ada, token=await make_token(account, READ)))["edges"]
    ]
    # then
    assert sorted(node["pointsAwarded"] for node in others) == [-10, 10, 10, 10, 10, 10]
    assert {node["outcome"] for node in others} == {"AWARDED"} and {node["reason"] for node in others} == {None}
    assert len(own) == 6 + 1 + 1 + 1
    assert [node["reason"] for node in own if node["kind"] == "PENALTY"] == ["Shown"]
    assert {node["outcome"] for node in own} == {"AWARDED", "CAPPED", "SELF"}
    assert "Silent" not in str(own)


async def test_a_silent_penalty_cannot_be_had_by_its_id(checked_client: GraphQLClient) -> None:
    account = await make_person()
    penalty = await penalize(account.own_profile_id, Category.FORUM, 4, reason="Silent", shown=False, external_id="2")
    token = await make_token(account, READ)
    assert await checked_client.data(
        "query N($id: ID!) { node(id: $id) { id } }", id=graph_id("pnt", penalty.id), token=token
    ) == {"node": None}


async def test_the_count_of_a_history_tells_no_more_than_its_list(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    # given six events, of which the last one is capped, and two penalties, of which one is silent
    account = await make_person()
    ada: int = account.own_profile_id
    await give(ada, "UPVOTE_RECEIVED", times=6)
    for number, shown in enumerate((True, False)):
        await penalize(ada, Category.FORUM, 1, reason="Why", shown=shown, external_id=str(number))
    text = "query H($id: ID!) { profile(by: {id: $id}) { pointHistory(first: 100) { totalCount nodes { kind } } } }"
    own = await make_token(account, READ)
    for token, expected in ((None, 5), (own, 7)):
        # when
        with count_statements() as seen:
            data = await checked_client.data(text, id=graph_id("prf", ada), token=token)
        # then
        page = data["profile"]["pointHistory"]
        assert (page["totalCount"], len(page["nodes"])) == (expected, expected)
        assert sum("count(*)" in each for each in seen.texts) == 1


async def test_a_history_cursor_is_of_histories_alone(checked_client: GraphQLClient) -> None:
    ada = await make_profile()
    await give(ada, times=2)
    board = "{ leaderboard(board: FORUM) { entries(first: 1) { pageInfo { endCursor } } } }"
    cursor = (await checked_client.data(board))["leaderboard"]["entries"]["pageInfo"]["endCursor"]
    assert await checked_client.code(HISTORY, id=graph_id("prf", ada), after=cursor) == "BAD_CURSOR"


async def test_histories_of_many_people_take_one_statement(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    # given
    for n in range(12):
        await give(await make_profile(f"P{n}"), times=3)
    document = "query B($first: Int!) { leaderboard(board: FORUM) { entries(first: $first) { edges { node { profile { pointHistory(first: 2) { edges { node { pointsAwarded } } pageInfo { hasNextPage } } } } } } } }"
    await checked_client.data(document, first=1)  # the board is built
    counted = []
    # when
    for size in (3, 12):
        with count_statements() as seen:
            data = await checked_client.data(document, first=size)
        pages = [edge["node"]["profile"]["pointHistory"] for edge in data["leaderboard"]["entries"]["edges"]]
        assert [(len(page["edges"]), page["pageInfo"]["hasNextPage"]) for page in pages] == [(2, True)] * size
        counted.append(seen.total)
    # then
    assert counted == [2, 2], seen.texts


async def test_the_point_tables(checked_client: GraphQLClient) -> None:
    data = await checked_client.data(
        "{ activities { code title category points dailyCap isOncePerPerson } levels { number points } }"
    )
    assert len(data["activities"]) == 49 and len(data["levels"]) == 10
    assert data["activities"][1] == {
        "code": "UPVOTE_RECEIVED",
        "title": "Receive an upvote",
        "category": "FORUM",
        "points": 10,
        "dailyCap": 50,
        "isOncePerPerson": False,
    }
    assert data["levels"][9] == {"number": 10, "points": 32500}
