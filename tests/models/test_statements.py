"""One text, lists, moments and many rows: the same on both databases."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import NamedTuple

import pytest
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from models.database import Database
from models.statements import Statement, execute, execute_each, execute_rows, read_datetime
from models.tables import Company

MORNING = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = MORNING + timedelta(days=1, microseconds=7)
INSERT = Statement.over_rows(
    """
    INSERT INTO company (name, created_at, password_days, sso)
    SELECT name || $1, at, days, sso FROM {rows} r WHERE true ORDER BY place RETURNING id, name
    """,
    name="text",
    at="timestamptz",
    days="int",
    sso="bool",
)


class NewCompany(NamedTuple):
    name: str
    at: datetime
    days: int
    sso: bool


ADD = Statement.of("INSERT INTO company (name, created_at) VALUES ($1, $2)")


async def test_one_statement_writes_many_rows_in_order(database: Database) -> None:
    # when
    written = await execute_rows(INSERT, [NewCompany("b", MORNING, 30, sso=True), ("a", LATER, None, False)], "!")
    # then
    assert [row["name"] for row in written] == ["b!", "a!"]
    first, second = await Company.all().order_by("id")
    assert (first.name, first.created_at, first.password_days, first.sso) == ("b!", MORNING, 30, True)
    assert (second.name, second.created_at, second.password_days, second.sso) == ("a!", LATER, None, False)


async def test_without_rows_nothing_is_run(database: Database) -> None:
    assert await execute_rows(INSERT, [], "!") == []


async def test_a_moment_in_another_zone_is_stored_in_utc(database: Database) -> None:
    # given
    there = MORNING.astimezone(timezone(timedelta(hours=9)))
    # when
    await execute_rows(INSERT, [("rows", there, 1, False)], "")
    await execute_each(ADD, [("each", there)])
    await execute(ADD, "one", there)
    # then
    stored = await database.fetch("SELECT created_at FROM company")
    assert [read_datetime(row["created_at"]) for row in stored] == [MORNING] * 3
    assert len({row["created_at"] for row in stored}) == 1
    assert await Company.filter(created_at=MORNING).count() == 3


async def test_lists_moments_and_days_are_parameters_as_they_are(database: Database) -> None:
    # given
    await execute_each(ADD, [("a", MORNING), ("b", LATER), ("c", LATER)])
    named = Statement.of("SELECT name FROM company WHERE name = ANY($1) AND created_at >= $2 ORDER BY name")
    day = Statement(sqlite="SELECT ?1 = '2026-01-02' AS same", postgres="SELECT $1::date = '2026-01-02' AS same")
    # then
    for names in (["a", "b", "x"], ("a", "b"), {"b", "a"}):
        for read in (database.fetch, database.fetch_long, execute):
            assert [row["name"] for row in await read(named, names, LATER)] == ["b"]
    assert [row["same"] for row in await database.fetch(day, date(2026, 1, 2))] == [True]


async def test_what_is_executed_belongs_to_the_transaction(database: Database) -> None:
    async def write_and_fail() -> None:
        async with in_transaction():
            await execute(ADD, "one", MORNING)
            await execute_rows(INSERT, [("rows", MORNING, 1, False)], "")
            await execute_each(ADD, [("each", MORNING)])
            for read in (database.fetch, database.fetch_long):
                assert len(await read("SELECT id FROM company")) == 3
            raise ZeroDivisionError

    # when
    with pytest.raises(ZeroDivisionError):
        await write_and_fail()
    # then
    assert not await Company.exists()


async def test_of_many_writes_all_or_none_are_done(database: Database) -> None:
    with pytest.raises(IntegrityError):
        await execute_each(ADD, [("a", MORNING), (None, MORNING)])
    assert not await Company.exists()
