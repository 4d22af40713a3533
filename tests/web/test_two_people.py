"""Two people's whole story over HTTP, with every step looked at from both sides; in browsers: test_two_people_browser.py."""

import asyncio
import dataclasses
from contextlib import AsyncExitStack
from typing import Any

import orjson
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from models.database import Database
from server import make_app
from settings import Settings
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.mail import newest_mail
from tests.helpers.subscriptions import subscribe
from tests.helpers.two_people import EVENTS, UPLOAD, the_story
from tests.helpers.uploads import picture, send
from tests.helpers.websocket import GraphQLSocket

PATIENCE = 15.0


class OverHTTP:
    """A browser without a page: a jar of cookies, and a socket."""

    def __init__(self, http: "TestClient[Any, Any]") -> None:
        self._client = GraphQLClient(http)
        self._ws: GraphQLSocket | None = None

    async def ask(self, document: str, **variables: Any) -> Any:
        return await self._client.data(document, **variables)

    async def upload(self) -> Any:
        return orjson.loads(await (await send(self._client, picture(), UPLOAD)).read())["data"]

    async def listen(self) -> None:
        socket = await self._client.http.ws_connect(
            "/graphql", protocols=("graphql-transport-ws",), headers={"Origin": "http://graph.example"}
        )
        self._ws = GraphQLSocket(socket)
        await self._ws.init()
        await subscribe(self._ws, {"query": EVENTS}, "events")

    async def hears(self, kind: str) -> Any:
        assert self._ws is not None
        async with asyncio.timeout(PATIENCE):
            while True:
                event = (await self._ws.receive())["payload"]["data"]["viewerEvents"]
                if event["__typename"] == kind:
                    return event


async def test_two_people_meet_work_and_part(settings: Settings, database: Database) -> None:
    async with AsyncExitStack() as stack:
        app = await make_app(dataclasses.replace(settings, request_limit="off"), database)
        server = await stack.enter_async_context(TestServer(app))
        voices = []
        for _ in range(2):
            browser: TestClient[Any, Any] = TestClient(server, cookie_jar=CookieJar(unsafe=True))
            stack.push_async_callback(browser.session.close)
            voices.append(OverHTTP(browser))
        ada, ben = voices
        await the_story(ada, ben, lambda: newest_mail(settings))
