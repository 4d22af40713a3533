"""Signing in from GraphiQL's toolbar in a real browser, and what stays of a password afterwards: nothing."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from models.database import Database
from models.passwords import Password
from models.profiles import Profile
from server import make_app
from services.auth import totp
from services.auth.credential_expiry import DEFAULT_DAYS
from services.auth.passwords import set_password
from services.core import clock
from services.imports import demo_sign_ins
from services.imports.demo_sign_ins import SignIn
from settings import Settings
from tests.helpers.browser import CHROMIUM, a_browser
from tests.helpers.factories import make_person
from tests.helpers.second_factors import with_totp
from web.graphiql_files import missing

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
    pytest.mark.sqlite_only,
    pytest.mark.skipif(bool(missing()), reason="needs GraphiQL's files: python -m web.graphiql_files"),
]

EMAIL, PASSWORD, WRONG = "ada@people.example", "Correct-horse-7-battery", "Wrong-horse-8-battery"
TYPED = f'mutation Typed {{ signIn(input: {{ email: "x@y.example", password: "{WRONG}" }}) {{ errors {{ code }} }} }}'
MASKED = "mutation Masked($word: String!) { signIn(input: { email: $word, password: $word }) { errors { code } } }"
KEPT = """
async () => {
    const databases = await indexedDB.databases();
    const fields = [...document.querySelectorAll("input, textarea")].map(each => each.value);
    const editors = [...document.querySelectorAll(".CodeMirror")].map(each => each.CodeMirror.getValue());
    return JSON.stringify([{...localStorage}, {...sessionStorage}, databases, await caches.keys(), fields, editors,
        document.documentElement.outerHTML, location.href, document.cookie]);
}
"""
"""Everything that the page and the browser's storage hold, but for the cookies that no script sees."""


@pytest.fixture
async def server(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """The address of a server without a demo, where Ada has a password."""
    monkeypatch.setattr(demo_sign_ins, "FILE", tmp_path / "demo-sign-ins")
    await set_password((await make_person(EMAIL)).id, PASSWORD)
    async with TestServer(await make_app(dataclasses.replace(settings, public_url=""), database)) as server:
        yield f"http://{server.host}:{server.port}/graphql"


async def open_dialog(page: Page, address: str) -> None:
    await page.goto(address)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()


async def sign_in(page: Page, password: str = PASSWORD) -> None:
    """By keyboard alone: the address has the focus, and Enter sends."""
    await page.keyboard.type(EMAIL)
    await page.keyboard.press("Tab")
    await page.keyboard.type(password)
    await page.keyboard.press("Enter")


async def run(page: Page, document: str, variables: str = "") -> None:
    for pane, text in ((".graphiql-query-editor", document), (".graphiql-editor-tool", variables)):
        await page.locator(f"{pane} .CodeMirror").first.evaluate("(each, text) => each.CodeMirror.setValue(text)", text)
    await page.wait_for_timeout(400)  # for a moment GraphiQL still runs by the name of the document before
    async with page.expect_response(lambda response: response.request.method == "POST"):
        await page.get_by_label("Execute query (Ctrl-Enter)").click()
    await page.wait_for_timeout(700)  # GraphiQL writes its tabs down half a second later


async def test_somebody_signs_in_and_out_and_no_password_stays(server: str) -> None:
    async with a_browser() as visit:
        page = visit.page
        # when the password is wrong
        await open_dialog(page, server)
        await sign_in(page, WRONG)
        # then the dialog says so, and stays
        await expect(page.get_by_role("alert")).to_contain_text("password")
        await expect(page.get_by_role("dialog")).to_be_visible()
        # when it is right
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        # then the toolbar says who it is, and every tab runs as them
        await expect(page.get_by_role("dialog")).to_be_hidden()
        name = (await Profile.get()).name
        await expect(page.get_by_role("button", name=f"Signed in as {name}")).to_be_visible()
        await run(page, "query Me { viewer { account { email } } }")
        await expect(page.locator(".graphiql-response")).to_contain_text(EMAIL)
        # and neither password is anywhere
        kept: str = await page.evaluate(KEPT)
        assert EMAIL in kept and "graphiql:tabState" in kept
        assert PASSWORD not in kept and WRONG not in kept
        assert not [each for each in visit.requested if PASSWORD in each]
        # and after a reload the page still knows who it is, until they sign out
        await page.reload()
        await page.get_by_role("button", name=f"Signed in as {name}").click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        assert await page.context.cookies() == []
        assert visit.complaints == []


async def test_the_second_factor_asks_for_its_code(server: str) -> None:
    person = await with_totp("ben@people.example")
    await set_password(person.account.id, PASSWORD)
    async with a_browser() as visit:
        page = visit.page
        await open_dialog(page, server)
        await page.get_by_label("Email address").fill("ben@people.example")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        # when the code is wrong, then right
        await expect(page.get_by_role("textbox", name="Code")).to_be_focused()
        assert PASSWORD not in await page.evaluate(KEPT)
        await page.keyboard.type("000000")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).not_to_be_empty()
        await page.get_by_role("textbox", name="Code").fill(person.code())
        await page.keyboard.press("Enter")
        # then
        await expect(page.get_by_role("button", name="Signed in as")).to_be_visible()
        assert visit.complaints == []


async def test_an_expired_password_is_told(server: str) -> None:
    await Password.all().update(changed_at=clock.now() - timedelta(days=DEFAULT_DAYS + 1))
    async with a_browser() as visit:
        page = visit.page
        await open_dialog(page, server)
        await sign_in(page)
        await expect(page.get_by_role("alert")).to_contain_text("The password has expired")
        assert PASSWORD not in await page.evaluate(KEPT)
        # and they can sign out again
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        assert await page.context.cookies() == []


async def test_a_session_that_ended_elsewhere_can_be_left(server: str) -> None:
    async with a_browser() as visit:
        page = visit.page
        await open_dialog(page, server)
        await sign_in(page)
        await expect(page.get_by_role("button", name="Signed in as")).to_be_visible()
        # when
        await page.context.clear_cookies()
        await page.get_by_role("button", name="Signed in as").click()
        await page.get_by_role("button", name="Sign out").click()
        # then
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        assert visit.complaints == []


async def test_somebody_confirms_that_it_is_them_and_no_password_stays(server: str) -> None:
    async with a_browser() as visit:
        page = visit.page
        await open_dialog(page, server)
        await sign_in(page)
        elevate = "query Until { viewer { elevatedUntil } }"
        await run(page, elevate)
        await expect(page.locator(".graphiql-response")).to_contain_text('"elevatedUntil": null')
        # when the password is wrong, then right
        await page.get_by_role("button", name="Signed in as").click()
        await page.get_by_role("button", name="Confirm that it is you").click()
        await page.get_by_role("textbox", name="Password").fill(WRONG)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("password")
        await page.get_by_role("textbox", name="Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        # then sensitive operations are open, and the password is nowhere
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await run(page, elevate)
        await expect(page.locator(".graphiql-response")).not_to_contain_text('"elevatedUntil": null')
        assert PASSWORD not in await page.evaluate(KEPT)
        assert visit.complaints == []


async def test_a_typed_password_is_not_kept(server: str) -> None:
    async with a_browser() as visit:
        page = visit.page
        await page.goto(server)
        # when one stands in a document, and another only in variables of a document that names passwords
        await run(page, TYPED)
        await run(page, MASKED, f'{{"word": "{WRONG}"}}')
        # then neither is in the storage, nor in the history on the screen
        stored: str = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert WRONG not in stored and "graphiql:tabState" in stored
        await page.get_by_label("Show History").click()
        await expect(page.locator(".graphiql-history-item")).to_have_count(0)
        # and other documents are kept as before, also over a reload
        await run(page, "query Kept { viewer { id } }")
        await expect(page.locator(".graphiql-history-item")).to_have_count(1)
        await page.reload()
        await expect(page.locator(".graphiql-query-editor .CodeMirror")).to_contain_text("query Kept")
        await expect(page.locator(".graphiql-tab-button")).to_have_count(6)


async def test_the_dialog_keeps_the_focus_and_closes_by_escape(server: str) -> None:
    async with a_browser() as visit:
        page = visit.page
        await page.set_viewport_size({"width": 390, "height": 700})
        await open_dialog(page, server)
        # when somebody goes round by keyboard
        inside = []
        for _ in range(6):
            await page.keyboard.press("Tab")
            inside.append(
                await page.evaluate("document.activeElement.closest('dialog')?.id ?? document.activeElement.tagName")
            )
        # then the focus never reaches the page behind it; between rounds it is in the browser's own bar
        assert {*inside} <= {"sign-in", "BODY"} and "sign-in" in inside
        box = await page.get_by_role("dialog").bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390
        # and Escape empties and closes it, and gives the focus back
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        assert PASSWORD not in await page.evaluate(KEPT)
        await expect(page.get_by_role("button", name="Sign in")).to_be_focused()
        # and no people of a demo were offered
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await expect(page.get_by_text("one of the demo's people")).to_be_hidden()


async def test_the_demos_people_sign_in_with_one_click_and_their_code(server: str) -> None:
    # given
    secret: Any = totp.new_secret()
    person = await with_totp("ben@people.example")
    await set_password(person.account.id, PASSWORD)
    offered = [
        SignIn("a member", EMAIL, PASSWORD),
        SignIn("with a second factor", "ben@people.example", PASSWORD, secret),
    ]
    demo_sign_ins.FILE.write_text("\n\n".join(str(each) for each in offered) + "\n")
    async with a_browser() as visit:
        page = visit.page
        # when somebody with a second factor is chosen
        await open_dialog(page, server)
        earliest = totp.code_at(secret, clock.now())
        await page.get_by_role("button", name="with a second factor").click()
        # then the code of the moment is filled in; the next moment's may have begun meanwhile
        code = page.get_by_role("textbox", name="Code")
        await expect(code).not_to_have_value("")
        assert await code.input_value() in {earliest, totp.code_at(secret, clock.now())}
        await page.keyboard.press("Escape")
        # when somebody without one is chosen
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("button", name="a member").click()
        # then they are signed in, and the password is nowhere
        await expect(page.get_by_role("button", name="Signed in as")).to_be_visible()
        assert PASSWORD not in await page.evaluate(KEPT)
        assert visit.complaints == []
