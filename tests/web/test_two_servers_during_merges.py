"""Servers with one database: none answers from what it kept of a profile that was merged elsewhere."""

from typing import Any

import orjson

from models.profiles import Profile
from settings import Settings
from tests.helpers.connections import connected, member
from tests.helpers.factories import give, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.racing_merges import merge_now
from tests.helpers.servers import Server, running
from tests.helpers.waiting import until_it

SCOPES = ("mx:user:profile:v1:read", "mx:leaderboard:read", "mx:connections:read")
QUERY = """{
  viewer { profile { id handle score { points } connections { totalCount } } }
  leaderboard(board: OVERALL) { viewerEntry { rank points } entries(first: 5) { nodes { points profile { name } } } }
  profiles(search: "old", first: 5) { nodes { name } }
}"""


async def asked(server: Server, token: str) -> Any:
    answer = await server.post(orjson.dumps({"query": QUERY}), f"Authorization: mxtoken {token}\r\n")
    body = orjson.loads(answer.body)
    assert "errors" not in body, body
    return body["data"]


async def test_the_next_request_is_the_merged_person_on_every_server(settings: Settings) -> None:
    async with running(settings) as one, running(settings) as two:
        # given two people on the board whom both servers have answered
        old, ben, ada = await member("Old"), await member("Ben"), await member("Ada")
        await give(old.profile_id, times=3)
        await give(ben.profile_id, times=1)
        await connected(old, ada)
        token = await make_token(old, *SCOPES)
        for server in (one, two):
            before = await asked(server, token)
            assert before["viewer"]["profile"]["id"] == graph_id("prf", old.profile_id)
        # when they are merged by a third process
        await merge_now(old.profile_id, ben.profile_id)
        # then
        handle = (await Profile.get(id=ben.profile_id)).handle
        for server in (one, two):
            viewer = (await asked(server, token))["viewer"]["profile"]
            assert (viewer["id"], viewer["handle"]) == (graph_id("prf", ben.profile_id), handle)
            assert (viewer["score"]["points"], viewer["connections"]["totalCount"]) == (60, 1)

            # and what is kept in memory follows within a second
            async def follows(server: Server = server) -> bool:
                found = await asked(server, token)
                board = found["leaderboard"]
                return board["viewerEntry"] == {"rank": 1, "points": 60} and "Old" not in orjson.dumps(found).decode()

            await until_it(follows)
