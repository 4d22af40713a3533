"""A page on another site, where the browser would not store the session: docs/decisions/0007."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from models.accounts import Account
from models.audit import AuditEntry
from models.database import Database
from models.sessions import Session
from server import make_app
from settings import Settings
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.sessions_by_http import ADA_HERSELF, ME, SIGN_IN, cookie, sign_in
from tests.helpers.sign_in import ADA, GOOD, OTHER, mailed_code, make_login, switch_on, totp
from tests.helpers.sign_up import sign_up

COMPLETE = """
mutation Complete($input: CompleteSignInInput!) {
  completeSignIn(input: $input) { viewer { account { email } } isPasswordExpired errors { code } }
}
"""
VERIFY = """
mutation Verify($input: VerifyEmailInput!) { verifyEmail(input: $input) { viewer { account { email } } errors { code } } }
"""
PAGE = "http://localhost:5173"
CROSS_SITE = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site"}


@asynccontextmanager
async def serving(settings: Settings, database: Database) -> AsyncIterator[GraphQLClient]:
    async with TestClient(TestServer(await make_app(settings, database))) as http:
        yield GraphQLClient(http)


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncIterator[GraphQLClient]:
    async with serving(replace(settings, public_url="", origins=PAGE), database) as served:
        yield served


async def codes(client: GraphQLClient, document: str, headers: dict[str, str], **given: str) -> list[str]:
    """The codes of the refusal; an answer that sets a cookie without having a reason is a failure."""
    response = await client.post(document, headers=headers, input=given)
    [payload] = (await response.json())["data"].values()
    found = [each["code"] for each in payload["errors"]]
    assert not (found and "Set-Cookie" in response.headers)
    return found


async def test_a_sign_in_whose_cookie_would_be_lost_says_so_and_changes_nothing(client: GraphQLClient) -> None:
    # given
    await make_login()
    entries = await AuditEntry.all().count()
    # when
    response = await client.post(SIGN_IN, headers=CROSS_SITE, input={"email": ADA, "password": GOOD})
    # then
    payload = (await response.json())["data"]["signIn"]
    assert payload["errors"] == [
        {
            "code": "COOKIE_NOT_POSSIBLE",
            "message": "You cannot sign in on this page: it is on another site than this server, so the browser would not "
            "store the session. Use the same host name for both; another site needs https.",
            "path": None,
        }
    ]
    assert payload["viewer"] is payload["secondFactor"] is payload["isPasswordExpired"] is None
    assert "Set-Cookie" not in response.headers and cookie(client) is None
    assert (await Session.all().count(), await AuditEntry.all().count()) == (0, entries)
    # and the page can read why
    assert response.headers["Access-Control-Allow-Origin"] == PAGE


async def test_the_refusal_tells_nothing_of_an_account_and_takes_no_guess(client: GraphQLClient) -> None:
    # given
    await make_login()
    # when
    answers = [
        await (await client.post(SIGN_IN, headers=CROSS_SITE, input={"email": email, "password": password})).json()
        for email, password in [(ADA, GOOD), (ADA, OTHER), ("no-one@people.example", GOOD), ("", "")] * 5
    ]
    # then
    assert all(each == answers[0] for each in answers)
    assert (await sign_in(client))["errors"] == []


async def test_the_other_steps_that_sign_in_refuse_before_they_use_a_code(client: GraphQLClient) -> None:
    # given
    await switch_on(await make_login("ben@people.example"))
    token = (await sign_in(client, "ben@people.example"))["secondFactor"]["token"]
    begun = (await sign_up(client))["signUpToken"]
    code = await mailed_code()
    # when, then
    assert await codes(client, COMPLETE, CROSS_SITE, token=token, code=totp()) == ["COOKIE_NOT_POSSIBLE"]
    assert await codes(client, VERIFY, CROSS_SITE, signUpToken=begun, code=code) == ["COOKIE_NOT_POSSIBLE"]
    assert not await Account.exists(email=ADA) and await Session.all().count() == 0
    # and they work from elsewhere
    assert await codes(client, COMPLETE, {}, token=token, code=totp()) == []
    assert await codes(client, VERIFY, {}, signUpToken=begun, code=code) == []


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
async def test_the_browsers_word_counts(client: GraphQLClient, site: str) -> None:
    await make_login()
    headers = {"Origin": PAGE, "Host": "127.0.0.1:8080", "Sec-Fetch-Site": site}
    assert await codes(client, SIGN_IN, headers, email=ADA, password=GOOD) == []


@pytest.mark.parametrize(
    ("public_url", "origin", "host", "possible"),
    [
        ("", PAGE, "localhost:8080", True),
        ("", PAGE, "127.0.0.1:8080", False),
        ("", "http://app.community.example", "api.community.example", True),
        ("", "http://community-a.github.io", "community-b.github.io", False),
        ("", PAGE, "[", False),
        ("http://api.community.example", "http://app.community.example", "inside:8080", True),
        ("http://inside.example", "http://app.community.example", "api.community.example", True),
        ("http://api.community.example", "https://app.community.example", "api.community.example", False),
        ("http://api.community.example", "http://app.other.example", "api.community.example", False),
        ("https://api.community.example", "https://app.other.example", "api.community.example", True),
    ],
)
async def test_a_browser_that_does_not_say_is_compared_by_origin(
    settings: Settings, database: Database, public_url: str, origin: str, host: str, possible: bool
) -> None:
    await make_login()
    settings = replace(settings, public_url=public_url, origins=origin)
    async with serving(settings, database) as client:
        found = await codes(client, SIGN_IN, {"Origin": origin, "Host": host}, email=ADA, password=GOOD)
    assert found == ([] if possible else ["COOKIE_NOT_POSSIBLE"])


async def test_a_page_of_another_site_signs_in_over_tls_if_it_is_allowed(
    settings: Settings, database: Database
) -> None:
    await make_login()
    headers = {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}
    settings = replace(settings, public_url="https://graph.example", origins="https://app.example")
    async with serving(settings, database) as client:
        assert await codes(client, SIGN_IN, headers, email=ADA, password=GOOD) == []
    # without it the cookie is Lax, which the browser would not store there
    async with serving(replace(settings, origins=""), database) as client:
        assert await codes(client, SIGN_IN, headers, email=ADA, password=GOOD) == ["COOKIE_NOT_POSSIBLE"]


async def test_programs_and_reads_are_not_concerned(client: GraphQLClient) -> None:
    await make_login()
    assert (await (await client.post(ME, headers=CROSS_SITE)).json()) == {"data": {"viewer": None}}
    assert (await sign_in(client))["errors"] == []
    assert await client.data(ME) == ADA_HERSELF


@pytest.mark.parametrize(
    ("change", "warned"),
    [
        (lambda own: replace(own, public_url="", origins=f"http://127.0.0.1:1,{PAGE}"), [PAGE]),
        (lambda own: replace(own, public_url="http://a.example", origins="http://b.example"), ["http://b.example"]),
        (lambda own: replace(own, public_url="http://a.example", origins="https://a.example"), ["https://a.example"]),
        (lambda own: replace(own, public_url="http://a.p.example", origins="http://b.p.example"), []),
        (lambda own: replace(own, public_url="https://a.example", origins="https://b.example"), []),
        (lambda own: replace(own, public_url="", host="0.0.0.0", origins=PAGE), []),  # noqa: S104
        (lambda own: replace(own, public_url="", host="::", origins=PAGE), []),
        (lambda own: replace(own, origins=""), []),
    ],
)
async def test_the_start_warns_of_origins_that_cannot_sign_in(
    settings: Settings, database: Database, change: Callable[[Settings], Settings], warned: list[str]
) -> None:
    with capture_logs() as logs:
        await make_app(change(settings), database)
    found = [each["origins"] for each in logs if each["event"] == "origins.cannot_sign_in"]
    assert found == ([warned] if warned else [])


@pytest.mark.parametrize(
    ("client_url", "origins", "warned"),
    [
        ("", "", []),
        ("https://graph.example", "", []),
        ("https://graph.example/app", "", []),
        ("https://app.example", "https://app.example", []),
        ("https://app.example/people", "https://other.example,https://app.example", []),
        ("https://app.example", "", ["https://app.example"]),
        ("http://graph.example", "https://app.example", ["http://graph.example"]),
        ("https://app.example:8443", "https://app.example", ["https://app.example:8443"]),
    ],
)
async def test_the_start_warns_of_a_client_that_is_no_allowed_origin(
    settings: Settings, database: Database, client_url: str, origins: str, warned: list[str]
) -> None:
    with capture_logs() as logs:
        await make_app(
            replace(settings, public_url="https://graph.example", client_url=client_url, origins=origins), database
        )
    assert [each["client_url"] for each in logs if each["event"] == "client_url.not_in_origins"] == warned
