"""What a person is told about requests and connections as it happens, for as long as they may know."""

import asyncio
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from models.notices import Notice
from resolvers import events
from server import DATABASE
from services.connections import blocks, connections
from services.core import person_events
from tests.helpers.connections import ask, asked, hide, member, request_of
from tests.helpers.factories import make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.subscriptions import READ, subscribe
from tests.helpers.websocket import GraphQLSocket, open_socket

EVENTS = {
    "query": "subscription { viewerEvents { __typename kind ... on ConnectionRequestEvent { profile { name connectionStatus }"
    " request { direction profile { name } } } ... on ConnectionAcceptedEvent { profile { name connectionStatus } } } }"
}


async def listen(ws: GraphQLSocket, who: Any) -> None:
    await ws.init({"Authorization": f"mxtoken {await make_token(who, READ)}"})
    await subscribe(ws, EVENTS)


async def heard(ws: GraphQLSocket, within: float = 0.9) -> list[Any]:
    """What arrives about connections; badges that come with them are told too."""
    found = []
    try:
        async with asyncio.timeout(within):
            while True:
                message = await ws.receive()
                assert "errors" not in message["payload"], message
                found.append(message["payload"]["data"]["viewerEvents"])
    except TimeoutError:
        return [each for each in found if each["kind"].startswith("CONNECTION")]


async def at_once(*calls: Any) -> None:
    """All of it is over before anybody hears of any."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.core.rate_limits.forbid_transaction", lambda: None)  # `send` spends before it locks
        async with in_transaction():
            for call in calls:
                await call


async def test_a_request_and_its_acceptance_arrive(checked_client: GraphQLClient) -> None:
    ada, ben = await member("Ada"), await member("Ben")
    async with open_socket(checked_client) as of_ada, open_socket(checked_client) as of_ben:
        await listen(of_ada, ada)
        await listen(of_ben, ben)
        number = await asked(ada, ben)
        assert await heard(of_ben) == [
            {
                "__typename": "ConnectionRequestEvent",
                "kind": "CONNECTION_REQUEST",
                "profile": {"name": "Ada", "connectionStatus": "REQUEST_RECEIVED"},
                "request": {"direction": "RECEIVED", "profile": {"name": "Ada"}},
            }
        ]
        await connections.accept(ben.profile_id, number)
        assert await heard(of_ada) == [
            {
                "__typename": "ConnectionAcceptedEvent",
                "kind": "CONNECTION_ACCEPTED",
                "profile": {"name": "Ben", "connectionStatus": "CONNECTED"},
            }
        ]
        assert await heard(of_ben, within=0.1) == []


async def test_what_may_not_be_known_any_more_is_not_told(checked_client: GraphQLClient) -> None:
    ada, ben, dan, eve, finn, gus = [await member(name) for name in ("Ada", "Ben", "Dan", "Eve", "Finn", "Gus")]
    await blocks.block(ben.profile_id, ada.profile_id)

    async def take_back() -> None:
        await connections.withdraw(finn.profile_id, await request_of(finn, ben))

    async with open_socket(checked_client) as ws:
        await listen(ws, ben)
        await ask(ada, ben)  # nothing is even written
        await at_once(ask(dan, ben), hide(dan))
        await at_once(ask(eve, ben), blocks.block(ben.profile_id, eve.profile_id))
        await at_once(ask(finn, ben), take_back())
        await ask(gus, ben)
        assert [each["profile"]["name"] for each in await heard(ws)] == ["Gus"]
    written: Any = Notice.filter(profile_id=ben.profile_id).order_by("id").values_list("facts", flat=True)
    assert [each["profile"] for each in await written] == [each.profile_id for each in (dan, eve, finn, gus)]


async def test_a_replay_leaves_out_what_may_not_be_known_any_more(checked_client: GraphQLClient) -> None:
    # given: Ben was told of a request by each of them, and could read these events again
    people = [await member(name) for name in ("Dan", "Eve", "Finn", "Gus")]
    ben, (dan, eve, finn, _) = await member("Ben"), people
    start = events._cursor_of(ben.profile_id, await person_events.now(checked_client.http.app[DATABASE]))
    for each in people:
        await ask(each, ben)
    replay = {**EVENTS, "variables": {"after": start}, "query": EVENTS["query"].replace(
        "subscription { viewerEvents", "subscription($after: String) { viewerEvents(after: $after)"
    )}  # fmt: skip
    async with open_socket(checked_client) as ws:
        await ws.init({"Authorization": f"mxtoken {await make_token(ben, READ)}"})
        await ws.send(id="s", type="subscribe", payload=replay)
        assert [each["profile"]["name"] for each in await heard(ws)] == ["Dan", "Eve", "Finn", "Gus"]
    # when
    await hide(dan)
    await blocks.block(ben.profile_id, eve.profile_id)
    await connections.withdraw(finn.profile_id, await request_of(finn, ben))
    # then
    async with open_socket(checked_client) as ws:
        await ws.init({"Authorization": f"mxtoken {await make_token(ben, READ)}"})
        await ws.send(id="s", type="subscribe", payload=replay)
        assert [each["profile"]["name"] for each in await heard(ws)] == ["Gus"]


async def test_an_acceptance_by_somebody_who_hid_or_left_since_is_not_told(checked_client: GraphQLClient) -> None:
    ada, ben, cem = [await member(name) for name in ("Ada", "Ben", "Cem")]
    first, second = await asked(ada, ben), await asked(ada, cem)
    async with open_socket(checked_client) as ws:
        await listen(ws, ada)
        await at_once(connections.accept(ben.profile_id, first), hide(ben))
        await at_once(connections.accept(cem.profile_id, second), connections.remove(cem.profile_id, ada.profile_id))
        assert await heard(ws) == []
    assert await Notice.filter(profile_id=ada.profile_id).count() >= 2
