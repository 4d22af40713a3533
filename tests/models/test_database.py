"""The way to the database: what readers see, and how it is opened, closed and watched."""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from models.database import Database, NoDatabase, opened, sqlite_path
from models.statements import Statement
from models.tables import Company
from settings import BadSetting, Settings

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NAMES = "SELECT name FROM company ORDER BY name"


async def company(name: str, *, created_at: datetime = NOW) -> Company:
    return await Company.create(name=name, created_at=created_at)


async def names(database: Database) -> list[str]:
    return [row["name"] for row in await database.fetch(NAMES)]


async def through_tortoise() -> list[str]:
    return [row["name"] for row in await Company.all().order_by("id").values("name")]


# Reading


async def test_readers_see_every_commit_at_once_and_nothing_uncommitted(database: Database) -> None:
    # given
    await company("first")
    committed = asyncio.Event()
    written = asyncio.Event()

    async def write() -> None:
        async with in_transaction():
            await company("second")
            written.set()
            await committed.wait()

    # when
    writing = asyncio.create_task(write())
    await written.wait()
    # then
    assert await names(database) == ["first"]
    assert [row["name"] for row in await database.fetch_long(NAMES)] == ["first"]
    assert await through_tortoise() == ["first"]
    # when
    committed.set()
    await writing
    # then
    assert await names(database) == ["first", "second"]
    assert [row["name"] for row in await database.fetch_long(NAMES)] == ["first", "second"]
    assert await through_tortoise() == ["first", "second"]


async def test_a_read_inside_a_transaction_sees_what_the_transaction_wrote(database: Database) -> None:
    async with in_transaction():
        await company("mine")
        assert await names(database) == ["mine"]
        rows = await database.fetch(Statement.of("SELECT id FROM company WHERE name = $1"), "mine")
        assert [row["id"] for row in rows] == [1]


async def test_rows_are_read_by_name_and_by_index(database: Database) -> None:
    await company("one")
    [row] = await database.fetch("SELECT id, name FROM company")
    assert (row["name"], row[1], list(row.keys())) == ("one", "one", ["id", "name"])


async def test_one_text_serves_both_databases(database: Database) -> None:
    # given
    for name in ("a", "b", "c"):
        await company(name)
    # when
    statement = Statement.of("SELECT name FROM company WHERE id = ANY($2) AND name <> $1 ORDER BY id")
    rows = await database.fetch(statement, "b", [3, 2, 1])
    named = await database.fetch(Statement.of(NAMES.replace("ORDER", "WHERE name = ANY($1) ORDER")), ("a", 'x"'))
    # then
    assert [row["name"] for row in rows] == ["a", "c"]
    assert [row["name"] for row in named] == ["a"]


async def test_lists_of_keys_may_be_long_or_empty(database: Database) -> None:
    await company("one")
    statement = Statement.of("SELECT id FROM company WHERE id = ANY($1)")
    assert len(await database.fetch(statement, list(range(50_000)))) == 1
    assert len(await database.fetch(statement, [])) == 0


@pytest.mark.sqlite_only
async def test_readers_cannot_write(database: Database) -> None:
    for fetch in (database.fetch, database.fetch_long):
        with pytest.raises(Exception, match="readonly"):
            await fetch("DELETE FROM company RETURNING id")


@pytest.mark.sqlite_only
async def test_the_data_version_tells_that_something_was_committed(database: Database) -> None:
    before = (await database.fetch("PRAGMA data_version"))[0][0]
    assert (await database.fetch("PRAGMA data_version"))[0][0] == before
    await company("new")
    assert (await database.fetch("PRAGMA data_version"))[0][0] != before


@pytest.mark.sqlite_only
async def test_times_are_stored_in_utc_so_that_they_sort(database: Database) -> None:
    # given
    tokyo, lima = timezone(timedelta(hours=9)), timezone(timedelta(hours=-5))
    await company("late", created_at=datetime(2026, 1, 1, 23, 0, tzinfo=lima))
    await company("early", created_at=datetime(2026, 1, 2, 9, 0, tzinfo=tokyo))
    # when
    rows = await database.fetch("SELECT name, created_at FROM company ORDER BY created_at")
    later = await database.fetch(
        "SELECT name FROM company WHERE created_at > ?", datetime(2026, 1, 2, 12, tzinfo=tokyo)
    )
    # then
    assert [(row[0], row[1]) for row in rows] == [
        ("early", "2026-01-02 00:00:00+00:00"),
        ("late", "2026-01-02 04:00:00+00:00"),
    ]
    assert [row["name"] for row in later] == ["late"]
    assert (await Company.get(name="early")).created_at == datetime(2026, 1, 2, tzinfo=UTC)


# Opening, closing, watching


async def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    settings = Settings(database_url="postgres://someone:geheim@127.0.0.1:1/nothing")
    with pytest.raises(NoDatabase, match=r"127\.0\.0\.1:1/nothing") as refused:
        await Database.open(settings)
    assert "geheim" not in str(refused.value)


async def test_a_url_that_cannot_be_read_is_refused_without_showing_it() -> None:
    with pytest.raises(BadSetting, match="%2F") as refused:
        await Database.open(Settings(database_url="postgres://someone:ge/heim@127.0.0.1/nothing"))
    assert "heim" not in str(refused.value)
    assert refused.value.__suppress_context__


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear reader, " * 100)
    with pytest.raises(NoDatabase, match=r"letter\.txt: file is not a database"):
        await Database.open(Settings(database_url=f"sqlite:///{file}"))


@pytest.mark.parametrize(
    "url", ["sqlite:community.sqlite3", "sqlite://", "sqlite:///", "sqlite://:memory:", "sqlite:///var/"]
)
def test_a_url_that_names_no_file_is_refused(url: str) -> None:
    with pytest.raises(BadSetting, match="sqlite:///absolute/path"):
        sqlite_path(url)


def test_a_url_names_a_relative_or_an_absolute_file() -> None:
    assert sqlite_path("sqlite:///var/a%20b.sqlite3") == Path("/var/a b.sqlite3")
    assert sqlite_path("sqlite:////var/a%20b.sqlite3") == Path("/var/a b.sqlite3")
    assert sqlite_path("sqlite://var/c.sqlite3") == Path.cwd() / "var/c.sqlite3"
    assert sqlite_path("sqlite://c.sqlite3") == Path.cwd() / "c.sqlite3"
    # as a shell or a file of settings may bring it
    assert sqlite_path(Settings.from_environment({"DATABASE_URL": " sqlite:///var/c.sqlite3\n"}).database) == Path(
        "/var/c.sqlite3"
    )


async def test_closing_ends_every_thread_and_can_be_done_by_another_task(settings: Settings) -> None:
    # given
    before = set(threading.enumerate())
    database = await Database.open(settings)
    await database.fetch_long(NAMES)
    await company("one")
    # when
    await asyncio.create_task(database.close())
    # then
    begun = {each for each in set(threading.enumerate()) - before if not each.name.startswith("asyncio_")}
    for each in begun:
        each.join(timeout=5)  # told to end; it may need a moment more
    assert not [each for each in begun if each.is_alive()]


async def test_two_can_be_open_at_once(database: Database, settings: Settings) -> None:
    async with opened(settings) as second:
        await company("one")
        assert await names(second) == ["one"]
    assert await names(database) == ["one"]
    await database.ping()


async def test_tasks_that_do_not_descend_from_the_opener_find_the_database(settings: Settings) -> None:
    # given
    ready, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with opened(settings):
            ready.set()
            await done.wait()

    holding = asyncio.create_task(hold())
    await ready.wait()
    # then
    await company("from elsewhere")
    assert await Company.all().count() == 1
    done.set()
    await holding


async def test_statements_are_counted(
    database: Database, count_statements: Callable[[], AbstractContextManager[Any]]
) -> None:
    with count_statements() as seen:
        async with in_transaction():
            await company("one")
        await Company.all().values("id")
        await Company.get(name="one")
        await names(database)
        await database.fetch_long(NAMES)
    assert seen.total == 5, seen.texts
    assert seen.texts[0].startswith("INSERT")
    assert seen.texts[-2:] == [NAMES, NAMES]
    with count_statements() as seen:
        pass
    assert seen.total == 0


async def test_not_even_debug_logs_values(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await company("a secret name")
    await database.fetch(Statement.of("SELECT 1 FROM company WHERE name = $1"), "a secret name")
    await Company.filter(name="a secret name").values("id")
    assert "a secret name" not in caplog.text
