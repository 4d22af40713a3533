"""The demo's people, for GraphiQL's sign-in: told on this machine and of this demo only."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from models.accounts import Account
from models.database import Database
from server import RUNTIME, make_app
from services.auth import totp
from services.auth.passwords import set_password
from services.core import clock
from services.imports import demo_sign_ins
from services.imports.demo_sign_ins import SignIn, read_sign_ins
from settings import Settings
from tests.helpers.factories import make_person

PASSWORD, SECRET = "Correct-horse-7-battery", totp.new_secret()
ADA = SignIn("a member", "ada@people.example", PASSWORD)
BEN = SignIn("someone with a second factor", "ben@people.example", PASSWORD, SECRET)
PEOPLE = "/graphiql/demo.json"

Client = TestClient[web.Request, web.Application]


def write(*sign_ins: SignIn) -> None:
    demo_sign_ins.FILE.write_text("\n\n".join(str(each) for each in sign_ins) + "\n")


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this server looks for the sign-ins of its demo."""
    monkeypatch.setattr(demo_sign_ins, "FILE", tmp_path / "demo-sign-ins")
    return demo_sign_ins.FILE


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncIterator[Client]:
    for each in (ADA, BEN):
        await set_password((await make_person(each.email)).id, PASSWORD)
    write(ADA, BEN)
    settings = dataclasses.replace(settings, public_url="")
    async with TestClient(TestServer(await make_app(settings, database))) as client:
        yield client


async def people(client: Client, **headers: str) -> Any:
    async with client.get(
        PEOPLE, headers={name.replace("_", "-"): value for name, value in headers.items()}
    ) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in response.headers
        return (await response.json())["people"]


def test_what_is_written_can_be_read() -> None:
    assert read_sign_ins(f"{ADA}\n\n{BEN}\n") == [ADA, BEN]
    assert read_sign_ins("") == read_sign_ins("something else: entirely\n") == []


async def test_a_browser_on_this_machine_gets_them_with_the_code_of_the_moment(client: Client) -> None:
    with clock.frozen(clock.now()):
        ada, ben = await people(client)
        assert ben["code"] == totp.code_at(SECRET, clock.now())
    assert (ada["email"], ada["password"], ada["who"], ada["code"]) == (ADA.email, PASSWORD, "a member", None)
    assert ada["name"] == (await Account.get(email=ADA.email)).name


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "demo.example"},
        {"Host": "127.0.0.1.demo.example"},
        {"Host": "192.0.2.7:8080"},
        {"Host": "a b"},
        {"X_Forwarded_For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
    ],
)
async def test_nobody_gets_them_by_another_name_or_through_a_proxy(client: Client, headers: dict[str, str]) -> None:
    assert await people(client) != []
    assert await people(client, **headers) == []


async def test_a_client_elsewhere_gets_nobody(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiohttp.web.BaseRequest.remote", "192.0.2.7")
    assert await people(client) == []


@pytest.mark.parametrize(
    "where", [{"public_url": "https://demo.example"}, {"host": "192.0.2.7"}], ids=["named", "open"]
)
async def test_a_server_that_others_reach_tells_nobody(client: Client, where: dict[str, Any]) -> None:
    assert await people(client) != []
    served = client.app[RUNTIME]
    served.settings = dataclasses.replace(served.settings, **where)
    assert await people(client) == []


async def test_a_server_without_the_file_has_nobody(settings: Settings, database: Database) -> None:
    assert not demo_sign_ins.FILE.exists()
    settings = dataclasses.replace(settings, public_url="")
    async with TestClient(TestServer(await make_app(settings, database))) as client:
        assert await people(client) == []


async def test_a_database_without_the_demo_has_nobody(client: Client) -> None:
    # given somebody whose password was changed, and somebody who is not here
    await set_password((await Account.get(email=ADA.email)).id, "Another-horse-8-battery")
    write(ADA, SignIn("a member", "eve@people.example", PASSWORD))
    # then
    assert await people(client) == []
