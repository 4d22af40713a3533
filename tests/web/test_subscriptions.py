"""Subscriptions over WebSockets: what happens arrives within a second, at whom it concerns, for as long as they may know."""

import asyncio
import contextlib
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer
from tortoise.transactions import in_transaction

from catalogue.badges import BADGES
from catalogue.challenges import CHALLENGES
from catalogue.points import Category
from models.database import Database
from models.profiles import Profile, Visibility
from models.tokens import AccessToken
from resolvers import events
from resolvers.base import unauthenticated_access
from server import make_app
from services.core import change_feed, clock
from services.core.change_feed import PersonKind
from services.core.crypto import digest
from services.points.corrections import penalize
from services.profiles import profiles
from settings import Settings
from tests.helpers.factories import give, make_profile, make_service, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session
from tests.helpers.subscriptions import BOARD, OWN, PATIENCE, RANK, READ, arrives, nothing_arrives, person, subscribe
from tests.helpers.transactions import committed
from tests.helpers.websocket import open_socket

SECOND = 1.0


def places(data: Any) -> list[tuple[int, str]]:
    edges = data["leaderboardChanged"]["leaderboard"]["entries"]["edges"]
    return [(edge["node"]["rank"], edge["node"]["profile"]["name"]) for edge in edges]


async def hide(profile_id: int) -> None:
    async with in_transaction():
        await Profile.filter(id=profile_id).update(visibility=Visibility.PRIVATE)
        await profiles.refresh_visibility([profile_id])


async def test_a_change_of_rank_arrives_at_an_anonymous_subscriber(checked_client: GraphQLClient) -> None:
    ada, ben = await make_profile("Ada"), await make_profile("Ben")
    await give(ada, times=2)
    await give(ben, times=1)
    async with open_socket(checked_client) as ws:
        await ws.init()
        await subscribe(ws, BOARD)
        await give(ben, times=3, occurred_at=clock.now() - timedelta(days=3))
        found = await arrives(ws)
        while places(found)[0] != (1, "Ben"):
            found = await arrives(ws)
        assert places(found) == [(1, "Ben"), (2, "Ada")]
        assert found["leaderboardChanged"]["board"] == "OVERALL"


async def test_an_event_arrives_within_a_second(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_profile("Ada")
    loop, took = asyncio.get_running_loop(), []
    async with open_socket(checked_client) as ws:
        await ws.init()
        assert places(await subscribe(ws, BOARD)) == []  # the board as it stands comes first
        # when
        for day in range(5):
            given = loop.time()
            await give(ada, occurred_at=clock.now() - timedelta(days=day))
            assert places(await arrives(ws)) == [(1, "Ada")]
            took.append(loop.time() - given)
    # then: the best of five, since others use the machine meanwhile
    assert min(took) < SECOND, took


async def test_what_another_process_writes_arrives_by_itself(checked_client: GraphQLClient, settings: Settings) -> None:
    ada = await make_profile("Ada")
    async with open_socket(checked_client) as ws:
        await ws.init()
        await subscribe(ws, BOARD)
        process = await asyncio.create_subprocess_exec(*_another_process(settings, ada))
        assert await process.wait() == 0
        assert places(await arrives(ws)) == [(1, "Ada")]


def _another_process(settings: Settings, profile_id: int) -> list[str]:
    code = (
        "import asyncio, sys\n"
        "from models.database import opened\n"
        "from services.core.runtime import Runtime\n"
        "from settings import Settings\n"
        "from tests.helpers.factories import give\n"
        "async def main():\n"
        "    settings = Settings(database_url=sys.argv[1])\n"
        "    async with opened(settings) as database:\n"
        "        with Runtime(settings, database).active():\n"
        "            await give(int(sys.argv[2]))\n"
        "asyncio.run(main())\n"
    )
    return [sys.executable, "-c", code, settings.database, str(profile_id)]


async def test_a_board_that_did_not_change_says_nothing(checked_client: GraphQLClient) -> None:
    ada, hidden = await make_profile("Ada"), await make_profile("Hidden", public=False)
    await give(ada)
    forum = {"query": BOARD["query"].replace("OVERALL", "LEARNING")}
    async with open_socket(checked_client) as ws:
        await ws.init()
        await subscribe(ws, forum, "learning")
        await subscribe(ws, BOARD, "overall")
        await give(hidden)
        await nothing_arrives(ws)
        await give(ada, "UPVOTE_RECEIVED")
        await arrives(ws, "overall")
        await nothing_arrives(ws)


async def test_many_changes_make_few_deliveries_and_the_last_one_is_the_truth(checked_client: GraphQLClient) -> None:
    people = [await make_profile(f"Person {n}") for n in range(4)]
    async with open_socket(checked_client) as ws:
        await ws.init()
        await subscribe(ws, BOARD)
        loop = asyncio.get_running_loop()
        start, heard, found = loop.time(), 0, None
        for number in range(30):
            await give(people[number % 3], "UPVOTE_RECEIVED", occurred_at=clock.now() - timedelta(days=number + 1))
            await asyncio.sleep(0.04)
        with contextlib.suppress(TimeoutError):
            while message := await asyncio.wait_for(ws.raw.receive(), 1.2):
                heard, found = heard + 1, orjson.loads(message.data)["payload"]["data"]
        assert 1 <= heard <= (loop.time() - start) / events.SECONDS_BETWEEN_DELIVERIES + 1
        assert len(places(found)) == 3


async def test_whoever_hides_leaves_the_board_of_others(checked_client: GraphQLClient) -> None:
    ada, ben = await make_profile("Ada"), await make_profile("Ben")
    await give(ada)
    await give(ben)
    async with open_socket(checked_client) as ws:
        await ws.init()
        await subscribe(ws, BOARD)
        await hide(ada)
        found = await arrives(ws)
        assert places(found) == [(1, "Ben")]
        await give(ada)
        await nothing_arrives(ws)


async def test_people_hear_of_their_own_points_and_of_nobody_elses(checked_client: GraphQLClient) -> None:
    (ada, ada_id), (ben, ben_id) = await person("Ada"), await person("Ben")
    async with (
        open_socket(checked_client) as of_ada,
        open_socket(checked_client, {"Authorization": f"mxtoken {await make_token(ben, READ)}"}) as of_ben,
    ):
        await of_ada.init({"Authorization": f"mxtoken {await make_token(ada, READ)}"})
        await of_ben.init()
        await subscribe(of_ada, OWN)
        await subscribe(of_ben, OWN)
        await give(ada_id, "ANSWER_ACCEPTED")
        found = (await arrives(of_ada))["viewerEvents"]
        assert (found["__typename"], found["kind"], found["category"]) == ("PointsEvent", "POINTS", "FORUM")
        assert found["activity"] == {"code": "ANSWER_ACCEPTED"} and found["points"] > 0
        await nothing_arrives(of_ben)
        await give(ben_id, "UPVOTE_RECEIVED")
        assert (await arrives(of_ben))["viewerEvents"]["activity"] == {"code": "UPVOTE_RECEIVED"}


async def test_every_kind_of_event_has_its_facts(checked_client: GraphQLClient) -> None:
    account, ada = await person()
    async with open_socket(checked_client) as ws:
        await ws.init({"Authorization": f"mxtoken {await make_token(account, READ)}"})
        await subscribe(ws, OWN)
        badge, challenge = next(iter(BADGES.values())), next(iter(CHALLENGES.values()))
        await committed(
            change_feed.publish_all(
                [
                    change_feed.person_entry(ada, PersonKind.LEVEL, level=3),
                    change_feed.person_entry(ada, PersonKind.BADGE, badge=badge.code, level=1),
                    change_feed.person_entry(ada, PersonKind.BADGE, badge="gone", level=1),
                    change_feed.person_entry(ada, PersonKind.CHALLENGE, challenge=challenge.code),
                    change_feed.person_entry(ada, PersonKind.CHALLENGE, challenge="gone"),
                    change_feed.person_entry(ada, PersonKind.POINTS, points=-5, category="FORUM", activity=None),
                ]
            )
        )
        found = [(await arrives(ws))["viewerEvents"] for _ in range(6)]
    assert all(each.pop("recordedAt") and each.pop("cursor") for each in found)
    assert found == [
        {"__typename": "LevelEvent", "kind": "LEVEL", "level": {"number": 3}},
        {"__typename": "BadgeEvent", "kind": "BADGE", "level": {"number": 1}, "badge": {"code": badge.code, "name": badge.name}},
        {"__typename": "BadgeEvent", "kind": "BADGE", "level": {"number": 1}, "badge": None},
        {"__typename": "ChallengeEvent", "kind": "CHALLENGE",
         "challenge": {"code": challenge.code, "title": challenge.title, "credits": challenge.credits}},
        {"__typename": "ChallengeEvent", "kind": "CHALLENGE", "challenge": None},
        {"__typename": "PointsEvent", "kind": "POINTS", "points": -5, "category": "FORUM", "activity": None},
    ]  # fmt: skip


async def test_a_silent_penalty_is_never_told(checked_client: GraphQLClient) -> None:
    account, ada = await person()
    async with open_socket(checked_client, {**await in_session(account), "Origin": "http://graph.example"}) as ws:
        await ws.init()
        await subscribe(ws, OWN)
        await penalize(ada, Category.FORUM, 5, reason="Spam", shown=False, external_id="1")
        await nothing_arrives(ws)
        await penalize(ada, Category.FORUM, 5, reason="Spam", shown=True, external_id="2")
        assert (await arrives(ws))["viewerEvents"]["points"] == -5


@pytest.mark.parametrize("what", ["nobody", "scope", "service", "closed"])
async def test_who_may_not_hear_is_told_why_once(
    checked_client: GraphQLClient, settings: Settings, database: Database, what: str
) -> None:
    payload, asked = None, OWN
    if what == "scope":
        payload = {"Authorization": f"mxtoken {await make_token((await person())[0], RANK)}"}
    elif what == "service":
        payload = {"Authorization": f"mxtoken {await make_token(await make_service(), READ)}"}
    closed = await make_app(replace(settings, anonymous="none"), database)
    async with TestClient(TestServer(closed)) as http:
        if what == "closed":
            checked_client, asked = GraphQLClient(http), BOARD
        async with open_socket(checked_client) as ws:
            await ws.init(payload)
            await ws.send(id="s", type="subscribe", payload=asked)
            answer = await ws.receive()
            [error] = answer["payload"]["errors"]
            assert await ws.receive() == {"id": "s", "type": "complete"}
    expected = {"scope": "INSUFFICIENT_SCOPE", "service": "FORBIDDEN"}.get(what, "UNAUTHENTICATED")
    assert (answer["type"], answer["payload"]["data"], error["extensions"]["code"]) == ("next", None, expected)


@pytest.mark.parametrize("root", ["Subscription.leaderboardChanged", "Subscription.viewerEvents"])
def test_an_expired_password_opens_no_subscription(root: str) -> None:
    assert not unauthenticated_access.works_with_expired_password(frozenset({root, "LeaderboardChange.asOf"}))


async def test_a_token_that_opens_boards_may_follow_one(checked_client: GraphQLClient) -> None:
    account, _ = await person()
    ada = await make_profile("Ada")
    async with open_socket(checked_client) as ws:
        await ws.init({"Authorization": f"mxtoken {await make_token(account, RANK)}"})
        await subscribe(ws, BOARD)
        await give(ada)
        assert places(await arrives(ws)) == [(1, "Ada")]


async def test_a_token_that_is_deleted_gets_nothing_more_and_the_socket_closes(checked_client: GraphQLClient) -> None:
    account, ada = await person()
    token = await make_token(account, READ)
    async with open_socket(checked_client) as ws:
        await ws.init({"Authorization": f"mxtoken {token}"})
        await subscribe(ws, OWN)
        await give(ada)
        await arrives(ws)
        await AccessToken.filter(secret_hash=digest(token)).delete()
        await give(ada, "UPVOTE_RECEIVED")
        heard = []
        async with asyncio.timeout(PATIENCE):
            while (received := await ws.raw.receive()).type is aiohttp.WSMsgType.TEXT:
                heard.append(received.data)
        assert ws.raw.close_code == 4403
        assert "UPVOTE_RECEIVED" not in "".join(heard)


async def test_a_client_that_completes_hears_nothing_more_and_may_use_the_id_again(
    checked_client: GraphQLClient,
) -> None:
    ada = await make_profile("Ada")
    async with open_socket(checked_client) as ws:
        await ws.init()
        await subscribe(ws, BOARD)
        await ws.send(id="s", type="complete")
        await give(ada)
        await nothing_arrives(ws)
        await subscribe(ws, BOARD)
        await give(ada, "UPVOTE_RECEIVED")
        assert places(await arrives(ws)) == [(1, "Ada")]


async def test_a_server_that_stops_says_goodbye_to_subscribers(
    checked_client: GraphQLClient, database: Database
) -> None:
    async with open_socket(checked_client) as ws:
        await ws.init()
        await subscribe(ws, BOARD)
        await checked_client.http.app.shutdown()
        assert await ws.closed() == 1001


@pytest.mark.parametrize("method", ["post", "get"])
async def test_a_single_request_is_no_subscription(checked_client: GraphQLClient, method: str) -> None:
    if method == "post":
        response = await checked_client.post(BOARD["query"])
    else:
        response = await checked_client.http.get("/graphql", params={"query": BOARD["query"]})
    body = await response.json()
    assert "data" not in body
    assert body["errors"][0]["extensions"]["code"] == "BAD_QUERY"
