"""Sockets of two profiles that are merged: no event is missed or repeated. docs/guides/client-developers.md#subscriptions."""

from typing import Any

import pytest

from services.core import change_feed
from services.core.change_feed import PersonKind, person_entry
from tests.helpers.connections import ask, member
from tests.helpers.factories import give, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.racing_merges import merge_now
from tests.helpers.subscriptions import BOARD, OWN, RANK, READ, arrives, nothing_arrives, subscribe
from tests.helpers.transactions import committed
from tests.helpers.websocket import GraphQLSocket, open_socket

REQUESTS = {"query": "subscription($after: String) { viewerEvents(after: $after) { cursor kind ... on ConnectionRequestEvent { profile { name } } } }"}  # fmt: skip
RESTART = 1012


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.websocket_connection.INIT_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr("web.websocket_connection.RECHECK_SECONDS", 0.2)


async def credential(who: Any) -> dict[str, str]:
    return {"Authorization": f"mxtoken {await make_token(who, READ, RANK)}"}


async def tell(who: Any, *levels: int) -> None:
    entries = [person_entry(who.profile_id, PersonKind.LEVEL, level=level) for level in levels]
    await committed(change_feed.publish_all(entries))


async def hears(ws: GraphQLSocket, wanted: int) -> tuple[list[int], str]:
    """The levels of the next events of that kind, and the last cursor."""
    found: list[int] = []
    cursor = ""
    while len(found) < wanted:
        event = (await arrives(ws))["viewerEvents"]
        cursor = event["cursor"]
        if "level" in event and event["kind"] == "LEVEL":
            found.append(event["level"]["number"])
    return found, cursor


async def test_the_sources_sockets_close_and_its_cursor_goes_on(checked_client: GraphQLClient) -> None:
    old, ben = await member("Old"), await member("Ben")
    as_old, as_ben, as_eve = [await credential(each) for each in (old, ben, await member("Eve"))]
    async with (
        open_socket(checked_client) as of_old,
        open_socket(checked_client) as of_board,
        open_socket(checked_client) as of_ben,
    ):
        await of_old.init(as_old)
        await of_board.init(as_old)
        await of_ben.init(as_ben)
        await subscribe(of_old, OWN)
        await subscribe(of_board, BOARD)
        await subscribe(of_ben, OWN)
        # given an event of each, and one of the source's that is not delivered any more
        await tell(ben, 1)
        await tell(old, 2)
        assert (await hears(of_ben, 1))[0] == [1]
        seen, cursor = await hears(of_old, 1)
        assert seen == [2]
        await of_old.send(id="s", type="complete")
        await tell(old, 3)
        # when
        await merge_now(old.profile_id, ben.profile_id)
        await tell(ben, 4)
        # then the sockets of the source's account end, and the other one goes on
        assert (await of_old.closed(), await of_board.closed()) == (RESTART, RESTART)
        levels, bens_cursor = await hears(of_ben, 3)
        assert levels == [2, 3, 4]  # what happened to the source since the survivor's last event is the survivor's
        await nothing_arrives(of_ben, 0.2)
    # and the cursor goes on for both accounts
    for account in (as_old, as_ben):
        async with open_socket(checked_client) as again:
            await again.init(account)
            for after, expected in ((cursor, [3, 4]), (bens_cursor, [])):
                await again.send(id="s", type="subscribe", payload={**OWN, "variables": {"after": after}})
                assert (await hears(again, len(expected)))[0] == expected
                await nothing_arrives(again, 0.2)
                await again.send(id="s", type="complete")
    # but for nobody else
    async with open_socket(checked_client) as of_eve:
        await of_eve.init(as_eve)
        for each in (cursor, bens_cursor):
            answer = await of_eve.run({**OWN, "variables": {"after": each}})
            [refused] = answer["payload"]["errors"]
            assert refused["extensions"]["code"] == "BAD_CURSOR"


async def test_an_event_about_someone_who_was_merged_is_about_the_survivor(checked_client: GraphQLClient) -> None:
    old, ben, ada = await member("Old"), await member("Ben"), await member("Ada")
    as_ada = await credential(ada)
    async with open_socket(checked_client) as ws:
        await ws.init(as_ada)
        await subscribe(ws, REQUESTS)
        await give(ada.profile_id)
        cursor = (await arrives(ws))["viewerEvents"]["cursor"]
    await ask(old, ada)
    await merge_now(old.profile_id, ben.profile_id)
    async with open_socket(checked_client) as ws:
        await ws.init(as_ada)
        await ws.send(id="s", type="subscribe", payload={**REQUESTS, "variables": {"after": cursor}})
        while (event := (await arrives(ws))["viewerEvents"])["kind"] != "CONNECTION_REQUEST":
            pass
        assert event["profile"] == {"name": "Ben"}
