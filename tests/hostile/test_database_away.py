"""A database that goes away, comes back, is locked for long, or has no room: one answer, one line in the log."""

import asyncio
import dataclasses
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import asyncpg
import obstore
import orjson
import pytest
from obstore.exceptions import GenericError
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from models.accounts import Account
from models.database import Database, sqlite_path
from models.engines import postgres
from models.engines import sqlite as embedded
from services.errors import Unavailable
from services.media import image_store
from settings import Settings
from tests.helpers.factories import make_person, make_token
from tests.helpers.people import in_session
from tests.helpers.servers import PATIENCE, Answer, Server, running
from web import websocket_connection
from web.socket_protocol import PROTOCOL

READ = b'{"query": "{ leaderboard(board: FORUM) { entries(first: 1) { edges { node { rank } } } } profiles(first: 1) { edges { node { id } } } }"}'
WRITE = b'{"query": "mutation { updatePreferences(input: {languageCode: \\"en\\"}) { errors { code } } }"}'


class Proxy:
    """Stands before PostgreSQL, and can be cut off."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self._stalled = False

    @property
    def url(self) -> str:
        user = self._target.netloc.rpartition("@")[0]
        return urlunsplit(self._target._replace(netloc=f"{user}@127.0.0.1:{self.port}"))

    async def up(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def stall(self) -> None:
        """Pass nothing on any more, without a word."""
        self._stalled = True

    async def cut(self) -> None:
        """Refuse new connections and break off those that are open."""
        if self._server:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(self._target.hostname, self._target.port or 5432)
        self._open |= {writer, there[1]}
        for source, sink in ((reader, there[1]), (there[0], writer)):
            task = asyncio.create_task(self._pass_on(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                if self._stalled:
                    continue
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass
        finally:
            sink.transport.abort()
            self._open.discard(sink)


@pytest.fixture(autouse=True)
def _no_traceback(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A database that is away is said once for each way of being away, and without a traceback."""
    yield
    assert not [
        record.getMessage() for record in caplog.records if record.exc_info and record.levelno >= logging.WARNING
    ]


@pytest.fixture
async def proxy(settings: Settings) -> AsyncIterator[Proxy]:
    proxy = Proxy(settings.database)
    await proxy.up()
    yield proxy
    await proxy.cut()


def assert_away(answer: Answer) -> None:
    assert (answer.status, answer.code) == (503, "UNAVAILABLE"), answer
    assert int(answer.headers["retry-after"]) > 0
    assert "server" not in answer.headers


async def is_back(server: Server, headers: str = "") -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await server.post(READ, headers)
            if answer.status == 200:
                assert "errors" not in orjson.loads(answer.body)
                return
            assert_away(answer)
            await asyncio.sleep(0.1)


async def headers_of(account: Account, kind: str) -> str:
    if kind == "session":
        return f"Cookie: {(await in_session(account))['Cookie']}\r\n"
    if kind == "token":
        return (
            f"Authorization: Bearer {await make_token(account, 'mx:leaderboard:read', 'mx:user:profile:v1:read')}\r\n"
        )
    return ""


@pytest.mark.postgres_only
async def test_a_postgres_that_is_away_is_one_answer_for_everybody(
    settings: Settings, database: Database, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    account = await make_person()
    shown = {kind: await headers_of(account, kind) for kind in ("anonymous", "session", "token")}
    through = dataclasses.replace(settings, database_url=proxy.url, database_pool=3, request_limit="off")
    async with running(through) as server:
        for headers in shown.values():
            await is_back(server, headers)
        for _ in range(2):
            # when
            await proxy.cut()
            # then
            for headers in shown.values():
                assert_away(await server.post(READ, headers))
            assert_away(await server.post(WRITE, shown["session"]))
            assert_away(await get(server, "/credentials/" + "0" * 32))
            # and when it is there again, so is the server, by itself
            await proxy.up()
            for headers in shown.values():
                await is_back(server, headers)
    assert any(
        "unavailable" in record.getMessage() and "PostgreSQL" in record.getMessage() for record in caplog.records
    )


async def get(server: Server, path: str) -> Answer:
    async with server.connect() as connection:
        await connection.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return await connection.answer()


@pytest.mark.postgres_only
async def test_a_postgres_that_falls_silent_is_told_in_time(
    settings: Settings, database: Database, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.COMMAND_SECONDS", 1.0)
    monkeypatch.setattr(postgres, "ACQUIRE_SECONDS", 0.5)
    monkeypatch.setattr(postgres, "CONNECT_SECONDS", 0.5)
    cookie = await headers_of(await make_person(), "session")
    through = dataclasses.replace(settings, database_url=proxy.url, database_pool=2, request_limit="off")
    async with running(through) as server:
        await is_back(server, cookie)
        proxy.stall()
        async with asyncio.timeout(PATIENCE):
            for answer in await asyncio.gather(*(server.post(READ, cookie) for _ in range(6))):
                assert_away(answer)
        await proxy.cut()


@pytest.mark.postgres_only
async def test_sessions_that_the_server_ends_are_replaced(settings: Settings, database: Database) -> None:
    cookie = await headers_of(await make_person(), "session")
    async with running(dataclasses.replace(settings, request_limit="off")) as server:
        await is_back(server, cookie)
        admin = await asyncpg.connect(settings.database)
        try:
            for _ in range(3):
                await admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = $1",
                    postgres.APPLICATION_NAME,
                )
                answers = await asyncio.gather(*(server.post(READ, cookie) for _ in range(5)))
                for answer in answers:
                    if answer.status != 200:
                        assert_away(answer)
                await is_back(server, cookie)
        finally:
            await admin.close()


@pytest.mark.postgres_only
async def test_a_pool_that_is_used_up_is_told_in_time(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "ACQUIRE_SECONDS", 0.3)
    held, begun = asyncio.Event(), asyncio.Barrier(settings.database_pool + 1)

    async def hold() -> None:
        async with in_transaction():
            await begun.wait()
            await held.wait()

    holding = [asyncio.create_task(hold()) for _ in range(settings.database_pool)]
    await begun.wait()
    with pytest.raises(Unavailable, match="in use"):
        await database.ping()
    with pytest.raises(Unavailable, match="in use"):
        await Account.all().count()
    with pytest.raises(Unavailable, match="in use"):
        async with in_transaction():
            pass
    held.set()
    await asyncio.gather(*holding)
    await database.ping()


@pytest.mark.postgres_only
@pytest.mark.parametrize("shown", ["anonymous", "token"])
async def test_sockets_are_closed_with_1013(
    settings: Settings, database: Database, proxy: Proxy, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_connection, "INIT_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(websocket_connection, "RECHECK_SECONDS", 0.3)
    through = dataclasses.replace(settings, database_url=proxy.url, database_pool=3, request_limit="off")
    token = await make_token(await make_person(), "mx:leaderboard:read", "mx:user:profile:v1:read")
    payload = {"Authorization": f"Bearer {token}"} if shown == "token" else {}
    async with running(through) as server, aiohttp.ClientSession() as http:
        url = f"ws://{server.host}:{server.port}/graphql"
        async with http.ws_connect(url, protocols=(PROTOCOL,)) as socket:
            await socket.send_json({"type": "connection_init", "payload": payload})
            assert (await socket.receive_json(timeout=PATIENCE))["type"] == "connection_ack"
            await proxy.cut()
            if shown == "anonymous":  # nothing is looked up for it until it asks
                await socket.send_json({"id": "1", "type": "subscribe", "payload": orjson.loads(READ)})
            assert (await socket.receive(timeout=PATIENCE)).type is aiohttp.WSMsgType.CLOSE
            assert socket.close_code == 1013
        await proxy.up()
        await is_back(server)


# SQLite


@pytest.mark.sqlite_only
async def test_a_file_that_is_locked_for_long_is_told_and_reads_go_on(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(embedded, "BUSY_SECONDS", 0.3)
    cookie = await headers_of(await make_person(), "session")
    async with running(dataclasses.replace(settings, request_limit="off")) as server:
        holder = sqlite3.connect(sqlite_path(settings.database), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        try:
            async with asyncio.timeout(PATIENCE):
                for answer in await asyncio.gather(*(server.post(WRITE, cookie) for _ in range(8))):
                    assert_away(answer)
            await server.is_well()
            assert (await server.post(READ)).status == 200
        finally:
            holder.close()
        answer = await server.post(WRITE, cookie)
        assert (answer.status, "errors" in orjson.loads(answer.body)) == (200, False), answer
    assert any("another process holds the write lock" in record.getMessage() for record in caplog.records)


@pytest.mark.sqlite_only
async def test_a_full_disk_is_named(settings: Settings, database: Database, caplog: pytest.LogCaptureFixture) -> None:
    # given a file that may not grow, which SQLite answers as it does when the disk is full
    cookie = await headers_of(await make_person(), "session")
    async with running(dataclasses.replace(settings, request_limit="off")) as server:
        await server.is_well()
        client = get_connection("sqlite")
        pages = (await client.execute_query("PRAGMA page_count"))[1][0][0]
        await client.execute_query(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(Unavailable, match="the disk is full"):
            await client.execute_script("CREATE TABLE more AS SELECT zeroblob(5000000)")
        await client.execute_query("PRAGMA max_page_count = 1073741823")
        assert (await server.post(WRITE, cookie)).status == 200


async def test_a_full_disk_keeps_no_picture_and_is_named(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise GenericError("Unable to copy data to file: No space left on device (os error 28)")

    monkeypatch.setattr(obstore, "put_async", full)
    with pytest.raises(Unavailable, match="pictures: the disk is full"):
        await image_store.put(image_store.new_key(), {64: b"x"})
