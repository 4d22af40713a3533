"""
A newcomer's whole story over HTTP, as one would try it: sign up, verify, sign in, second factor, token, pull, revoke.

Afterwards neither the database nor the log may hold anything that lets somebody in.
"""

import asyncio
import dataclasses
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from models.database import Database
from models.outbox import OutboxMessage
from models.sessions import Session
from server import make_app
from services.messages.outbox_worker import OutboxWorker
from settings import Settings
from tests.helpers.factories import give, make_profile
from tests.helpers.graphql_client import GraphQLClient

EMAIL, PASSWORD = "new@people.example", "Correct horse 7 staple!"
SIGN_UP = "mutation A($input: SignUpInput!) { answer: signUp(input: $input) { signUpToken errors { code } } }"
VERIFY = "mutation A($input: VerifyEmailInput!) { answer: verifyEmail(input: $input) { viewer { profile { name } } errors { code } } }"
SIGN_IN = "mutation A($input: SignInInput!) { answer: signIn(input: $input) { viewer { account { email } } secondFactor { token method } errors { code } } }"
COMPLETE = "mutation A($input: CompleteSignInInput!) { answer: completeSignIn(input: $input) { viewer { account { email } } errors { code } } }"
ELEVATE = "mutation A($input: ElevateSessionInput!) { answer: elevateSession(input: $input) { elevatedUntil errors { code } } }"
BEGIN = "mutation { answer: beginTotp { secret uri qrCode errors { code } } }"
CONFIRM = "mutation A($input: ConfirmTotpInput!) { answer: confirmTotp(input: $input) { backupCodes errors { code } } }"
CREATE = "mutation A($input: CreatePersonalAccessTokenInput!) { answer: createPersonalAccessToken(input: $input) { secret token { id } errors { code } } }"
KEY = "mutation A($input: CreateApiKeyInput!) { answer: createApiKey(input: $input) { secret errors { code } } }"
DELETE = "mutation A($input: DeletePersonalAccessTokenInput!) { answer: deletePersonalAccessToken(input: $input) { errors { code } } }"
BOARD = "{ leaderboard(board: FORUM) { entries { edges { node { rank profile { name } } } } } }"


@pytest.fixture
async def browsers(settings: Settings, database: Database) -> AsyncIterator[list[GraphQLClient]]:
    """Two browsers with cookie jars of their own, and one without: the partner's tool."""
    server = TestServer(await make_app(dataclasses.replace(settings, request_limit="off"), database))
    async with server:
        clients = [TestClient(server, cookie_jar=CookieJar(unsafe=True)) for _ in range(3)]
        yield [GraphQLClient(client) for client in clients]
        for client in clients:
            await client.close()


async def done(client: GraphQLClient, document: str, **given: Any) -> Any:
    answer = (await client.data(document, input=given))["answer"]
    assert answer["errors"] == [], answer
    return answer


def mails(settings: Settings) -> list[tuple[str, str]]:
    """Name and text of each mail in the folder."""
    folder = Path(settings.mail_url.removeprefix("file:"))
    return [(file.name, file.read_text("utf-8")) for file in sorted(folder.iterdir()) if file.name != "latest.txt"]


async def dump(database: Database) -> str:
    """Every row of every table, as text."""
    tables = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
        "postgres": "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
    }[database.dialect]
    texts = [f'SELECT * FROM "{row["name"]}"' for row in await database.fetch(tables)]
    rows = [tuple(row[name] for name in list(row.keys())) for text in texts for row in await database.fetch(text)]
    return repr(rows)


async def test_a_newcomers_story(
    browsers: list[GraphQLClient], settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    first, second, tool = browsers
    await give(await make_profile("Ada"))
    secrets: dict[str, str] = {"password": PASSWORD}
    dumps = []

    # sign up, read the code from the folder of mails, verify
    secrets["sign-up"] = (
        await done(first, SIGN_UP, email=EMAIL, password=PASSWORD, name="New", allowsMarketing=False)
    )["signUpToken"]
    dumps.append(await dump(database))  # while the code is on its way
    assert await OutboxWorker(settings).deliver_due() == 1
    [mail] = [text for name, text in mails(settings) if "sign-up-code" in name]
    found = re.search(r"^\s*(\d{6})\s*$", mail, re.MULTILINE)
    assert found
    secrets["code"] = found[1]
    assert (await done(first, VERIFY, signUpToken=secrets["sign-up"], code=secrets["code"]))["viewer"]["profile"][
        "name"
    ] == "New"

    # sign in elsewhere, turn on TOTP: the first browser is signed out by it
    assert (await done(second, SIGN_IN, email=" NEW@people.example", password=PASSWORD))["secondFactor"] is None
    assert (await second.ask(BEGIN))["errors"][0]["extensions"]["code"] == "ELEVATION_REQUIRED"
    await done(second, ELEVATE, password=PASSWORD)
    secrets["totp"] = (await second.data(BEGIN))["answer"]["secret"]
    backup_codes = (await done(second, CONFIRM, code=pyotp.TOTP(secrets["totp"]).now()))["backupCodes"]
    secrets |= {f"backup code {n}": code for n, code in enumerate(backup_codes)}
    assert await first.data("{ viewer { account { email } } }") == {"viewer": None}
    secrets |= {f"cookie {n}": cookie.value for n, cookie in enumerate(second.http.session.cookie_jar)}

    # sign in with it
    challenge = (await done(first, SIGN_IN, email=EMAIL, password=PASSWORD))["secondFactor"]
    secrets["pending sign-in"] = challenge["token"]
    await done(first, COMPLETE, token=challenge["token"], code=backup_codes[0])
    secrets |= {f"second cookie {n}": cookie.value for n, cookie in enumerate(first.http.session.cookie_jar)}

    # a token and a key in an elevated session, a pull, the end of it
    await done(first, ELEVATE, code=backup_codes[1])
    secrets |= {f"elevated cookie {n}": cookie.value for n, cookie in enumerate(first.http.session.cookie_jar)}
    made = await done(first, CREATE, name="pull", scopes=["MX_LEADERBOARD_READ"])
    secrets["token"] = made["secret"]
    secrets["API key"] = (await done(first, KEY, name="script"))["secret"]
    pulled = await tool.data(BOARD, token=secrets["token"])
    assert pulled["leaderboard"]["entries"]["edges"] == [{"node": {"rank": 1, "profile": {"name": "Ada"}}}]
    keyed = {"Mendix-Username": EMAIL, "Mendix-ApiKey": secrets["API key"]}
    assert (await tool.data("{ viewer { account { email } } }", headers=keyed))["viewer"]["account"]["email"] == EMAIL
    dumps.append(await dump(database))
    await done(first, DELETE, tokenId=made["token"]["id"])
    assert (await tool.post(BOARD, token=secrets["token"])).status == 403

    # what is left behind
    assert len(secrets) > 15 and await Session.all().count() == 2
    assert await OutboxMessage.all().count() > 0  # notices that wait to be sent are sealed as well
    for name, secret in secrets.items():
        assert secret not in caplog.text, f"the log holds the {name}"
        # Six digits stand in many numbers by chance: the code is looked for as a value of its own.
        needle = f"'{secret}'" if name == "code" else secret
        assert not any(needle in each for each in dumps), f"the database holds the {name}"


async def test_fifty_sign_ins_at_once_leave_other_requests_quick(browsers: list[GraphQLClient]) -> None:
    # given
    client, _, tool = browsers
    rush = asyncio.gather(
        *(client.ask(SIGN_IN, input={"email": f"nobody{n}@people.example", "password": PASSWORD}) for n in range(50))
    )
    # when: counted, not timed, so that a busy machine makes both slow
    answered = 0
    while not rush.done():
        await tool.data("{ levels { number } }")
        answered += 1
    # then
    assert answered >= 200, answered  # were the loop held by each check, about one in between
    codes = {each["data"]["answer"]["errors"][0]["code"] for each in await rush}
    assert codes <= {"BAD_CREDENTIALS", "RATE_LIMITED"}
