"""Links that carry a document, in a real browser: they open a tab, and nothing of them runs."""

import dataclasses
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from models.database import Database
from models.profiles import Profile
from server import make_app
from services.auth import sessions
from services.auth.access_tokens import new_secret
from services.auth.principals import NO_CLIENT
from settings import Settings
from tests.helpers.browser import CHROMIUM, Visit, a_browser
from tests.helpers.factories import make_person
from web.graphiql_files import missing

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
    pytest.mark.sqlite_only,
    pytest.mark.skipif(bool(missing()), reason="needs GraphiQL's files: python -m web.graphiql_files"),
]

HTML = "<img src=x onerror=alert(1)><script>alert(2)</script>"
MUTATION = f'mutation Shared {{ updateProfile(input: {{ location: "{HTML}" }}) {{ errors {{ code }} }} }}'
EXAMPLES = 6


@pytest.fixture
async def server(settings: Settings, database: Database) -> AsyncIterator[str]:
    async with TestServer(await make_app(dataclasses.replace(settings, public_url=""), database)) as server:
        yield f"http://{server.host}:{server.port}/graphql"


def link(server: str, **parts: str) -> str:
    return f"{server}#{urlencode(parts)}"


async def texts(page: Page) -> tuple[str, str]:
    """The document and the variables of the open tab."""
    return (
        await page.locator(".graphiql-query-editor .CodeMirror").evaluate("each => each.CodeMirror.getValue()"),
        await page.locator(".graphiql-editor-tool .CodeMirror").first.evaluate("each => each.CodeMirror.getValue()"),
    )


def posted(visit: Visit) -> list[str]:
    """Names of the operations that the page sent from now on, in a list that grows."""
    found: list[str] = []
    visit.page.on(
        "request", lambda request: found.append(request.post_data or "") if request.method == "POST" else None
    )
    return found


async def test_a_shared_mutation_is_shown_and_does_not_run(server: str) -> None:
    # given somebody who is signed in, whom the mutation would change
    ada = await make_person()
    secret = await sessions.begin(ada.id, NO_CLIENT)
    async with a_browser() as visit:
        page = visit.page
        await page.context.add_cookies([{"name": "session", "value": secret, "url": server}])
        sent = posted(visit)
        # when
        await page.goto(link(server, query=MUTATION, variables=f'{{"html": "{HTML}"}}'))
        # then it stands in a tab of its own, as text, and the address is clean
        await expect(page.locator(".graphiql-tab-active .graphiql-tab-button")).to_have_text("Shared")
        assert await texts(page) == (MUTATION, f'{{"html": "{HTML}"}}')
        await expect(page.locator(".graphiql-tab-button")).to_have_count(EXAMPLES + 1)
        assert page.url == server
        # and it has not run, also not after a reload, which opens no second tab
        await page.wait_for_timeout(700)
        await page.reload()
        await expect(page.locator(".graphiql-tab-active .graphiql-tab-button")).to_have_text("Shared")
        await expect(page.locator(".graphiql-tab-button")).to_have_count(EXAMPLES + 1)
        assert sent and not [each for each in sent if "updateProfile" in each]
        assert (await Profile.get(id=ada.profile_id)).location in {None, ""}
        # nor did anything of its HTML
        assert await page.locator("img").count() == 0
        assert visit.complaints == []
        assert visit.elsewhere(server.removesuffix("/graphql")) == []
        assert not [each for each in visit.requested if "updateProfile" in each.partition("#")[0]]


async def test_a_link_opens_a_tab_on_a_page_that_is_open(server: str) -> None:
    async with a_browser() as visit:
        page = visit.page
        await page.goto(server)
        await expect(page.locator(".graphiql-tab-button")).to_have_count(EXAMPLES)
        for number, title in enumerate(("First", "Second"), 1):
            await page.goto(link(server, query=f"query {title} {{ viewer {{ id }} }}"))
            await expect(page.locator(".graphiql-tab-active .graphiql-tab-button")).to_have_text(title)
            await expect(page.locator(".graphiql-tab-button")).to_have_count(EXAMPLES + number)
        assert visit.complaints == []


async def test_the_button_copies_a_link_that_opens_the_same(server: str) -> None:
    document, variables = 'query Copied($a: String = "é & #") { __typename }', '{"a": "+ %"}'
    async with a_browser() as visit:
        page = visit.page
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.goto(link(server, query=document, variables=variables))
        await expect(page.locator(".graphiql-tab-active .graphiql-tab-button")).to_have_text("Copied")
        # when
        await page.get_by_label("Copy a link to this document").click()
        await expect(page.get_by_role("status")).to_have_text("Link copied.")
        copied: str = await page.evaluate("navigator.clipboard.readText()")
        # then
        parts = urlsplit(copied)
        assert copied.startswith(f"{server}#") and parts.query == ""
        assert parse_qs(parts.fragment) == {"query": [document], "variables": [variables]}
        # and one with a secret is not made, nor a longer one than a mail carries
        for text, message in (
            ('mutation M { signIn(input: {password: "x"}) { errors { code } } }', "it contains a password"),
            (f'mutation M {{ introspectToken(input: {{token: "{new_secret()}"}}) {{ isActive }} }}', "or a token"),
            (f"# {'a' * 9000}\n{{ __typename }}", "too long for a link"),
            ("   ", "no document to share"),
        ):
            await page.locator(".graphiql-query-editor .CodeMirror").evaluate(
                "(each, text) => each.CodeMirror.setValue(text)", text
            )
            await page.get_by_label("Copy a link to this document").click()
            await expect(page.get_by_role("status")).to_contain_text(message)
            assert await page.evaluate("navigator.clipboard.readText()") == copied


@pytest.mark.parametrize("fragment", ["", "section", "variables=1", "%E0%A4%A", f"query={'a' * 9000}"])
async def test_another_fragment_opens_nothing(server: str, fragment: str) -> None:
    async with a_browser() as visit:
        await visit.page.goto(f"{server}#{fragment}")
        await expect(visit.page.locator(".graphiql-tab-active .graphiql-tab-button")).to_have_text("ForumBoard")
        await visit.page.wait_for_timeout(300)
        await expect(visit.page.locator(".graphiql-tab-button")).to_have_count(EXAMPLES)
        assert visit.complaints == []
