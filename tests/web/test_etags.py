"""Answers that a client has already: 304 in place of the same bytes."""

from typing import Any

import orjson
from multidict import CIMultiDict

from services.core import clock
from services.points.ledger import record
from tests.helpers.factories import event, make_person, make_profile, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session

BOARD = "{ leaderboard(board: FORUM) { asOf entries { edges { node { rank points profile { name } } } } } }"


async def get(client: GraphQLClient, query: str = BOARD, **headers: str) -> Any:
    page = {"Sec-Fetch-Site": "same-origin"}  # what a browser says of a page of ours: a GET counts with its cookie
    return await client.http.get("/graphql", params={"query": query}, headers={**page, **headers})


async def test_what_has_not_changed_is_not_sent_again(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person(name="Ada")
    await record(event(own(ada), "ANSWER_ACCEPTED", occurred_at=clock.now()))
    token = {"Authorization": f"mxtoken {await make_token(ada, 'mx:leaderboard:read')}"}
    first = await get(checked_client, **token)
    tag = first.headers["ETag"]
    assert first.status == 200 and first.headers["Cache-Control"] == "private, no-cache"
    # when
    for shown in (tag, f'"other", W/{tag}', "*"):
        again = await get(checked_client, **token, **{"If-None-Match": shown})
        # then
        assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", tag), shown
        assert again.headers["Vary"] == first.headers["Vary"]
    posted = await checked_client.post(BOARD, headers={**token, "If-None-Match": tag})
    assert posted.status == 304
    # when something changes
    await record(event(own(ada), "ANSWER_ACCEPTED", occurred_at=clock.now()))
    changed = await get(checked_client, **token, **{"If-None-Match": tag})
    # then
    assert changed.status == 200 and changed.headers["ETag"] != tag


async def test_one_answer_is_not_taken_for_another(checked_client: GraphQLClient) -> None:
    # given
    ada, ben = await make_person(name="Ada"), await make_person(name="Ben")
    mine = "{ viewer { profile { name } } }"
    tags = {(await get(checked_client, mine, **await in_session(who))).headers["ETag"] for who in (ada, ben)}
    assert len(tags) == 2
    # when
    for tag in tags:
        nobody = await get(checked_client, mine, **{"If-None-Match": tag})
        # then
        assert nobody.status == 200
    for unknown in ('"nonsense"', '"*"', "nonsense", "W/", ",", '"' * 5_000):
        assert (await get(checked_client, **{"If-None-Match": unknown})).status == 200, unknown


async def test_tags_may_be_in_several_headers(checked_client: GraphQLClient) -> None:
    # given
    tag = (await get(checked_client)).headers["ETag"]
    # when
    headers = CIMultiDict([("If-None-Match", '"other"'), ("If-None-Match", tag)])
    again = await checked_client.http.get("/graphql", params={"query": BOARD}, headers=headers)
    # then
    assert again.status == 304


async def test_a_browser_that_is_signed_in_stores_nothing(checked_client: GraphQLClient) -> None:
    answer = await get(checked_client, **await in_session(await make_person()))
    assert "ETag" in answer.headers and answer.headers["Cache-Control"] == "no-store"


async def test_errors_and_mutations_have_no_tag(checked_client: GraphQLClient) -> None:
    for response in (
        await get(checked_client, '{ leaderboard(board: FORUM, on: "2020-01-01") { board } }'),
        await get(checked_client, "{ nothing }"),
        await checked_client.post("mutation { signOut { errors { code } } }"),
    ):
        assert "ETag" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"
        assert orjson.loads(await response.read())


async def test_a_bad_credential_is_refused_whatever_tag_it_shows(checked_client: GraphQLClient) -> None:
    await make_profile()
    tag = (await get(checked_client)).headers["ETag"]
    assert (await get(checked_client, **{"If-None-Match": tag, "Authorization": "mxtoken mxp_wrong"})).status == 403


def own(account: Any) -> int:
    return account.profile_id
