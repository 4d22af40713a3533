"""`viewerEvents(after:)`: a client that goes on where it stopped gets each event once, or is told what it may have missed."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from models.notices import Notice
from resolvers import events
from server import DATABASE
from services.core import change_feed, clock, person_events
from services.core.change_feed import PersonKind, person_entry
from tests.helpers.factories import give, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.subscriptions import OWN, READ, arrives, nothing_arrives, person, subscribe
from tests.helpers.transactions import committed
from tests.helpers.websocket import GraphQLSocket, open_socket


async def go_on(ws: GraphQLSocket, event_id: str) -> None:
    """Subscribe after an event. What was committed before it starts is delivered too, so there is nothing to wait for."""
    await ws.send(id="s", type="subscribe", payload={**OWN, "variables": {"after": event_id}})


async def tell(profile_id: int, *levels: int) -> None:
    await committed(
        change_feed.publish_all([person_entry(profile_id, PersonKind.LEVEL, level=level) for level in levels])
    )


def number(event: Any) -> int:
    return event["viewerEvents"]["level"]["number"]


async def test_a_client_goes_on_after_the_last_event_it_got(checked_client: GraphQLClient) -> None:
    account, ada = await person()
    header = {"Authorization": f"mxtoken {await make_token(account, READ)}"}
    async with open_socket(checked_client) as ws:
        await ws.init(header)
        await subscribe(ws, OWN)
        await tell(ada, 1, 2, 3)
        heard = [await arrives(ws) for _ in range(3)]
    assert [number(each) for each in heard] == [1, 2, 3]
    assert len({each["viewerEvents"]["cursor"] for each in heard}) == 3
    # when: two more while it is away, and one while it is there again
    await tell(ada, 4)
    await tell(ada, 5)
    async with open_socket(checked_client) as ws:
        await ws.init(header)
        await go_on(ws, heard[1]["viewerEvents"]["cursor"])
        replayed = [await arrives(ws) for _ in range(3)]
        await tell(ada, 6)
        live = await arrives(ws)
        await nothing_arrives(ws)
    # then
    assert [number(each) for each in [*replayed, live]] == [3, 4, 5, 6]
    async with open_socket(checked_client) as ws:
        await ws.init(header)
        await go_on(ws, replayed[-1]["viewerEvents"]["cursor"])
        assert number(await arrives(ws)) == 6
        await nothing_arrives(ws)


async def test_events_that_are_committed_while_clients_come_and_go_arrive_once(checked_client: GraphQLClient) -> None:
    # given
    account, ada = await person()
    header = {"Authorization": f"mxtoken {await make_token(account, READ)}"}
    async with open_socket(checked_client) as ws:
        await ws.init(header)
        await subscribe(ws, OWN)
        await tell(ada, 1)
        first = await arrives(ws)
    # when: ten transactions write at once, and the client starts anew after every few events
    expected = 10 * 6
    writing = asyncio.gather(*(tell(ada, *([1 + nth] * 6)) for nth in range(10)))
    last: str = first["viewerEvents"]["cursor"]
    heard: list[int] = []
    while len(heard) < expected:
        async with open_socket(checked_client) as ws:
            await ws.init(header)
            await go_on(ws, last)
            for _ in range(min(7, expected - len(heard))):
                event = await arrives(ws)
                heard.append(number(event))
                last = event["viewerEvents"]["cursor"]
    await writing
    # then
    assert sorted(heard) == sorted([1 + nth for nth in range(10)] * 6)
    async with open_socket(checked_client) as ws:
        await ws.init(header)
        await go_on(ws, last)
        await nothing_arrives(ws)


async def test_what_is_no_longer_stored_is_said_to_be_missed(
    checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, ada = await person()
    header = {"Authorization": f"mxtoken {await make_token(account, READ)}"}
    async with open_socket(checked_client) as ws:
        await ws.init(header)
        await subscribe(ws, OWN)
        await tell(ada, 1)
        first = (await arrives(ws))["viewerEvents"]["cursor"]
    # given: the next event is deleted, the one after it is not
    await tell(ada, 2)
    await Notice.all().delete()
    await tell(ada, 3)
    monkeypatch.setattr(change_feed, "CHANGE_RETENTION", timedelta())
    monkeypatch.setattr("services.core.person_events.CHANGE_RETENTION", timedelta())
    # when
    async with open_socket(checked_client) as ws:
        await ws.init(header)
        await go_on(ws, first)
        gap, event = (await arrives(ws))["viewerEvents"], await arrives(ws)
    # then
    assert (gap["__typename"], gap["kind"], gap["missedAfter"]) == ("EventsMissedEvent", "MISSED", first)
    assert number(event) == 3
    # and the event that said so is one to go on from
    monkeypatch.undo()
    async with open_socket(checked_client) as ws:
        await ws.init(header)
        await go_on(ws, gap["cursor"])
        assert number(await arrives(ws)) == 3
        await nothing_arrives(ws)


async def test_a_server_that_did_not_read_for_hours_says_so(checked_client: GraphQLClient) -> None:
    account, ada = await person()
    async with open_socket(checked_client) as ws:
        await ws.init({"Authorization": f"mxtoken {await make_token(account, READ)}"})
        await subscribe(ws, OWN)
        follower = change_feed.follower(checked_client.http.app[DATABASE])
        with clock.frozen(clock.now() + timedelta(hours=7)):
            await follower.poll()
        assert (await arrives(ws))["viewerEvents"]["__typename"] == "EventsMissedEvent"
        await give(ada)


@pytest.mark.postgres_only
async def test_a_cursor_of_a_busy_moment_works(checked_client: GraphQLClient) -> None:
    # given: two snapshots, each with a hundred transactions that had not ended
    account, ada = await person()
    running = [4_000_000_000 + 2 * nth for nth in range(200)]
    before, within = (f"{some[0]}:{some[-1] + 1}:{','.join(map(str, some))}" for some in (running[:100], running[100:]))
    busy = events._cursor_of(ada, person_events.Position(before, within, 0, clock.now()))
    async with open_socket(checked_client) as ws:
        await ws.init({"Authorization": f"mxtoken {await make_token(account, READ)}"})
        # when
        await go_on(ws, busy)
        # then
        await nothing_arrives(ws)


@pytest.mark.parametrize("wrong", ["other", "edited", "made up", "empty", "list"])
async def test_a_cursor_of_anything_else_is_refused(checked_client: GraphQLClient, wrong: str) -> None:
    (ada, ada_id), (_, ben_id) = await person("Ada"), await person("Ben")
    header = {"Authorization": f"mxtoken {await make_token(ada, READ)}"}
    position = await person_events.now(checked_client.http.app[DATABASE])
    mine, others = events._cursor_of(ada_id, position), events._cursor_of(ben_id, position)
    given = {"other": others, "edited": mine[:-2] + "AA", "made up": "prf_1", "empty": "", "list": "x" * 10_001}[wrong]
    async with open_socket(checked_client) as ws:
        await ws.init(header)
        await go_on(ws, given)
        answer = await ws.receive()
    [error] = answer["payload"]["errors"]
    assert error["extensions"]["code"] == ("BAD_INPUT" if wrong == "list" else "BAD_CURSOR")
