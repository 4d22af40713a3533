"""Two servers in one process share nothing: settings, limits, boards."""

import dataclasses
import shutil
from pathlib import Path

import aiohttp
import orjson
import pytest

from catalogue import limits as catalogue
from catalogue.limits import SECOND, Limit
from models.accounts import Account
from services.core import runtime
from settings import Settings
from tests.helpers.factories import give, make_profile
from tests.helpers.servers import Server, running

BOARD = '{"query": "{ leaderboard(board: OVERALL) { entries(first: 5) { edges { node { points } } } } }"}'


async def points(server: Server) -> list[int]:
    answer = await server.post(BOARD.encode())
    return [each["node"]["points"] for each in orjson.loads(answer.body)["data"]["leaderboard"]["entries"]["edges"]]


async def issuer(server: Server) -> str:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{server.host}:{server.port}/issuer", headers={"Accept": "application/json"}) as answer,
    ):
        return str((await answer.json(content_type=None))["id"])


@pytest.mark.sqlite_only
async def test_each_server_has_its_own_settings_limits_and_boards(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given two communities, of which one has a profile with points
    limit = Limit("request-of-nobody:address", ("address",), 3_600 * SECOND // 3, 3)
    monkeypatch.setitem(catalogue.LIMITS, "request-of-nobody", (limit,))
    other = tmp_path / "other.sqlite3"
    shutil.copyfile(settings.database.removeprefix("sqlite:///"), other)
    first = dataclasses.replace(settings, public_url="http://one.example")
    second = dataclasses.replace(settings, public_url="http://two.example", database_url=f"sqlite:///{other}")
    async with running(first) as one:
        of_one = runtime.current()
        await give(await make_profile("Ada"))
        async with running(second) as two:
            # then
            assert runtime.current() is not of_one
            assert await Account.all().count() == 0
            assert (await points(one), await points(two)) == ([15], [])
            assert (await issuer(one), await issuer(two)) == ("http://one.example/issuer", "http://two.example/issuer")
            # when one address has used up the limit of the first
            while (await one.post(BOARD.encode())).status != 429:
                pass
            # then
            assert (await two.post(BOARD.encode())).status == 200
