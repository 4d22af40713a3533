"""GraphQL over WebSockets: the protocol, and that nobody stays on whose credential is gone."""

import asyncio
from typing import Any

import aiohttp
import pytest

from models.accounts import AccountStatus
from models.tokens import AccessToken
from services.auth import sessions
from services.core.crypto import digest
from tests.helpers.credentials import dead_credentials
from tests.helpers.factories import make_person, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, with_key
from tests.helpers.sign_in import GOOD, OTHER, make_login
from tests.helpers.websocket import open_socket
from web import websocket_connection, websockets
from web.socket_protocol import PROTOCOL

RANK = "mx:leaderboard:read"
LEVELS = {"query": "{ levels { number } }"}
WHO = {"query": "{ viewer { account { email } } }"}


async def test_a_query_is_answered_and_completed(checked_client: GraphQLClient) -> None:
    async with open_socket(checked_client) as ws:
        await ws.init()
        answer = await ws.run(LEVELS)
        assert answer["type"] == "next" and len(answer["payload"]["data"]["levels"]) == 10
        await ws.send(type="ping")
        assert await ws.receive() == {"type": "pong"}
        await ws.send(type="pong")
        assert (
            await ws.run(
                {
                    "query": "query A($h: String!) { profile(by: {handle: $h}) { id } }",
                    "variables": {"h": "x"},
                    "operationName": "A",
                }
            )
        )["payload"] == {"data": {"profile": None}}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{"}, "BAD_QUERY"),
        ({"query": "{ nothing }"}, "BAD_QUERY"),
        ({"query": 5}, "BAD_INPUT"),
        ({"query": "{ __typename }", "variables": []}, "BAD_INPUT"),
        ({"query": "subscription { a }"}, "BAD_QUERY"),
        ({"query": "mutation { signOut { errors { code } } }"}, "BAD_QUERY"),
    ],
)
async def test_what_cannot_be_run_is_an_error_message_and_the_socket_goes_on(
    checked_client: GraphQLClient, payload: Any, code: str
) -> None:
    async with open_socket(checked_client) as ws:
        await ws.init()
        answer = await ws.run(payload)
        assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", code)
        assert (await ws.run(LEVELS))["type"] == "next"


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["null"], 4400), (["5"], 4400), (['"x"'], 4400), (["[]"], 4400), (["{"], 4400), (["{}"], 4400), (['{"type": "start"}'], 4400),
        (['{"type": "connection_init", "payload": 5}'], 4400),
        (['{"type": "connection_init", "payload": {"Authorization": 5}}'], 4403),
        (['{"type": "connection_init"}', '{"type": "connection_init"}'], 4429),
        (['{"id": "1", "type": "subscribe", "payload": {"query": "{ __typename }"}}'], 4401),
        (['{"type": "connection_init"}', '{"type": "subscribe", "payload": {"query": "{ __typename }"}}'], 4400),
        (['{"type": "connection_init"}', '{"id": "", "type": "subscribe", "payload": {"query": "{ __typename }"}}'], 4400),
        (['{"type": "connection_init"}', '{"id": "1", "type": "subscribe"}'], 4400),
    ],
)  # fmt: skip
async def test_what_is_not_the_protocol_closes_the_socket(
    checked_client: GraphQLClient, messages: list[str], code: int
) -> None:
    async with open_socket(checked_client) as ws:
        for message in messages:
            await ws.raw.send_str(message)
        assert await ws.closed() == code


async def test_bytes_and_large_messages_close_the_socket(checked_client: GraphQLClient) -> None:
    async with open_socket(checked_client) as ws:
        await ws.raw.send_bytes(b"{}")
        assert await ws.closed() == 4400
    async with open_socket(checked_client) as ws:
        await ws.raw.send_str('{"type": "' + "x" * 300_000 + '"}')
        assert await ws.closed() == 1009


async def test_the_old_protocol_is_refused(checked_client: GraphQLClient) -> None:
    async with open_socket(checked_client, protocol="graphql-ws") as ws:
        assert await ws.closed() == 4406


async def test_whoever_says_nothing_is_closed(checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket_connection, "INIT_TIMEOUT_SECONDS", 0.05)
    async with open_socket(checked_client) as ws:
        assert await ws.closed() == 4408


async def test_an_id_under_way_cannot_be_used_again(
    checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> tuple[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(websockets.WebSocketEndpoint, "run", never)
    async with open_socket(checked_client) as ws:
        await ws.init()
        for n in range(websocket_connection.MAX_OPERATIONS_PER_SOCKET):
            await ws.send(id=str(n), type="subscribe", payload=LEVELS)
        assert (await ws.run(LEVELS, "more"))["payload"][0]["extensions"]["code"] == "TOO_MANY_ITEMS"
        await ws.send(id="0", type="complete")
        await ws.send(id="0", type="subscribe", payload=LEVELS)
        await ws.send(id="0", type="subscribe", payload=LEVELS)
        assert await ws.closed() == 4409


async def test_a_token_is_shown_in_the_handshake_or_in_the_first_message(checked_client: GraphQLClient) -> None:
    account = await make_person("ada@people.example")
    token = await make_token(account, "mx:user:profile:v1:read")
    headers = {"Authorization": f"mxtoken {token}"}
    for handshake, payload in [
        (headers, None),
        ({}, {"authorization": f"Bearer {token}"}),
        ({}, await with_key(account)),
    ]:
        async with open_socket(checked_client, handshake) as ws:
            await ws.init(payload)
            assert (await ws.run(WHO))["payload"]["data"]["viewer"]["account"]["email"] == "ada@people.example"


async def test_every_bad_credential_closes_with_4403(checked_client: GraphQLClient) -> None:
    for name, credential in (await dead_credentials()).items():
        for handshake, payload in [({"Authorization": credential}, None), ({}, {"Authorization": credential})]:
            async with open_socket(checked_client, handshake) as ws:
                await ws.send(type="connection_init", **({} if payload is None else {"payload": payload}))
                assert await ws.closed() == 4403, name


async def test_two_credentials_close_with_4403(checked_client: GraphQLClient) -> None:
    token = await make_token(await make_person(), RANK)
    shown = {"Authorization": f"mxtoken {token}"}
    for handshake, payload in [
        (shown, shown),
        ({}, {**shown, "Mendix-Username": "x", "Mendix-ApiKey": "y"}),
        ({}, {**shown, "authorization": "x"}),
    ]:
        async with open_socket(checked_client, handshake) as ws:
            await ws.send(type="connection_init", payload=payload)
            assert await ws.closed() == 4403


async def test_a_token_that_is_deleted_meanwhile_is_dead_on_the_next_operation(checked_client: GraphQLClient) -> None:
    token = await make_token(await make_person(), RANK)
    async with open_socket(checked_client) as ws:
        await ws.init({"Authorization": f"mxtoken {token}"})
        assert (await ws.run(LEVELS))["type"] == "next"
        await AccessToken.filter(secret_hash=digest(token)).delete()
        await ws.send(id="2", type="subscribe", payload=LEVELS)
        assert await ws.closed() == 4403


async def test_a_token_that_is_deleted_meanwhile_closes_a_silent_socket(
    checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_connection, "INIT_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(websocket_connection, "RECHECK_SECONDS", 0.05)
    account = await make_person()
    token = await make_token(account, RANK)
    async with open_socket(checked_client) as ws:
        await ws.init({"Authorization": f"mxtoken {token}"})
        account.status = AccountStatus.DEACTIVATED
        await account.save()
        assert await ws.closed() == 4403


async def test_a_session_counts_from_our_own_pages_and_closes_when_it_ends(checked_client: GraphQLClient) -> None:
    account = await make_person("ada@people.example")
    cookie = await in_session(account)
    ours = {**cookie, "Origin": "http://graph.example"}
    async with open_socket(checked_client, ours) as ws:
        await ws.init()
        assert (await ws.run(WHO))["payload"]["data"]["viewer"]["account"]["email"] == "ada@people.example"
        await sessions.end_all(account.id)
        await ws.send(id="2", type="subscribe", payload=WHO)
        assert await ws.closed() == 4403


ELEVATE = "mutation E($input: ElevateSessionInput!) { elevateSession(input: $input) { elevatedUntil errors { code } } }"
CHANGE = "mutation C($input: ChangePasswordInput!) { changePassword(input: $input) { errors { code } } }"
ELEVATED = {"query": "{ viewer { elevatedUntil } }"}


async def test_a_socket_outlives_the_elevation_of_its_session(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_login()
    cookie, elsewhere = await in_session(ada), await in_session(ada)
    ours = {"Origin": "http://graph.example"}
    async with (
        open_socket(checked_client, {**cookie, **ours}) as here,
        open_socket(checked_client, {**elsewhere, **ours}) as there,
    ):
        await here.init()
        await there.init()
        # when: the client keeps the new cookie, as a browser does
        answer = await checked_client.data(ELEVATE, headers=cookie, input={"password": GOOD})
        # then: the socket knows the new rights; that of the other session has none of them
        until = answer["elevateSession"]["elevatedUntil"]
        assert until
        assert (await here.run(ELEVATED))["payload"]["data"]["viewer"] == {"elevatedUntil": until}
        assert (await there.run(ELEVATED))["payload"]["data"]["viewer"] == {"elevatedUntil": None}
        # when the password changes: someone else may have known the earlier secrets
        given = {"currentPassword": GOOD, "newPassword": OTHER}
        assert (await checked_client.data(CHANGE, input=given))["changePassword"]["errors"] == []
        # then
        for socket in (here, there):
            await socket.send(id="2", type="subscribe", payload=WHO)
            assert await socket.closed() == 4403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://graph.example.evil.example", ""])
async def test_a_page_of_a_foreign_origin_may_not_connect(checked_client: GraphQLClient, origin: str) -> None:
    for headers in ({}, await in_session(await make_person())):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await checked_client.http.ws_connect(
                "/graphql", protocols=(PROTOCOL,), headers={**headers, "Origin": origin}
            )
        assert refused.value.status == 403


async def test_programs_and_listed_origins_may_connect(checked_client: GraphQLClient) -> None:
    for headers in ({}, {"Origin": "http://graph.example"}):
        async with open_socket(checked_client, headers) as ws:
            await ws.init()


async def test_a_page_of_this_server_under_another_name_may_connect_but_its_cookie_does_not_count(
    checked_client: GraphQLClient,
) -> None:
    # given: the server's public address is graph.example; a browser reached it by its IP address
    here = f"http://{checked_client.http.host}:{checked_client.http.port}"
    cookie = await in_session(await make_person("ada@people.example"))
    # when
    async with open_socket(checked_client, {**cookie, "Origin": here}) as ws:
        await ws.init()
        # then
        assert (await ws.run(WHO))["payload"] == {"data": {"viewer": None}}


@pytest.mark.parametrize(
    "empty",
    [
        {"Authorization": ""},
        {"Authorization": None},
        {"authorization": "  "},
        {"Mendix-Username": "", "Mendix-ApiKey": ""},
        {"Mendix-Username": None, "Mendix-ApiKey": None},
    ],
)
async def test_an_empty_credential_is_none(checked_client: GraphQLClient, empty: dict[str, Any]) -> None:
    async with open_socket(checked_client) as ws:
        await ws.init(empty)
        assert (await ws.run(WHO))["payload"] == {"data": {"viewer": None}}


async def test_a_missing_scope_is_told_as_over_http(checked_client: GraphQLClient) -> None:
    token = await make_token(await make_person(), RANK)
    async with open_socket(checked_client) as ws:
        await ws.init({"Authorization": f"mxtoken {token}"})
        answer = await ws.run(WHO)
        assert answer["payload"]["data"] is None
        assert answer["payload"]["errors"][0]["extensions"]["code"] == "INSUFFICIENT_SCOPE"


async def test_a_server_that_stops_says_goodbye(checked_client: GraphQLClient) -> None:
    async with open_socket(checked_client) as ws:
        await ws.init()
        await checked_client.http.app.shutdown()
        assert await ws.closed() == 1001
