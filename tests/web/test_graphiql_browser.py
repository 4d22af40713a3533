"""GraphiQL as a real browser sees it, with nobody else to ask: what it loads, shows, sends and keeps."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import strawberry
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, Route, expect

from cli.demo import load_demo
from models.database import Database
from server import make_app
from services.accounts.accounts import attach_account
from services.auth import sessions
from services.auth.principals import NO_CLIENT
from settings import Settings
from tests.helpers.browser import CHROMIUM, a_browser
from tests.helpers.factories import give, make_profile
from web import graphiql
from web.graphiql_files import FILES, FOLDER, missing

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
    pytest.mark.sqlite_only,
    pytest.mark.skipif(bool(missing()), reason="needs GraphiQL's files: python -m web.graphiql_files"),
]

CDN_FILES = [f"https://unpkg.com/{file.specifier}/{file.path}" for file in FILES]
SUBSCRIPTION = "LiveBoard"
MERGE = "StartMerge"
TABS = ["ForumBoard", "ProfilePage", "FindPeople", SUBSCRIPTION, "UpdateMyProfile", MERGE]
KNOWN = "Warning: Missing `Description` or `aria-describedby={undefined}` for {DialogContent}."
"""What GraphiQL's own dialogs say to its developers."""
PHONE: Any = {"width": 390, "height": 844}
TOO_WIDE = """
[...document.querySelectorAll("button, .graphiql-sessions, .graphiql-query-editor, .graphiql-response, dialog[open]")]
    .filter(each => !each.closest(".graphiql-tabs, .graphiql-plugin") && each.getBoundingClientRect().width)
    .filter(each => each.getBoundingClientRect().right > innerWidth || each.getBoundingClientRect().left < 0)
    .map(each => each.getAttribute("aria-label") || each.className)
"""
"""Names of what is partly beside the window."""
TOKEN = "mxtoken mx_not_a_real_one"
TYPED = "query Typed { levels { number points } }"


@strawberry.type(description="How many points a level takes.")
class Level:
    number: int = strawberry.field(description="From 1 up.")
    points: int = strawberry.field(description="Points in total to **reach** it.")


def levels() -> list[Level]:
    return [Level(number=1, points=0), Level(number=2, points=100)]


@strawberry.type(description="Everything one can ask.")
class Query:
    levels: list[Level] = strawberry.field(resolver=levels, description="The levels, lowest first.")


SCHEMA = strawberry.Schema(Query)


async def answer(request: web.Request) -> web.Response:
    if graphiql.wants_page(request):
        return graphiql.page(request)
    body = await request.json()
    result = await SCHEMA.execute(body["query"], body.get("variables"), operation_name=body.get("operationName"))
    errors = [error.formatted for error in result.errors or ()]
    return web.json_response({"data": result.data} | ({"errors": errors} if errors else {}))


def a_server(vendor: Path) -> TestServer:
    app = web.Application()
    graphiql.install(app, graphiql.GraphiQL(vendor))
    app.router.add_route("*", "/graphql", answer)
    return TestServer(app)


@pytest.fixture
async def demo(database: Database) -> None:
    """A whole community; most of these tests do without, because loading it takes seconds."""
    await load_demo(database)


@pytest.fixture
async def live_server(settings: Settings, database: Database) -> AsyncIterator[str]:
    """The address of the whole server."""
    app = await make_app(dataclasses.replace(settings, public_url=""), database)
    async with TestServer(app) as server:
        yield f"http://{server.host}:{server.port}"


@pytest.fixture
async def live_server_without_files(tmp_path: Path) -> AsyncIterator[str]:
    async with a_server(tmp_path) as server:
        yield f"http://{server.host}:{server.port}"


async def opened(page: Page, base: str) -> None:
    await page.goto(f"{base}/graphql")
    await expect(page.locator(".graphiql-query-editor .CodeMirror")).to_be_visible()


async def written(page: Page, pane: str, text: str) -> None:
    """Replace what stands in the pane, as by hand: the editor itself closes brackets, and is told what it closed."""
    await page.locator(f"{pane} .CodeMirror").click()
    await page.keyboard.press("Control+A")
    await page.keyboard.type(text)


async def asked(page: Page) -> None:
    """Write the query, and wait for the tab to carry its name: until then GraphiQL would run it by the name before."""
    await written(page, ".graphiql-query-editor", TYPED)
    await expect(page.locator(".graphiql-tab-button").first).to_have_text("Typed")


async def answered(page: Page) -> None:
    await expect(page.locator(".graphiql-response .CodeMirror-code")).to_contain_text('"number": 1')


async def test_a_browser_runs_what_is_typed_and_asks_nobody_else(live_server: str, tmp_path: Path) -> None:
    async with a_browser() as visit:
        page = visit.page
        # given
        await opened(page, live_server)
        await expect(page).to_have_title("Community graph · GraphiQL")
        await expect(page.locator(".graphiql-tab-button")).to_have_text(TABS)
        # when
        await asked(page)
        await page.get_by_label("Execute query (Ctrl-Enter)").click()
        # then
        await answered(page)
        await everything_else_opens(page)
        await page.screenshot(path=tmp_path / "graphiql.png")
        assert {*visit.complaints} == {KNOWN}
        assert visit.elsewhere(live_server) == []
        assert f"{live_server}/graphiql/documents.json" in {each.partition("?")[0] for each in visit.requested}


async def everything_else_opens(page: Page) -> None:
    """The dialogs, which bring a style of their own, and the panels at the side, each with something in it."""
    for dialog in ("Open short keys dialog", "Open settings dialog"):
        await page.get_by_label(dialog).click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.get_by_label("Show GraphiQL Explorer").click()
    await expect(page.locator(".graphiql-explorer-root")).to_contain_text("levels")
    await page.get_by_label("Show Documentation Explorer").click()
    await expect(page.locator(".graphiql-doc-explorer-content")).to_contain_text("Ids are opaque texts")
    await page.locator(".graphiql-doc-explorer-content").get_by_text("Query", exact=True).click()
    await expect(page.locator(".graphiql-doc-explorer-content")).to_contain_text("levels")
    await expect(page.locator(".graphiql-doc-explorer-content .graphiql-markdown-description").first).not_to_be_empty()


async def test_a_token_is_sent_and_never_kept(live_server: str) -> None:
    async with a_browser() as visit:
        page = visit.page
        # given
        await opened(page, live_server)
        await asked(page)
        await page.get_by_role("button", name="Headers", exact=True).click()
        await written(page, ".graphiql-editor-tool .graphiql-editor:not(.hidden)", f'{{"Authorization": "{TOKEN}')
        # when
        async with page.expect_response(lambda response: response.request.method == "POST") as sent:
            await page.keyboard.press("Control+Enter")
        request = (await sent.value).request
        await page.wait_for_timeout(700)  # GraphiQL writes its tabs down half a second later
        # then
        assert await request.header_value("Authorization") == TOKEN
        kept: str = await page.evaluate("JSON.stringify(localStorage)")
        assert "graphiql:queries" in kept
        assert "graphiql:tabState" in kept
        assert TOKEN not in kept


async def test_the_page_from_the_cdn_works_under_its_own_policy(live_server_without_files: str) -> None:
    """The CDN is played by the files of the build step: what is tried here is that the page may load and run them."""
    async with a_browser() as visit:
        # given
        contents = {address: FOLDER / file.name for address, file in zip(CDN_FILES, FILES, strict=True)}

        async def from_the_cdn(route: Route) -> None:
            await route.fulfill(path=contents[route.request.url], headers={"Access-Control-Allow-Origin": "*"})

        await visit.page.route("https://unpkg.com/**", from_the_cdn)
        # when
        await opened(visit.page, live_server_without_files)
        await asked(visit.page)
        await visit.page.keyboard.press("Control+Enter")
        # then
        await answered(visit.page)
        assert visit.complaints == []
        assert sorted(visit.elsewhere(live_server_without_files)) == sorted(CDN_FILES)


async def test_every_example_answers_on_the_demo(demo: None, live_server: str) -> None:
    shown = {
        "ForumBoard": '"rank": 1',
        "ProfilePage": "Ada Okafor",
        "FindPeople": '"totalCount"',
        "UpdateMyProfile": "Rotterdam, NL",
    }
    assert {*shown, SUBSCRIPTION, MERGE} == {*TABS}  # the steps of the merge: tests/web/test_examples.py
    ada = await attach_account("ada-okafor", "ada@people.example")
    cookie: Any = {"name": "session", "value": await sessions.begin(ada.id, NO_CLIENT), "url": live_server}
    async with a_browser() as visit:
        page = visit.page
        await page.context.add_cookies([cookie])
        await opened(page, live_server)
        for tab, text in shown.items():
            # when
            await page.locator(".graphiql-tab-button", has_text=tab).click()
            await page.wait_for_timeout(400)  # for a moment GraphiQL still runs by the name of the tab before
            async with page.expect_response(lambda response: response.request.method == "POST") as sent:
                await page.get_by_label("Execute query (Ctrl-Enter)").click()
            # then
            body = await (await sent.value).json()
            assert "errors" not in body and all(body["data"].values()), tab
            await expect(page.locator(".graphiql-response .CodeMirror-code")).to_contain_text(text)
        assert visit.complaints == []
        assert visit.elsewhere(live_server) == []


async def test_a_phone_shows_all_of_it(demo: None, live_server: str, tmp_path: Path) -> None:
    async with a_browser() as visit:
        page = visit.page
        await page.set_viewport_size(PHONE)
        # when
        await opened(page, live_server)
        await page.get_by_label("Execute query (Ctrl-Enter)").click()
        # then the editor, the answer and every button are inside the window, and nothing is wider than it
        await expect(page.locator(".graphiql-response .CodeMirror-code")).to_contain_text('"rank"')
        assert await page.evaluate(TOO_WIDE) == []
        for pane in (".graphiql-query-editor", ".graphiql-response"):
            box = await page.locator(pane).bounding_box()
            assert box is not None and box["width"] > 300 and box["height"] > 150, pane
        # and each panel covers the editors, and closes again
        for panel in ("Documentation Explorer", "History", "GraphiQL Explorer"):
            await page.get_by_label(f"Show {panel}").click()
            await expect(page.locator(".graphiql-plugin")).to_be_in_viewport(ratio=0.9)
            await page.get_by_label(f"Hide {panel}").click()
            await expect(page.locator(".graphiql-plugin")).not_to_be_in_viewport()
        await page.screenshot(path=tmp_path / "phone.png")
        assert visit.complaints == []


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
async def test_the_page_and_its_dialog_are_as_dark_as_the_system(live_server: str, scheme: Any, is_dark: bool) -> None:
    async with a_browser() as visit:
        page = visit.page
        await page.emulate_media(color_scheme=scheme)
        await opened(page, live_server)
        await page.get_by_role("button", name="Sign in").click()
        for part in (".graphiql-container", "#sign-in", "#sign-in input[name=email]"):
            red, green, blue = await page.locator(part).evaluate(
                "each => getComputedStyle(each).backgroundColor.match(/[0-9.]+/g).map(Number).slice(0, 3)"
            )
            assert (red + green + blue < 3 * 128) is is_dark, part
        assert visit.complaints == []


async def test_a_subscription_shows_what_happens_until_it_is_stopped(live_server: str) -> None:
    async with a_browser() as visit:
        page, answer = visit.page, visit.page.locator(".graphiql-response .CodeMirror-code")
        await opened(page, live_server)
        await page.locator(".graphiql-tab-button", has_text=SUBSCRIPTION).click()
        await page.wait_for_timeout(400)
        # when
        async with page.expect_websocket() as socket:
            await page.get_by_label("Execute query (Ctrl-Enter)").click()
        await page.wait_for_timeout(400)
        leader = await make_profile("Noor Haddad")
        await give(leader)
        # then
        await expect(answer).to_contain_text('"leaderboardChanged"')
        await page.get_by_label("Stop query (Ctrl-Enter)").click()
        assert (await socket.value).url == f"{live_server.replace('http', 'ws', 1)}/graphql"
        assert visit.complaints == []
        assert visit.elsewhere(live_server) == []
