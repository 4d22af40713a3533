"""Transactions: all or nothing, one after the other, and nothing left behind by one that is cut off."""

# ruff: noqa: PT012 - an exception has to pass a transaction's end

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

import settings as settings_module
from models.database import Database, sqlite_path
from models.tables import Company, CompanyDomain
from services.errors import Unavailable
from settings import Settings

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ROOT = Path(settings_module.__file__).parent


class Changed(Exception):
    """Undoes a transaction."""


async def company(name: str) -> Company:
    return await Company.create(name=name, created_at=NOW)


async def names(database: Database) -> list[str]:
    return [row["name"] for row in await database.fetch("SELECT name FROM company ORDER BY name")]


async def test_an_exception_undoes_a_transaction(database: Database) -> None:
    with pytest.raises(Changed):
        async with in_transaction():
            await company("gone")
            raise Changed
    assert await names(database) == []


async def test_a_transaction_in_a_transaction_is_undone_alone(database: Database) -> None:
    async with in_transaction():
        await company("outer")
        with pytest.raises(Changed):
            async with in_transaction():
                await company("inner")
                raise Changed
        async with in_transaction():
            await company("other inner")
    assert await names(database) == ["other inner", "outer"]


async def test_what_a_constraint_refuses_inside_can_be_answered_outside(database: Database) -> None:
    # given
    owner = await company("owner")
    await CompanyDomain.create(company=owner, domain="example.org")
    # when
    async with in_transaction():
        with pytest.raises(IntegrityError):
            async with in_transaction():
                await CompanyDomain.create(company=owner, domain="example.org")
        await CompanyDomain.create(company=owner, domain="example.com")
    # then
    rows = await database.fetch("SELECT domain FROM company_domain ORDER BY domain")
    assert [row["domain"] for row in rows] == ["example.com", "example.org"]


async def test_transactions_at_the_same_time_lose_no_write(database: Database) -> None:
    # given
    one = await company("0")

    async def add() -> None:
        async with in_transaction():
            row = await Company.select_for_update().get(id=one.id)
            await asyncio.sleep(0.001)
            row.name = str(int(row.name) + 1)
            await row.save()

    # when
    await asyncio.gather(*(add() for _ in range(20)))
    # then
    assert await names(database) == ["20"]


@pytest.mark.parametrize("delay", [0, 0.0005, 0.002, 0.004])
async def test_a_cancelled_transaction_leaves_no_lock_and_no_row(database: Database, delay: float) -> None:
    # given
    async def write() -> None:
        async with in_transaction():
            await company("cancelled")
            await company("cancelled")
            await asyncio.sleep(1)

    # when
    for _ in range(15):  # more often than the pool has connections
        writing = asyncio.create_task(write())
        await asyncio.sleep(delay)
        writing.cancel()
        await asyncio.wait([writing])
    # then
    async with asyncio.timeout(5), in_transaction():
        await company("next")
    assert await names(database) == ["next"]


@pytest.mark.sqlite_only
async def test_a_commit_that_is_refused_leaves_no_transaction_open(database: Database) -> None:
    # when
    with pytest.raises(Exception, match="FOREIGN KEY"):
        async with in_transaction() as transaction:
            await transaction.execute_query("PRAGMA defer_foreign_keys = ON")
            await CompanyDomain.create(company_id=99, domain="example.org")
    # then
    await company("next")
    assert await names(database) == ["next"]
    assert await CompanyDomain.all().count() == 0


@pytest.mark.sqlite_only
async def test_a_transaction_that_cannot_begin_leaves_no_lock(database: Database, settings: Settings) -> None:
    # given
    other = f"""
import sqlite3, sys
held = sqlite3.connect({str(sqlite_path(settings.database))!r}, isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", other, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    await holder.stdout.readline()  # type: ignore[union-attr]
    await get_connection("sqlite").execute_query("PRAGMA busy_timeout = 50")
    # when
    with pytest.raises(Unavailable, match="write lock"):
        async with in_transaction():
            pass
    # then reads do not wait, and writes go on once the other is done
    assert await Company.all().count() == 0
    await holder.communicate(b"\n")
    async with asyncio.timeout(5):
        await company("next")
    assert await names(database) == ["next"]


async def test_processes_that_write_one_database_at_once_do_not_fail(database: Database, settings: Settings) -> None:
    # given
    await company("0")
    code = f"""
import asyncio
from models.database import opened
from models.tables import Company
from settings import Settings
from tortoise.transactions import in_transaction

async def main():
    async with opened(Settings(database_url={settings.database!r})):
        for _ in range(100):
            async with in_transaction():
                row = await Company.select_for_update().get(id=1)
                row.name = str(int(row.name) + 1)
                await row.save()

asyncio.run(main())
"""
    # when
    both = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=ROOT, stderr=asyncio.subprocess.PIPE)
        for _ in range(2)
    ]
    errors = [(await each.communicate())[1].decode() for each in both]
    # then
    assert [each.returncode for each in both] == [0, 0], errors
    assert await names(database) == ["200"]
