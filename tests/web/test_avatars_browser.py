"""Uploading as a real browser does it: from our own page, with the cookie, and the picture shown there afterwards."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from models.database import Database
from models.profiles import Profile
from server import make_app
from services.auth import sessions
from services.auth.principals import NO_CLIENT
from settings import Settings
from tests.helpers.browser import CHROMIUM, a_browser
from tests.helpers.factories import make_person
from tests.helpers.uploads import UPLOAD
from web.graphiql_files import missing

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
    pytest.mark.skipif(bool(missing()), reason="needs GraphiQL's files: python -m web.graphiql_files"),
    pytest.mark.sqlite_only,
]

SEND = """
async ([address, query, headers]) => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 90, height: 60});
    canvas.getContext("2d").fillRect(0, 0, 90, 60);
    const file = await new Promise((done) => canvas.toBlob(done, "image/png"));
    const form = new FormData();
    form.append("operations", JSON.stringify({query, variables: {input: {image: null}}}));
    form.append("map", JSON.stringify({0: ["variables.input.image"]}));
    form.append("0", file, "me.png");
    try {
        const response = await fetch(address, {method: "POST", credentials: "include", headers, body: form});
        return {status: response.status, body: await response.json()};
    } catch (failed) {
        return {failed: failed.name};
    }
}
"""
SHOW = """
async (address) => {
    const image = new Image();
    image.src = address;
    try {
        await image.decode();
    } catch (failed) {
        return failed.name;
    }
    document.body.append(image);
    return [image.naturalWidth, image.naturalHeight];
}
"""
PREFLIGHT = {"GraphQL-Require-Preflight": "1"}


async def _blank(_request: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>A page</title>", content_type="text/html")


@pytest.fixture
async def foreign() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/", _blank)
    async with TestServer(app) as server:
        yield f"http://{server.host}:{server.port}"


async def test_a_browser_uploads_and_shows_the_picture(settings: Settings, database: Database, foreign: str) -> None:
    # given a hidden person who is signed in
    ada = await make_person(public=False)
    secret = await sessions.begin(ada.id, NO_CLIENT)
    port = unused_port()
    base = f"http://127.0.0.1:{port}"
    app = await make_app(dataclasses.replace(settings, public_url=base), database)
    async with TestServer(app, port=port), a_browser() as visit:
        cookie: Any = {"name": "session", "value": secret, "url": base, "httpOnly": True, "sameSite": "Lax"}
        await visit.page.context.add_cookies([cookie])

        async def send(headers: dict[str, str]) -> Any:
            return await visit.page.evaluate(SEND, [f"{base}/graphql", UPLOAD, headers])

        # when a foreign page tries, asking and not asking before
        await visit.page.goto(foreign)
        assert await send(PREFLIGHT) == {"failed": "TypeError"}
        assert await send({}) == {"failed": "TypeError"}
        # then nothing came of it
        assert (await Profile.get(id=ada.profile_id)).avatar is None
        # when our own page does
        await visit.page.goto(f"{base}/graphql")
        assert (await send({}))["status"] == 400
        visit.complaints.clear()
        answer = await send(PREFLIGHT)
        # then its owner sees it there, under the page's own policy
        profile = answer["body"]["data"]["uploadAvatar"]["profile"]
        shown = [
            await visit.page.evaluate(SHOW, profile[name]) for name in ("avatarUrlSmall", "avatarUrl", "avatarUrlLarge")
        ]
        assert shown == [[64, 64], [256, 256], [512, 512]]
        assert visit.complaints == []
        # and a page of another origin by its signed address, but not by the plain one
        await visit.page.goto(foreign)
        assert await visit.page.evaluate(SHOW, profile["avatarUrl"]) == [256, 256]
        assert await visit.page.evaluate(SHOW, profile["avatarUrl"].partition("?")[0]) == "EncodingError"
