"""The server's own pages in a real browser: its policy allows what the pages need, and its forms arrive."""

from dataclasses import replace

import pytest
from aiohttp.test_utils import TestServer

from models.database import Database
from server import make_app
from services.sign_in import password_reset
from settings import Settings
from tests.helpers.browser import CHROMIUM, a_browser
from tests.helpers.sign_in import ADA, BROWSER, OTHER, mailed_token, make_login, signed_in

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
    pytest.mark.sqlite_only,
]


async def test_a_person_resets_and_then_changes_a_password(settings: Settings, database: Database) -> None:
    await make_login()
    await password_reset.request(ADA, BROWSER)
    app = await make_app(replace(settings, public_url=""), database)
    async with TestServer(app) as server, a_browser() as visit:
        base, page = f"http://127.0.0.1:{server.port}", visit.page
        # a link of a mail, opened from another site
        link = f"{base}/reset-password?token={await mailed_token()}"
        await page.goto(f"data:text/html,<a href='{link}'>open</a>")
        await page.get_by_text("open").click()
        await page.get_by_label("New password").fill(OTHER)
        await page.get_by_role("button", name="Set the password").click()
        await page.get_by_text("Your password was set").wait_for()
        await page.get_by_role("link", name="Sign in").click()
        await page.get_by_label("Email address").fill(ADA)
        await page.get_by_label("Password").fill(OTHER)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("link", name="Change your password").click()
        await page.get_by_label("Current password").fill(OTHER)
        await page.get_by_label("New password").fill("Yet another Secret, 12")
        await page.get_by_role("button", name="Change the password").click()
        await page.get_by_text("Your password was changed").wait_for()
        colour = await page.locator("button").evaluate("each => getComputedStyle(each).backgroundColor")
        assert colour == "rgb(11, 87, 208)" and visit.complaints == [] and visit.elsewhere(base) == []
    assert await signed_in(password="Yet another Secret, 12")
