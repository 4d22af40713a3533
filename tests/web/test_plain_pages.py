"""The server's own pages for people: forms that only their own page sends, and what they are attacked with."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from models.accounts import Account
from models.database import Database
from models.passwords import Password
from models.profiles import Profile, Visibility
from models.second_factors import SecondFactor
from models.sessions import Session
from models.verification_codes import MailedLink, SignUp
from server import make_app
from services.auth import passwords, second_factor_removal
from services.core import clock
from services.profiles.profiles import refresh_visibility
from services.sign_in import password_reset
from settings import Settings
from tests.helpers.factories import give
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.pages import Reader, Shown
from tests.helpers.second_factors import link, texted, with_sms, with_totp
from tests.helpers.sign_in import ADA, BROWSER, GOOD, OTHER, mailed_token, mails, make_login, signed_in
from tests.helpers.transactions import committed

PAGES = (
    "/join?code=abc",
    "/reset-password?token=abc",
    "/change-password",
    "/second-factor/deactivate?token=abc",
    "/sign-in",
    "/forgot-password",
)
DUTCH = {"Accept-Language": "nl"}
VARYING = {"Date", "X-Request-ID"}
"""Headers that differ in every response."""


@pytest.fixture
async def reader(checked_client: GraphQLClient) -> Reader:
    return Reader(checked_client.http)


@pytest.fixture
async def stranger(checked_client: GraphQLClient) -> AsyncIterator[Reader]:
    """Another browser."""
    async with TestClient(TestServer(checked_client.http.app)) as http:
        yield Reader(http)


async def reset_page(reader: Reader) -> Shown:
    await password_reset.request(ADA, BROWSER)
    return await reader.open(f"/reset-password?token={await mailed_token()}")


async def sign_in_at(reader: Reader, path: str = "/sign-in", password: str = GOOD) -> Shown:
    return await reader.send(await reader.open(path), email=ADA, password=password)


async def has_password(password: str) -> bool:
    account = await Account.get(email=ADA)
    return await passwords.is_correct(account.id, password)


# How they look, and what protects them


@pytest.mark.sqlite_only
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_protected_and_readable_without_scripts(path: str, reader: Reader) -> None:
    with capture_logs() as logs:
        page = await reader.open(path)
        dutch = await Reader(reader.http, **DUTCH).open(path)
    headers = page.response.headers
    assert page.status == 200 and page.response.content_type == "text/html"
    assert {name: headers[name] for name in ("Cache-Control", "Referrer-Policy", "X-Frame-Options")} == {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "form-action 'self'" in policy
    assert "unsafe" not in policy and "script" not in policy and "script" not in page.tags
    assert not re.search(r'(src|href)="(https?:)?//', page.html)
    # every input that is seen has a label of its own, and the browser knows what to fill in
    for attributes in re.findall(r"<input ([^>]*)>", page.html):
        if 'type="hidden"' not in attributes:
            [name] = re.findall(r'id="(\w+)"', attributes)
            assert f'<label for="{name}">' in page.html and ("autocomplete=" in attributes or "checkbox" in attributes)
    assert '<html lang="en">' in page.html and '<html lang="nl">' in dutch.html
    assert dutch.response.headers["Content-Language"] == "nl" and dutch.text != page.text
    assert "abc" not in str(logs)
    cookie = page.response.cookies.get("form")
    assert cookie is None or (cookie["httponly"] and cookie["samesite"] == "Lax")


@pytest.mark.sqlite_only
async def test_the_cookie_of_forms_is_bound_to_the_host_over_tls(settings: Settings, database: Database) -> None:
    app = await make_app(replace(settings, public_url="https://graph.example"), database)
    async with TestClient(TestServer(app)) as http:
        cookie = (await http.get("/sign-in")).cookies["__Host-form"]
    assert cookie["secure"] and cookie["httponly"] and cookie["path"] == "/" and not cookie["domain"]


@pytest.mark.sqlite_only
async def test_reading_a_page_changes_nothing(reader: Reader) -> None:
    await make_login()
    page = await reset_page(reader)
    for method in ("GET", "HEAD"):
        assert (await reader.http.request(method, page.path)).status == 200
    assert await MailedLink.all().count() == 1 and await has_password(GOOD)


@pytest.mark.sqlite_only
async def test_a_link_without_its_token_says_so(reader: Reader) -> None:
    for path in ("/reset-password", "/reset-password?token=", "/second-factor/deactivate"):
        page = await reader.open(path)
        assert page.status == 404 and "incomplete" in page.text


@pytest.mark.sqlite_only
async def test_what_is_typed_or_linked_is_never_html(reader: Reader) -> None:
    evil = '"><script>alert(1)</script>'
    for path in PAGES[:4]:
        page = await reader.open(f"{path.partition('=')[0]}={evil.replace('>', '%3E')}")
        assert "script" not in page.tags and "<script" not in page.html, path
    page = await reader.send(await reader.open("/join"), name=evil, email=evil, newPassword=evil)
    assert page.status == 422 and "<script" not in page.html and page.forms[0][1]["name"] == evil
    assert page.forms[0][1]["newPassword"] == "" and 'role="alert"' in page.html and 'aria-invalid="true"' in page.html
    assert "<title>Error: Join the community</title>" in page.html


# Forms that other pages send


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://graph.example.evil.example"},
        {"Origin": "https://graph.example"},
    ],
)
async def test_a_form_of_another_origin_is_refused(headers: dict[str, str], reader: Reader) -> None:
    await make_login()
    page = await reset_page(reader)
    refused = await reader.send(page, newPassword=OTHER, headers=headers)
    assert refused.status == 403 and "Nothing was changed" in refused.text
    assert await has_password(GOOD)
    # and the page's own form still works, as browsers send it
    own = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert (await reader.send(page, newPassword=OTHER, headers=own)).status == 200
    assert await has_password(OTHER)


async def test_a_form_needs_the_token_of_its_own_browser_and_session(reader: Reader, stranger: Reader) -> None:
    # given: a form of another browser, which an attacker could open
    await make_login()
    mine, other = await reader.open("/sign-in"), await stranger.open("/sign-in")
    given: dict[str, Any] = {"email": ADA, "password": GOOD}
    # when, then
    for token in (other.forms[0][1]["form"], "", "x", "\u00e9"):
        assert (await reader.send(mine, form=token, **given)).status == 403
    assert (await reader.http.post("/sign-in", data=given)).status == 403
    assert (await reader.http.post("/sign-in", json=given)).status == 403
    assert await Session.all().count() == 0
    # a form of before the sign-in is no form of the session
    before = await reader.open("/sign-in")
    assert (await reader.send(mine, **given)).status == 200
    assert (await reader.http.post("/sign-out", data=before.forms[0][1])).status == 403
    assert await Session.all().count() == 1


@pytest.mark.sqlite_only
async def test_a_form_that_is_too_large_or_malformed_is_refused(reader: Reader) -> None:
    page = await reader.open("/sign-in")
    form = page.forms[0][1]["form"]
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for body, status in (
        (f"form={form}&email={'a' * 20_000}", 413),
        (f"form={form}&email={'a' * 1_001}", 400),
        (f"form={form}&email=a&email=b", 400),
        (f"form={form}&" + "&".join(f"a{nth}=1" for nth in range(30)), 400),
        (f"form={form}&email=%ff", 400),
        (f"form={form}&email=a%00b", 400),
        ("", 403),
    ):
        assert (await reader.http.post("/sign-in", data=body, headers=kind)).status == status, body[:80]


# Links and codes


async def test_a_link_works_once_and_until_it_expires(reader: Reader) -> None:
    await make_login()
    page = await reset_page(reader)
    assert (await reader.send(page, newPassword="short")).status == 422  # leaves the link usable
    assert (await reader.send(page, newPassword=OTHER)).status == 200
    assert (await reader.send(page, newPassword=GOOD)).status == 422
    late = await reset_page(reader)
    await MailedLink.all().update(expires_at=clock.now() - timedelta(seconds=1))
    assert (await reader.send(late, newPassword=GOOD)).status == 422
    wrong = await reader.open("/reset-password?token=" + "0" * 43)
    assert (await reader.send(wrong, newPassword=GOOD)).status == 422
    assert await has_password(OTHER)


@pytest.mark.sqlite_only
async def test_guessing_is_limited_like_the_mutations(reader: Reader, checked_client: GraphQLClient) -> None:
    # given
    await make_login()
    page = await reader.open("/sign-in")
    # when: ten passwords for one account
    statuses = [(await reader.send(page, email=ADA, password=f"wrong {nth}")).status for nth in range(10)]
    limited = await reader.send(page, email=ADA, password=GOOD)
    # then: the right one comes too late, also through the graph
    assert statuses == [422] * 10
    assert limited.status == 429 and int(limited.response.headers["Retry-After"]) >= 1
    document = f'mutation {{ signIn(input: {{ email: "{ADA}", password: "{GOOD}" }}) {{ errors {{ code }} }} }}'
    assert (await checked_client.data(document))["signIn"]["errors"] == [{"code": "RATE_LIMITED"}]
    # and links and codes are counted together
    page = await reader.open("/reset-password?token=" + "0" * 43)
    statuses = [(await reader.send(page, newPassword=OTHER)).status for _ in range(31)]
    assert statuses == [422] * 30 + [429]
    join = await reader.open("/join")
    code = await reader.send(join, name="Eve", email="eve@people.example", newPassword=GOOD)
    assert code.status == 200 and (await reader.send(code, code="000000")).status == 429


@pytest.mark.sqlite_only
async def test_a_request_for_a_link_tells_nothing(reader: Reader) -> None:
    await make_login()
    page = await reader.open("/forgot-password")
    known = await reader.send(page, email=ADA)
    unknown = await reader.send(page, email="nobody@people.example")
    assert (known.status, known.html) == (unknown.status, unknown.html) and len(await mails()) == 1


# Sessions


async def test_an_expired_password_leads_to_its_change_only(reader: Reader) -> None:
    account = await make_login()
    await Password.filter(account_id=account.id).update(changed_at=clock.now() - timedelta(days=1_000))
    page = await sign_in_at(reader)
    assert page.path == "/change-password"
    assert (await reader.open("/second-factor/deactivate?token=x")).path == "/change-password"
    wrong = await reader.send(page, currentPassword="wrong", newPassword=OTHER)
    assert wrong.status == 422 and await has_password(GOOD)
    done = await reader.send(wrong, currentPassword=GOOD, newPassword=OTHER)
    assert done.status == 200 and await has_password(OTHER)


async def test_a_refused_change_keeps_the_session(reader: Reader) -> None:
    await make_login()
    page = await sign_in_at(reader, "/change-password")
    refused = await reader.send(page, currentPassword=GOOD, newPassword="short")
    assert refused.status == 422 and await Session.filter(elevated_until__not_isnull=True).count() == 1
    done = await reader.send(refused, currentPassword=GOOD, newPassword=OTHER)
    assert done.status == 200
    assert "signed out" in (await reader.send(done)).text and await Session.all().count() == 0


async def test_a_second_factor_needs_a_code_for_each_step(reader: Reader) -> None:
    # given
    person = await with_totp(ADA)
    await passwords.set_password(person.id, GOOD)
    page = await sign_in_at(reader, "/change-password")
    assert page.forms[0][0] == "/sign-in/code" and (await reader.send(page, code="000000")).status == 422
    page = await reader.send(page, code=person.backup_codes[0])
    # when: the password alone does not elevate
    for code in ("", "000000"):
        assert (await reader.send(page, currentPassword=GOOD, newPassword=OTHER, code=code)).status == 422
    assert await has_password(GOOD)
    # then
    done = await reader.send(page, currentPassword=GOOD, newPassword=OTHER, code=person.backup_codes[1])
    assert done.status == 200 and await has_password(OTHER)


async def test_a_code_can_be_texted(reader: Reader) -> None:
    # given
    person = await with_sms(ADA)
    await passwords.set_password(person.id, GOOD)
    await second_factor_removal.request(person.id, actor=person.actor)
    page = await sign_in_at(reader, f"/second-factor/deactivate?token={await link()}")
    page = await reader.send(page, code=await texted())
    assert await SecondFactor.all().count() == 1
    # when: the second form texts another code
    page = await reader.send(page, 1)
    assert page.path.startswith("/second-factor/deactivate?token=")
    done = await reader.send(page, code=await texted())
    # then
    assert done.status == 200 and await SecondFactor.all().count() == 0


async def test_the_link_of_one_account_does_nothing_in_the_session_of_another(reader: Reader) -> None:
    person = await with_totp("ben@people.example")
    await second_factor_removal.request(person.id, actor=person.actor)
    token = await link()
    await make_login()
    page = await sign_in_at(reader, f"/second-factor/deactivate?token={token}")
    refused = await reader.send(page)
    assert refused.status == 422 and await SecondFactor.all().count() == 1


@pytest.mark.sqlite_only
async def test_nothing_but_known_pages_follows_a_sign_in(reader: Reader) -> None:
    await make_login()
    page = await reader.open("/sign-in")
    for wanted in ("//evil.example", "https://evil.example", "/graphql", "/change-password\r\nX: y"):
        done = await reader.send(page, email=ADA, password=GOOD, next=wanted)
        assert done.status == 200 and done.path == "/sign-in" and not done.response.history
        page = await reader.send(done)
        page = await reader.open("/sign-in")
    done = await reader.send(page, email=ADA, password=GOOD, next="/second-factor/deactivate", token="a\r\nX: y&z=1")
    assert done.path == "/second-factor/deactivate?token=a%0D%0AX:+y%26z%3D1"


@pytest.mark.sqlite_only
async def test_a_sign_up_begins_as_by_the_mutation(reader: Reader) -> None:
    page = await reader.open("/join?code=abcdef")
    page = await reader.send(page, name="Ben", email="ben@people.example", newPassword=GOOD, marketing="on")
    pending = await SignUp.get()
    assert (pending.referral_code, pending.marketing, pending.name) == ("abcdef", True, "Ben")
    again = await reader.send(page, 1)  # another code
    assert again.status == 200 and [mail.kind for mail in await mails()] == ["sign-up-code"] * 2


async def test_no_text_of_a_form_reaches_a_database_that_cannot_store_it(reader: Reader) -> None:
    page = await reader.open("/join?code=a%00b")
    assert (await reader.send(page, name="Ben", email="ben@people.example", newPassword=GOOD)).status == 400
    assert not await SignUp.exists()


# A person's page


async def make_public(name: str) -> Profile:
    account = await make_login()
    await Profile.filter(id=account.profile_id).update(
        visibility=Visibility.PUBLIC, name=name, job_title="<i>Engineer</i>", avatar="a" * 32
    )
    await committed(refresh_visibility([account.own_profile_id]))
    await give(account.own_profile_id, times=300)
    return await Profile.get(id=account.profile_id)


async def test_a_public_person_has_a_page(reader: Reader) -> None:
    ada = await make_public("<script>alert(1)</script>")
    page = await Reader(reader.http, **DUTCH, Accept="text/html").open(f"/profiles/{ada.handle}")
    assert page.status == 200 and '<html lang="nl">' in page.html
    assert "script" not in page.tags and "i" not in page.tags
    assert "<script>alert(1)</script>" in page.text and "<i>Engineer</i>" in page.text
    assert f'src="/avatars/{"a" * 32}/256.webp"' in page.html and "Punten: " in page.text
    assert page.response.headers["X-Frame-Options"] == "DENY"
    # badges have addresses at PUBLIC_URL, which may be another name than the page was opened by
    assert "img-src 'self' http://graph.example;" in page.response.headers["Content-Security-Policy"]
    assert 'src="http://graph.example/achievements/' in page.html


async def test_a_hidden_person_has_no_page(reader: Reader) -> None:
    ada = await make_public("Ada")
    await Profile.filter(id=ada.id).update(visibility=Visibility.PRIVATE)
    await committed(refresh_visibility([ada.id]))
    answers = []
    for handle in (ada.handle, "nobody-at-all"):
        response = await reader.http.get(f"/profiles/{handle}", headers={"Accept": "text/html"})
        headers: dict[str, Any] = {name: value for name, value in response.headers.items() if name not in VARYING}
        answers.append((response.status, headers, await response.read()))
    assert answers[0] == answers[1] and answers[0][0] == 404
    assert await signed_in()
