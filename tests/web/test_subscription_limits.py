"""Subscriptions cost what they cost: so many at once, so many events, and nothing that grows with a slow client."""

import asyncio

import pytest

from catalogue import limits as catalogue
from catalogue.limits import Limit
from models.database import Database
from resolvers import events
from resolvers.context import Context
from resolvers.viewers import Viewer
from services import limits, notices
from services.notices import PersonKind
from tests.factories import give, make_profile, make_token
from tests.services.posting import until
from tests.web.clients import GraphQLClient
from tests.web.test_sockets import talking
from tests.web.test_subscriptions import BOARD, READ, arrives, nothing_arrives, person, subscribe
from web import conversations, sockets


async def test_a_socket_has_so_many_subscriptions_and_no_more(client: GraphQLClient, database: Database) -> None:
    listeners = notices.follower(database)._listeners[notices.Topic.SCORES]
    before = len(listeners)
    async with talking(client) as talk:
        await talk.greet()
        for number in range(conversations.AT_ONCE):
            await talk.say(id=str(number), type="subscribe", payload=BOARD)
        await talk.say(id="more", type="subscribe", payload=BOARD)
        heard = [await talk.hear() for _ in range(conversations.AT_ONCE + 1)]  # each board as it stands, one refusal
        [refused] = [each for each in heard if each["type"] == "error"]
        assert refused["id"] == "more" and refused["payload"][0]["extensions"]["code"] == "TOO_MANY_ITEMS"
        assert len(listeners) >= before + conversations.AT_ONCE
    await until(lambda: len(listeners) <= before + 1)  # the boards' own listener stays


async def test_an_address_and_an_account_have_so_many_sockets_and_no_more(
    client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "PER_ADDRESS", 3)
    monkeypatch.setattr(sockets, "PER_ACCOUNT", 1)
    account, _ = await person()
    shown = {"Authorization": f"mxtoken {await make_token(account, READ)}"}
    async with talking(client) as one, talking(client) as two:
        await one.greet(shown)
        await two.say(type="connection_init", payload=shown)
        assert await two.closed() == 4429
        async with talking(client), talking(client), talking(client) as fourth:
            assert await fourth.closed() == 4429
    async with talking(client) as again:
        await again.greet(shown)


async def test_whoever_sends_too_many_messages_is_closed(client: GraphQLClient) -> None:
    async with talking(client) as talk:
        await talk.greet()
        for _ in range(conversations.MESSAGES + conversations.PER_SECOND * 3):
            await talk.say(type="ping")
        assert await talk.closed() == 4429


async def test_events_over_the_limit_come_later_and_as_things_stand_then(
    client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        catalogue.LIMITS, "delivery-of-nobody", (Limit("delivery-of-nobody:address", ("address",), 2_000_000, 1),)
    )
    limits._worked_out.cache_clear()
    monkeypatch.setattr(limits, "_worked_out", limits._worked_out.__wrapped__)
    ada = await make_profile("Ada")
    async with talking(client) as talk:
        await talk.greet()
        await subscribe(talk, BOARD)  # the board as it stands is the one event that is within the limit
        await give(ada, "UPVOTE_RECEIVED")
        await give(ada, "ANSWER_ACCEPTED", times=2)
        await nothing_arrives(talk, 0.9)
        await arrives(talk)


async def test_a_slow_client_misses_the_oldest_of_too_many_events(database: Database) -> None:
    account, ada = await person()
    follower = notices.follower(database)
    source = events.viewer_events(Context(database, Viewer(account_id=account.id, profile_id=ada)))
    first = asyncio.ensure_future(anext(source))
    await asyncio.sleep(0)
    await follower.look()
    for number in range(events.WAITING + 50):
        await notices.note_all([notices.person(ada, PersonKind.LEVEL, level=number)])
        if number == 0:
            await follower.look()
            assert (await first)["level"] == 0
    await follower.look()
    heard = [(await anext(source))["level"] for _ in range(events.WAITING)]
    assert heard == list(range(50, events.WAITING + 50))
    await source.aclose()
    assert follower._listeners[notices.Topic.PERSON] == []
