"""Two people's whole story in two real browsers, each on the explorer's page: cookies, uploads and events as pages have them."""

import dataclasses
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from models.database import Database
from server import make_app
from settings import Settings
from tests.helpers.browser import CHROMIUM, a_browser
from tests.helpers.mail import newest_mail
from tests.helpers.two_people import EVENTS, UPLOAD, the_story

pytestmark = [pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"), pytest.mark.sqlite_only]

ASK = """
async ([query, variables]) => {
    const response = await fetch("/graphql", {
        method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({query, variables}),
    });
    return response.json();
}
"""
SEND_A_PICTURE = """
async query => {
    const canvas = new OffscreenCanvas(80, 60);
    canvas.getContext("2d").fillRect(10, 10, 40, 40);
    const form = new FormData();
    form.append("operations", JSON.stringify({query, variables: {input: {image: null}}}));
    form.append("map", JSON.stringify({0: ["variables.input.image"]}));
    form.append("0", await canvas.convertToBlob(), "me.png");
    const headers = {"GraphQL-Require-Preflight": "1"};
    return (await fetch("/graphql", {method: "POST", headers, body: form})).json();
}
"""
LISTEN = """
query => new Promise((listening, failed) => {
    const socket = new WebSocket(`ws://${location.host}/graphql`, "graphql-transport-ws");
    window.heard = [];
    socket.onerror = socket.onclose = failed;
    socket.onopen = () => socket.send(JSON.stringify({type: "connection_init"}));
    socket.onmessage = message => {
        const told = JSON.parse(message.data);
        if (told.type === "next") window.heard.push(told.payload.data.viewerEvents);
        if (told.type !== "connection_ack") return;
        socket.send(JSON.stringify({id: "events", type: "subscribe", payload: {query}}));
        setTimeout(listening, 200);
    };
})
"""
HEARS = """
kind => new Promise((found, failed) => {
    const look = setInterval(() => {
        const place = window.heard.findIndex(event => event.__typename === kind);
        if (place < 0) return;
        clearInterval(look);
        found(window.heard.splice(0, place + 1).pop());
    }, 20);
    setTimeout(() => failed(new Error(`no ${kind} in ${JSON.stringify(window.heard)}`)), 5000);
})
"""


class InAPage:
    """Somebody's page, which asks from where GraphiQL asks."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def ask(self, document: str, **variables: Any) -> Any:
        return _data(await self._page.evaluate(ASK, [document, variables]))

    async def upload(self) -> Any:
        return _data(await self._page.evaluate(SEND_A_PICTURE, UPLOAD))

    async def listen(self) -> None:
        await self._page.evaluate(LISTEN, EVENTS)

    async def hears(self, kind: str) -> Any:
        return await self._page.evaluate(HEARS, kind)


def _data(body: Any) -> Any:
    assert "errors" not in body, body
    return body["data"]


async def test_two_people_meet_work_and_part(settings: Settings, database: Database) -> None:
    settings = dataclasses.replace(settings, public_url="", request_limit="off")
    async with TestServer(await make_app(settings, database)) as server, a_browser() as visit:
        browser = visit.page.context.browser
        assert browser is not None
        pages = [visit.page, await (await browser.new_context()).new_page()]
        for page in pages:
            await page.goto(f"http://{server.host}:{server.port}/graphql")
        ada, ben = (InAPage(page) for page in pages)
        await the_story(ada, ben, lambda: newest_mail(settings))
        # their pictures can be shown, and no script has seen the cookies that they are known by
        for page, name in zip(pages, ("Ben", "Ada"), strict=True):
            assert await page.evaluate("document.cookie") == ""
            [cookie] = await page.context.cookies()
            assert (cookie["name"], cookie["httpOnly"]) == ("session", True), name
        assert visit.complaints == []
