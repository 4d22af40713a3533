"""Sessions as a real browser keeps them: our own page, a page that ORIGINS names, and a page of somebody else."""

import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from models.accounts import Account
from models.database import Database
from server import make_app
from services.auth.passwords import set_password
from services.core import clock
from settings import Settings
from tests.helpers.browser import CHROMIUM, a_browser
from tests.helpers.factories import make_person
from web.graphiql_files import missing

pytestmark = [pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"), pytest.mark.sqlite_only]

EMAIL, PASSWORD = "ada@people.example", "Correct-horse-7-battery"
SIGN_IN = (
    f'mutation {{ signIn(input: {{email: "{EMAIL}", password: "{PASSWORD}"}}) {{ viewer {{ account {{ email }} }} }} }}'
)
WHO = "{ viewer { account { email } } }"
ASK = """
async ([address, query, type, more]) => {
    try {
        const response = await fetch(address, {
            method: "POST", credentials: "include", headers: {"Content-Type": type, ...more}, body: JSON.stringify({query}),
        });
        return {status: response.status, body: await response.json()};
    } catch (failed) {
        return {failed: failed.name};
    }
}
"""


@dataclass
class Servers:
    """Ours, a page that it names, and a page that it does not: on one host, so that the browser sends the cookie."""

    own: str
    named: str
    other: str


async def _blank(_request: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>A page</title>", content_type="text/html")


def a_page() -> TestServer:
    app = web.Application()
    app.router.add_get("/", _blank)
    return TestServer(app)


@pytest.fixture
async def servers(settings: Settings, database: Database) -> AsyncIterator[Servers]:
    account = await make_person(EMAIL)
    await set_password(account.id, PASSWORD)
    await Account.filter(id=account.id).update(verified_at=clock.now())
    async with a_page() as named, a_page() as other:
        addresses = [f"http://{each.host}:{each.port}" for each in (named, other)]
        settings = dataclasses.replace(settings, public_url="", origins=addresses[0])
        async with TestServer(await make_app(settings, database)) as own:
            yield Servers(f"http://{own.host}:{own.port}", *addresses)


async def test_a_session_works_where_it_may_and_nowhere_else(servers: Servers) -> None:
    graphql = f"{servers.own}/graphql"
    async with a_browser() as visit:

        async def ask(query: str, kind: str = "application/json") -> Any:
            return await visit.page.evaluate(ASK, [graphql, query, kind])

        # given somebody who signs in on our own page
        await visit.page.goto(graphql)
        answer = await ask(SIGN_IN)
        assert answer["body"]["data"]["signIn"]["viewer"] == {"account": {"email": EMAIL}}, answer
        # then the browser knows them, and no script sees why
        assert (await ask(WHO))["body"]["data"]["viewer"] == {"account": {"email": EMAIL}}
        assert await visit.page.evaluate("document.cookie") == ""
        [cookie] = await visit.page.context.cookies()
        assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == ("session", True, "Lax", "/")
        # also on the page that the server names
        await visit.page.goto(servers.named)
        assert (await ask(WHO))["body"]["data"]["viewer"] == {"account": {"email": EMAIL}}
        # whatever headers its tools add
        traced = {
            "apollographql-client-name": "web",
            "apollographql-client-version": "1.0",
            "baggage": "sentry-environment=test",
            "sentry-trace": "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "x-request-id": "1",
        }
        answer = await visit.page.evaluate(ASK, [graphql, WHO, "application/json", traced])
        assert answer["body"]["data"]["viewer"] == {"account": {"email": EMAIL}}
        # somebody else's page may not even ask, nor smuggle it past the browser
        await visit.page.goto(servers.other)
        assert await ask(WHO) == {"failed": "TypeError"}
        assert await ask("mutation { signOut { errors { code } } }", "text/plain") == {"failed": "TypeError"}
        # and nobody was signed out by it
        await visit.page.goto(graphql)
        assert (await ask(WHO))["body"]["data"]["viewer"] == {"account": {"email": EMAIL}}
        # until they do it themselves
        assert (await ask("mutation { signOut { errors { code } } }"))["status"] == 200
        assert (await ask(WHO))["body"]["data"] == {"viewer": None}
        assert await visit.page.context.cookies() == []


async def test_a_page_on_another_site_is_told_that_its_cookie_would_be_lost(
    settings: Settings, database: Database
) -> None:
    # given a page on localhost, and a server that it calls by its address
    account = await make_person(EMAIL)
    await set_password(account.id, PASSWORD)
    refused = SIGN_IN.replace("viewer { account { email } }", "errors { code }")
    async with a_page() as elsewhere:
        page = f"http://localhost:{elsewhere.port}"
        settings = dataclasses.replace(settings, public_url="", origins=page)
        async with TestServer(await make_app(settings, database)) as own, a_browser() as visit:
            await visit.page.goto(page)
            # when
            answer = await visit.page.evaluate(
                ASK, [f"http://{own.host}:{own.port}/graphql", refused, "application/json", {}]
            )
            # then
            assert answer["body"]["data"]["signIn"] == {"errors": [{"code": "COOKIE_NOT_POSSIBLE"}]}
            assert await visit.page.context.cookies() == []


@pytest.mark.skipif(bool(missing()), reason="needs GraphiQL's files: python -m web.graphiql_files")
async def test_graphiql_asks_as_whoever_is_signed_in(servers: Servers) -> None:
    graphql = f"{servers.own}/graphql"
    async with a_browser() as visit:
        # given
        await visit.page.goto(graphql)
        await visit.page.evaluate(ASK, [graphql, SIGN_IN, "application/json"])
        # when
        await visit.page.locator(".graphiql-query-editor .CodeMirror").click()
        await visit.page.keyboard.press("Control+A")
        await visit.page.keyboard.type(f"query Mine {WHO}")
        await expect(visit.page.locator(".graphiql-tab-button").first).to_have_text("Mine")
        await visit.page.get_by_label("Execute query (Ctrl-Enter)").click()
        # then
        await expect(visit.page.locator(".graphiql-response .CodeMirror-code")).to_contain_text(EMAIL)
