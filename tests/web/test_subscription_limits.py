"""Subscriptions cost what they cost: so many at once, so many events, and nothing that grows with a slow client."""

import asyncio

import pytest

from catalogue import limits as catalogue
from catalogue.limits import Limit
from models.database import Database
from resolvers import events
from resolvers.base.context import Context
from services.auth.principals import Principal
from services.core import change_feed
from services.core.change_feed import PersonKind
from tests.helpers.factories import give, make_profile, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.subscriptions import BOARD, READ, arrives, nothing_arrives, person, subscribe
from tests.helpers.transactions import committed
from tests.helpers.waiting import until
from tests.helpers.websocket import open_socket
from web import websocket_connection, websockets


async def test_a_socket_has_so_many_subscriptions_and_no_more(
    checked_client: GraphQLClient, database: Database
) -> None:
    listeners = change_feed.follower(database)._listeners[change_feed.Topic.SCORES]
    before = len(listeners)
    async with open_socket(checked_client) as ws:
        await ws.init()
        for number in range(websocket_connection.MAX_OPERATIONS_PER_SOCKET):
            await ws.send(id=str(number), type="subscribe", payload=BOARD)
        await ws.send(id="more", type="subscribe", payload=BOARD)
        heard = [
            await ws.receive() for _ in range(websocket_connection.MAX_OPERATIONS_PER_SOCKET + 1)
        ]  # each board as it stands, one refusal
        [refused] = [each for each in heard if each["type"] == "error"]
        assert refused["id"] == "more" and refused["payload"][0]["extensions"]["code"] == "TOO_MANY_ITEMS"
        assert len(listeners) >= before + websocket_connection.MAX_OPERATIONS_PER_SOCKET
    await until(lambda: len(listeners) <= before + 1)  # the boards' own listener stays


async def test_an_address_and_an_account_have_so_many_sockets_and_no_more(
    checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websockets, "MAX_SOCKETS_PER_ADDRESS", 3)
    monkeypatch.setattr(websockets, "MAX_SOCKETS_PER_ACCOUNT", 1)
    account, _ = await person()
    shown = {"Authorization": f"mxtoken {await make_token(account, READ)}"}
    async with open_socket(checked_client) as one, open_socket(checked_client) as two:
        await one.init(shown)
        await two.send(type="connection_init", payload=shown)
        assert await two.closed() == 4429
        async with open_socket(checked_client), open_socket(checked_client), open_socket(checked_client) as fourth:
            assert await fourth.closed() == 4429
    async with open_socket(checked_client) as again:
        await again.init(shown)


async def test_whoever_sends_too_many_messages_is_closed(checked_client: GraphQLClient) -> None:
    async with open_socket(checked_client) as ws:
        await ws.init()
        for _ in range(websocket_connection.MESSAGE_BURST + websocket_connection.MESSAGES_PER_SECOND * 3):
            await ws.send(type="ping")
        assert await ws.closed() == 4429


async def test_events_over_the_limit_come_later_and_as_things_stand_then(
    checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        catalogue.LIMITS, "delivery-anonymous", (Limit("delivery-anonymous:address", ("address",), 2_000_000, 1),)
    )
    ada = await make_profile("Ada")
    async with open_socket(checked_client) as ws:
        await ws.init()
        await subscribe(ws, BOARD)  # the board as it stands is the one event that is within the limit
        await give(ada, "UPVOTE_RECEIVED")
        await give(ada, "ANSWER_ACCEPTED", times=2)
        await nothing_arrives(ws, 0.9)
        await arrives(ws)


async def test_a_slow_client_misses_nothing_and_costs_no_memory(database: Database) -> None:
    account, ada = await person()
    follower = change_feed.follower(database)
    source = events.viewer_events(Context(database, Principal(account_id=account.id, profile_id=ada)))
    first = asyncio.ensure_future(anext(source))
    await until(lambda: len(follower._listeners[change_feed.Topic.PERSON]) == 1)
    # when: 300 events of one transaction, and one by one
    level = change_feed.person_entry
    await committed(change_feed.publish_all([level(ada, PersonKind.LEVEL, level=nth) for nth in range(300)]))
    for nth in range(300, 310):
        await committed(change_feed.publish_all([level(ada, PersonKind.LEVEL, level=nth)]))
    await follower.poll()
    # then
    heard = [(await first)["level"], *[(await anext(source))["level"] for _ in range(309)]]
    assert heard == list(range(310))
    await source.aclose()
    assert follower._listeners[change_feed.Topic.PERSON] == []
