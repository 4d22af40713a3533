"""The session's cookie, and credentials beside it. docs/rules/sign-in.md#sessions, docs/decisions/0007."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from models.accounts import Account, AccountStatus
from models.database import Database
from models.passwords import Password
from resolvers.base.unauthenticated_access import EXPIRED_PASSWORD_FIELDS, EXPIRED_PASSWORD_MUTATIONS, SIGN_IN_MUTATIONS
from schema.graph import build
from server import make_app
from services.auth import access_tokens, api_keys, sessions
from services.auth.passwords import set_password
from services.auth.principals import Client
from services.core import clock
from services.core.audit import OPERATOR
from settings import Settings
from tests.helpers.factories import make_person, make_token
from tests.helpers.graphql_client import GraphQLClient
from web.cookies import SessionCookie

PROFILE = "mx:user:profile:v1:read"
PASSWORD = "Correct-horse-7-battery"
WHO = "{ viewer { account { email } } }"


async def signed_in(account: Account) -> str:
    return await sessions.begin(account.id, Client("192.0.2.7", "A browser"))


async def who(client: GraphQLClient, *headers: tuple[str, str]) -> str | None:
    """Whom the server takes us for."""
    response = await ask(client, *headers)
    body = await response.json()
    assert response.status == 200 and "errors" not in body, body
    return body["data"]["viewer"] and body["data"]["viewer"]["account"]["email"]


async def ask(client: GraphQLClient, *headers: tuple[str, str], document: str = WHO) -> ClientResponse:
    return await client.http.post("/graphql", json={"query": document}, headers=list(headers))


def cookie(secret: str) -> tuple[str, str]:
    return "Cookie", f"session={secret}"


def told(response: ClientResponse, name: str = "session") -> "Morsel[str] | None":
    """What the answer says about the cookie."""
    return SimpleCookie("; ".join(response.headers.getall("Set-Cookie", []))).get(name)


@pytest.mark.parametrize(
    ("address", "origins", "name", "secure", "same_site"),
    [
        ("https://graph.example", "", "__Host-session", True, "Lax"),
        ("http://graph.example", "", "session", False, "Lax"),
        ("", "", "session", False, "Lax"),
        ("https://graph.example", "https://app.example", "__Host-session", True, "None"),
        ("https://graph.example", "https://graph.example:8443", "__Host-session", True, "Lax"),
        ("https://api.community.example", "https://app.community.example", "__Host-session", True, "Lax"),
        ("HTTPS://api.community.example/", "https://community.example", "__Host-session", True, "Lax"),
        ("https://api.community.example", "http://app.community.example", "__Host-session", True, "None"),
        ("https://a.github.io", "https://b.github.io", "__Host-session", True, "None"),
        (
            "https://api.community.example",
            "https://app.community.example,https://o.example",
            "__Host-session",
            True,
            "None",
        ),
        ("http://127.0.0.1:8080", "http://127.0.0.1:3000", "session", False, "Lax"),
        ("http://graph.example", "https://app.example", "session", False, "Lax"),
    ],
)
def test_what_browsers_are_told(address: str, origins: str, name: str, secure: bool, same_site: str) -> None:
    # given
    made = SessionCookie.of(Settings(public_url=address, origins=origins, session_hours=2))
    response = web.Response()
    # when
    made.set(response, "secret")
    # then
    morsel = response.cookies[name]
    assert (morsel.value, morsel["path"], morsel["domain"], morsel["max-age"]) == ("secret", "/", "", "7200")
    assert (morsel["httponly"], bool(morsel["secure"]), morsel["samesite"]) == (True, secure, same_site)
    # and a browser forgets only a cookie that is told to it in the same way
    made.clear(response)
    morsel = response.cookies[name]
    assert (morsel.value, morsel["path"], morsel["max-age"]) == ("", "/", "0")
    assert (bool(morsel["secure"]), morsel["samesite"]) == (secure, same_site)


async def test_a_cookie_signs_in(checked_client: GraphQLClient) -> None:
    # given
    ada = await make_person("ada@people.example")
    secret = await signed_in(ada)
    # when
    response = await ask(checked_client, cookie(secret))
    # then
    assert (await response.json())["data"]["viewer"]["account"]["email"] == "ada@people.example"
    assert told(response) is None
    assert "Cookie" in response.headers["Vary"] and response.headers["Cache-Control"] == "no-store"


async def test_without_a_cookie_it_is_nobody_and_nothing_is_cleared(checked_client: GraphQLClient) -> None:
    response = await ask(checked_client)
    assert (await response.json())["data"] == {"viewer": None}
    assert told(response) is None


async def test_a_dead_cookie_is_cleared_and_the_request_is_nobodys(checked_client: GraphQLClient) -> None:
    # given
    ada, bob = await make_person(), await make_person()
    ended, old, left = await signed_in(ada), await signed_in(ada), await signed_in(bob)
    facts = await sessions.authenticate(ended)
    assert facts and facts.session_id
    await sessions.end(facts.session_id)
    bob.status = AccountStatus.DEACTIVATED
    await bob.save()
    dead = [ended, left, "nonsense", '""', "", "x" * 4_000, "%00", "a b"]
    # when, then
    for secret in dead:
        response = await ask(checked_client, cookie(secret))
        assert (response.status, await response.json()) == (200, {"data": {"viewer": None}}), secret
        morsel = told(response)
        assert morsel is not None and (morsel.value, morsel["max-age"]) == ("", "0"), secret
    assert await who(checked_client, cookie(old)) is not None


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"Cookie: session=\xff\xfe", b"200"),
        (b"Cookie: session=a\xc3\xa9", b"200"),
        (b"Authorization: mxtoken \xff", b"403"),
        (b"Mendix-Username: \xff\r\nMendix-ApiKey: \xff", b"403"),
        (b"Origin: \xff", b"200"),
        (b"User-Agent: \xff", b"200"),
    ],
)
async def test_raw_bytes_are_no_bug_of_ours(checked_client: GraphQLClient, header: bytes, status: bytes) -> None:
    # given what no HTTP client would send
    body = b'{"query": "%s"}' % WHO.encode()
    reader, writer = await asyncio.open_connection(checked_client.http.host, checked_client.http.port)
    writer.write(b"POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n")
    writer.write(b"Content-Length: %d\r\n%s\r\n\r\n%s" % (len(body), header, body))
    # when
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    # then
    assert answer.split(b" ")[1] == status
    assert answer.endswith(b'{"data":{"viewer":null}}' if status == b"200" else b'{"error": ""}')
    assert (b"Max-Age=0" in answer) == header.startswith(b"Cookie")


async def test_another_cookie_is_nothing_to_us(checked_client: GraphQLClient) -> None:
    secret = await signed_in(await make_person())
    for header in (f"other={secret}", f"Session={secret}", f"__Host-session={secret}", secret):
        response = await ask(checked_client, ("Cookie", header))
        assert (await response.json())["data"] == {"viewer": None} and told(response) is None


@pytest.fixture
async def over_tls(settings: Settings, database: Database) -> AsyncIterator[GraphQLClient]:
    settings = dataclasses.replace(settings, public_url="https://graph.example")
    async with TestClient(TestServer(await make_app(settings, database))) as http:
        yield GraphQLClient(http)


async def test_over_tls_a_cookie_that_another_host_could_set_is_nothing(over_tls: GraphQLClient) -> None:
    secret = await signed_in(await make_person("ada@people.example"))
    assert await who(over_tls, ("Cookie", f"session={secret}")) is None
    assert await who(over_tls, ("Cookie", f"__Host-session={secret}")) == "ada@people.example"
    morsel = told(await ask(over_tls, ("Cookie", "__Host-session=dead")), "__Host-session")
    assert morsel is not None and morsel["secure"] and morsel["httponly"] and morsel["path"] == "/"


async def headers_of(account: Account, name: str) -> list[tuple[str, str]]:
    """Headers of a credential by its name: t(oken), k(ey), c(ookie)."""
    if name == "t":
        return [("Authorization", f"mxtoken {await make_token(account, PROFILE)}")]
    if name == "c":
        return [cookie(await signed_in(account))]
    made = await api_keys.create(account.id, name="A key", actor=OPERATOR)
    return [("Mendix-Username", account.email), ("Mendix-ApiKey", made.secret)]


async def test_an_api_key_signs_in(checked_client: GraphQLClient) -> None:
    ada = await make_person("ada@people.example")
    assert await who(checked_client, *await headers_of(ada, "k")) == "ada@people.example"


@pytest.mark.parametrize("name", ["t", "k"])
async def test_what_is_shown_on_purpose_wins_over_a_cookie(checked_client: GraphQLClient, name: str) -> None:
    ada, bob = await make_person("ada@people.example"), await make_person("bob@people.example")
    shown = await headers_of(ada, name)
    assert await who(checked_client, *shown, *await headers_of(bob, "c")) == "ada@people.example"
    # a dead cookie beside it is not looked at
    response = await ask(checked_client, *shown, cookie("dead"))
    assert response.status == 200 and told(response) is None


async def test_a_bad_credential_beside_a_good_cookie_is_refused(checked_client: GraphQLClient) -> None:
    ada = await make_person("ada@people.example")
    alive = await headers_of(ada, "c")
    bad = [
        [("Authorization", f"mxtoken {access_tokens.new_secret()}")],
        [("Mendix-Username", "ada@people.example"), ("Mendix-ApiKey", "nonsense")],
        [("Mendix-Username", "ada@people.example"), ("Mendix-ApiKey", "")],
    ]
    for each in bad:
        response = await ask(checked_client, *each, *alive)
        assert (response.status, await response.read()) == (403, b'{"error": ""}'), each
        assert told(response) is None


async def test_two_credentials_or_half_a_pair_are_refused(checked_client: GraphQLClient) -> None:
    ada = await make_person("ada@people.example")
    token, [username, key] = await headers_of(ada, "t"), await headers_of(ada, "k")
    for each in (
        [*token, username, key],
        [*token, username],
        [*token, key],
        [*token, *token],
        [username],
        [key],
        [username, username, key],
        [username, key, key],
        [("Mendix-Username", ""), key],
    ):
        response = await ask(checked_client, *each)
        assert (response.status, await response.read()) == (403, b'{"error": ""}'), each


async def test_another_persons_name_does_not_go_with_a_key(checked_client: GraphQLClient) -> None:
    ada, bob = await make_person(), await make_person("bob@people.example")
    _, key = await headers_of(ada, "k")
    assert (await ask(checked_client, ("Mendix-Username", bob.email), key)).status == 403


@pytest.fixture
async def expired() -> Any:
    """Signed in, with a password of 91 days."""

    async def make(account: Account) -> tuple[str, str]:
        await Password.create(account=account, hash="$argon2id$none", changed_at=clock.now() - timedelta(days=91))
        return cookie(await signed_in(account))

    return make


async def test_an_expired_password_closes_all_but_changing_it(checked_client: GraphQLClient, expired: Any) -> None:
    ada = await make_person("ada@people.example")
    header = await expired(ada)
    # when
    for document in (
        "{ levels { number } }",
        "{ viewer { account { email } profile { id } } }",
        "{ viewer { account { company { id } } } }",
        '{ node(id: "prf_5k2v9x0qcm") { id } }',
        "mutation { recordActivities(input: {activities: []}) { errors { code } } }",
    ):
        response = await ask(checked_client, header, document=document)
        [error] = (await response.json())["errors"]
        # then
        assert error["extensions"]["code"] == "PASSWORD_EXPIRED", document
    assert await who(checked_client, header) == "ada@people.example"
    assert (await (await ask(checked_client, header, document="{ __typename }")).json())["data"] == {
        "__typename": "Query"
    }


async def test_signing_in_with_an_expired_password_opens_nothing_later_in_the_document(
    checked_client: GraphQLClient,
) -> None:
    # given
    ada = await make_person("ada@people.example")
    await set_password(ada.id, PASSWORD)
    await Password.filter(account_id=ada.id).update(changed_at=clock.now() - timedelta(days=91))
    await Account.filter(id=ada.id).update(verified_at=clock.now())
    # when
    body = await (
        await ask(
            checked_client,
            document=f"""mutation {{
                signIn(input: {{email: "ada@people.example", password: "{PASSWORD}"}}) {{ isPasswordExpired errors {{ code }} }}
                endOtherSessions {{ errors {{ code }} }}
            }}""",
        )
    ).json()
    # then
    [error] = body["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["endOtherSessions"], "PASSWORD_EXPIRED")


@pytest.mark.parametrize("name", ["t", "k"])
async def test_an_expired_password_closes_tokens_and_keys(
    checked_client: GraphQLClient, expired: Any, name: str
) -> None:
    ada = await make_person()
    shown = await headers_of(ada, name)
    assert (await ask(checked_client, *shown)).status == 200
    await expired(ada)
    response = await ask(checked_client, *shown)
    assert (response.status, await response.read()) == (403, b'{"error": ""}')


def test_what_is_open_with_an_expired_password_exists() -> None:
    types: Any = build()._schema.type_map
    for each in EXPIRED_PASSWORD_FIELDS | EXPIRED_PASSWORD_MUTATIONS | SIGN_IN_MUTATIONS:
        type_name, _, field = each.partition(".")
        assert field in types[type_name].fields, each
