"""Asking, answering and looking over HTTP, for tests of connections."""

from datetime import timedelta
from typing import Any

from resolvers.base import ids
from services.core import clock
from tests.helpers.connections import connected, member
from tests.helpers.factories import NOON
from tests.helpers.graphql_client import Body, GraphQLClient
from tests.helpers.people import Headers

LIST = """
query L($id: ID!, $search: String, $first: Int, $after: String, $last: Int, $before: String) { profile(by: {id: $id}) {
  connections(search: $search, first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor connectedAt node { id name connectionStatus } } } } }
"""
TOWARDS = """
query T($id: ID!) { profile(by: {id: $id}) { name connectionStatus connectionRequest { id direction profile { name } }
  connections { totalCount edges { node { name } } } mutualConnections { totalCount profiles { name } } } }
"""
WAITING = """
{ viewer { connectionRequestsReceived { totalCount nodes { id } edges { cursor node { id direction sentAt profile { name connectionStatus } } } }
  connectionRequestsSent { totalCount edges { node { id direction profile { name } } } }
  blockedProfiles { totalCount nodes { name } edges { cursor blockedAt node { name connectionStatus } } } } }
"""
INPUTS = {
    "sendConnectionRequest": "profileId", "removeConnection": "profileId", "blockProfile": "profileId", "unblockProfile": "profileId",
    "acceptConnectionRequest": "requestId", "ignoreConnectionRequest": "requestId", "withdrawConnectionRequest": "requestId",
}  # fmt: skip


def prf(who: Any) -> str:
    return ids.encode("Profile", who.profile_id)


def crq(number: int) -> str:
    return ids.encode("ConnectionRequest", number)


async def do(client: GraphQLClient, headers: Headers, name: str, target: str) -> Body:
    kind = name[0].upper() + name[1:]
    request = " request { id direction profile { name } }" if name == "sendConnectionRequest" else ""
    text = (
        f"mutation M($input: {kind}Input!) {{ {name}(input: $input) {{ profile {{ name connectionStatus }}{request} "
        "errors { code path } } }"
    )
    body = await client.ask(text, headers=headers, input={INPUTS[name]: target})
    assert "errors" not in body, body
    return body["data"][name]


async def towards(client: GraphQLClient, headers: Headers, whom: Any) -> Any:
    return (await client.ask(TOWARDS, headers=headers, id=prf(whom)))["data"]["profile"]


async def waiting(client: GraphQLClient, headers: Headers) -> Any:
    return (await client.ask(WAITING, headers=headers))["data"]["viewer"]


async def listed(client: GraphQLClient, headers: Headers, whose: Any, **asked_for: Any) -> list[str]:
    found = (await client.ask(LIST, headers=headers, id=prf(whose), **asked_for))["data"]["profile"]["connections"]
    return [edge["node"]["name"] for edge in found["edges"]]


async def circle(names: list[str], *, start: Any = NOON) -> tuple[Any, list[Any]]:
    """Somebody and the people they met, a day apart, in this order."""
    zoe, people = await member("Zoe"), []
    for day, name in enumerate(names):
        people.append(await member(name))
        with clock.frozen(start + timedelta(days=day)):
            await connected(zoe, people[-1])
    return zoe, people
