"""The migration that gives addresses their one key, over a database in which people live."""

from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tortoise.connection import get_connection

from models import migrate as migrating
from models import versions
from models.database import Database
from services.core.email_addresses import address_of
from tests.helpers import migration_history
from tests.helpers.sample_rows import Maker
from tests.models.conftest import EarlierDatabases

NAME = next(name for name in versions.known() if name.endswith("_address_keys"))
BEFORE = [name for name in versions.known() if name < NAME]
# Addresses as they were stored, and the keys that they had.
OLD = [
    ("Ada@people.example", "ada@people.example"),
    ("vic@straße.example", "vic@strasse.example"),
    ("Ben@müll.example", "ben@müll.example"),
    ("Moß@people.example", "moss@people.example"),
    ("μος@people.example", "μοσ@people.example"),
    ("ÉVA@people.example", "éva@people.example"),
]


@pytest.fixture
async def before(
    dialect: str, server: None, earlier_databases: EarlierDatabases, tmp_path: Path
) -> AsyncIterator[Database]:
    """A database as the migration finds it."""
    async with earlier_databases.before(NAME, dialect, tmp_path) as database:
        yield database


async def maker(database: Database) -> Maker:
    so_far = {name: migrating.load(name) for name in BEFORE}
    return Maker(await migration_history.models_after(so_far, database.dialect), database.dialect)


async def migrated(database: Database) -> None:
    await migrating.apply(database, {name: migrating.load(name) for name in [*BEFORE, NAME]})


async def rows(database: Database, text: str) -> list[dict[str, Any]]:
    return list(await get_connection(database.dialect).execute_query_dict(text))


async def test_every_stored_address_gets_the_key_of_the_code(before: Database) -> None:
    # given
    make = await maker(before)
    sender = await make.row("profile")
    for email, key in OLD:
        await make.row("account", email=email, email_key=key)
        await make.row("sign_up", email=email, email_key=key)
        await make.row("invite", email=email, email_key=key, sender_id=sender["id"])
        await make.row("profile", recovery_email=email)
    # when
    await migrated(before)
    # then
    expected = [(email, address_of(email).key) for email, _ in OLD]
    for table in ("account", "sign_up", "invite"):
        found = await rows(before, f"SELECT email, email_key FROM {table} WHERE email LIKE '%@%' ORDER BY id")
        assert [(row["email"], row["email_key"]) for row in found] == expected, table
    found = await rows(
        before, "SELECT recovery_email, recovery_email_key FROM profile WHERE recovery_email IS NOT NULL ORDER BY id"
    )
    assert [(row["recovery_email"], row["recovery_email_key"]) for row in found] == expected


async def test_links_that_went_to_another_address_die_and_the_others_work_on(before: Database) -> None:
    # given: a link to the account's own address, and one to an address that was typed
    make = await maker(before)
    account = await make.row("account", email="vic@straße.example", email_key="vic@strasse.example")
    for target, digest in (("vic@strasse.example", "own"), ("moss@people.example", "elsewhere")):
        await make.row("mailed_link", purpose="RESET_PASSWORD", account_id=account["id"], target=target, digest=digest)
    other = await make.row("mailed_link", purpose="DEACTIVATE_SECOND_FACTOR", target="a mark")
    # when
    await migrated(before)
    # then
    found = await rows(before, "SELECT target, digest FROM mailed_link ORDER BY id")
    assert [(row["target"], row["digest"]) for row in found] == [
        ("vic@xn--strae-oqa.example", "own"),
        ("a mark", other["digest"]),
    ]


async def test_of_attempts_that_become_alike_the_newest_stays(before: Database) -> None:
    make = await maker(before)
    for number, key in enumerate(("by hand", "ada@people.example", "another")):
        await make.row("sign_up", email="ada@people.example", email_key=key, digest=f"d{number}")
    await migrated(before)
    found = await rows(before, "SELECT email_key, digest FROM sign_up")
    assert [(row["email_key"], row["digest"]) for row in found] == [("ada@people.example", "d2")]


@pytest.mark.parametrize("table", ["account", "invite"])
async def test_rows_that_become_alike_are_named_and_nothing_changes(before: Database, table: str) -> None:
    # given
    make = await maker(before)
    same = {"sender_id": (await make.row("profile"))["id"]} if table == "invite" else {}
    first = await make.row(table, email="ada@people.example", email_key="ada@people.example", **same)
    second = await make.row(table, email="Ada@people.example", email_key="written by hand", **same)
    # when
    with pytest.raises(ValueError, match=rf"{table}.*by id: {first['id']}, {second['id']}\."):
        await migrated(before)
    # then
    found = await rows(before, f"SELECT email_key FROM {table} WHERE email LIKE '%@%' ORDER BY id")
    assert [row["email_key"] for row in found] == ["ada@people.example", "written by hand"]


async def test_rows_change_places_and_several_batches_are_read(
    before: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module(f"models.migrations.{NAME}"), "ROWS_PER_BATCH", 2)
    make = await maker(before)
    for email, key in (("a@x.example", "b@x.example"), ("b@x.example", "a@x.example"), ("C@x.example", "d@x.example")):
        await make.row("account", email=email, email_key=key)
    await migrated(before)
    found = await rows(before, "SELECT email_key FROM account WHERE email LIKE '%@%' ORDER BY id")
    assert [row["email_key"] for row in found] == ["a@x.example", "b@x.example", "c@x.example"]
