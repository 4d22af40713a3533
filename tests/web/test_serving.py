"""The process: health, start, stop."""

import asyncio
import dataclasses
import os
import signal
import sqlite3
import sys
from pathlib import Path

import aiohttp
import pytest

from models.database import Database
from models.versions import SchemaIsOld
from server import EXECUTOR, serving
from services.core import secret_key
from settings import HERE, VERSION, Settings
from tests.helpers.graphql_client import GraphQLClient


async def test_a_server_that_can_serve_says_so(checked_client: GraphQLClient) -> None:
    for path, answer in {"/healthz": {"status": "ok", "version": VERSION}, "/readyz": {"status": "ok"}}.items():
        response = await checked_client.http.get(path)
        assert (response.status, await response.json()) == (200, answer)


async def test_a_server_whose_schema_is_old_is_alive_but_not_ready(
    checked_client: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.versions.known", lambda: ("0001_initial", "9999_later"))
    response = await checked_client.http.get("/readyz")
    assert (response.status, (await response.json())["reason"]) == (503, "schema not current")
    assert (await checked_client.http.get("/healthz")).status == 200


async def test_a_server_whose_database_is_gone_is_alive_but_not_ready(
    checked_client: GraphQLClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object) -> None:
        raise sqlite3.OperationalError("unable to open the file at /secret/place")

    monkeypatch.setattr(database, "fetch", gone)
    response = await checked_client.http.get("/readyz")
    assert (response.status, await response.json()) == (503, {"status": "not ready", "reason": "database unreachable"})
    assert (await checked_client.http.get("/healthz")).status == 200


async def test_stopping_finishes_what_is_under_way(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a request that takes its time
    begun, release = asyncio.Event(), asyncio.Event()

    async with aiohttp.ClientSession() as http:
        async with serving(settings) as runner:
            host, port = runner.addresses[0][:2]
            executor = runner.app[EXECUTOR]
            run = executor.run

            async def run_slowly(*arguments: object, **more: object) -> object:
                begun.set()
                await release.wait()
                return await run(*arguments, **more)  # type: ignore[arg-type]

            monkeypatch.setattr(executor, "run", run_slowly)
            asked = asyncio.create_task(
                http.post(f"http://{host}:{port}/graphql", json={"query": "{ levels { number } }"})
            )
            await begun.wait()
            # when the server is told to stop, it is let finish a moment later
            asyncio.get_running_loop().call_later(0.3, release.set)
        # then
        response = await asked
        assert (response.status, len((await response.json())["data"]["levels"])) == (200, 10)
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(f"http://{host}:{port}/healthz")


@pytest.mark.sqlite_only
async def test_starting_on_an_old_schema_says_which_command_to_run(tmp_path: Path) -> None:
    with pytest.raises(SchemaIsOld, match="python -m cli migrate"):
        async with serving(Settings(database_url=f"sqlite:///{tmp_path}/none.sqlite3", port=0)):
            pass


async def start(settings: Settings, *command: str) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    chosen = {field.name.upper(): str(getattr(settings, field.name)) for field in dataclasses.fields(settings)}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        cwd=HERE,
        env=environment | chosen,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.sqlite_only
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_the_process_serves_and_stops_when_told(settings: Settings, how: signal.Signals) -> None:
    # given
    process = await start(settings, "server.py")
    assert process.stderr is not None
    line = ""
    while '"server.started"' not in line:
        line = (await asyncio.wait_for(process.stderr.readline(), 30)).decode()
        assert line, "the server ended"
    address = line.partition('"address": "')[2].partition('"')[0]
    # when
    async with aiohttp.ClientSession() as http, http.post(address, json={"query": "{ levels { number } }"}) as response:
        assert response.status == 200
    process.send_signal(how)
    # then
    _, rest = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0 and b"server.stopped" in rest


@pytest.mark.postgres_only
@pytest.mark.parametrize(("key", "said"), [("a7" * 32, b"was made with"), ("", b"On PostgreSQL it must be set")])
async def test_a_process_with_a_wrong_or_missing_key_does_not_serve(
    database: Database, settings: Settings, key: str, said: bytes
) -> None:
    await secret_key.verify()
    process = await start(dataclasses.replace(settings, secret_key=key), "server.py")
    out, errors = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, out) == (2, b""), errors
    assert said in errors and b"Traceback" not in errors
    assert settings.secret_key.encode() not in errors and b"a7a7" not in errors


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"database_url": "sqlite:////nowhere/at/all.sqlite3"}, b"python -m cli migrate"),
        ({"database_url": "postgres://nobody@127.0.0.1:1/none"}, b"127.0.0.1:1"),
        ({"host": "256.0.0.1"}, b"256.0.0.1"),
    ],
)
async def test_a_process_that_cannot_serve_says_why(settings: Settings, change: dict[str, str], said: bytes) -> None:
    process = await start(dataclasses.replace(settings, **change), "server.py")  # type: ignore[arg-type]
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert said in errors and b"Traceback" not in errors
