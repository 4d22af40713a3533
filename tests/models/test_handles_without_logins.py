"""The migration that takes logins out of handles, over a database in which people live."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tortoise.connection import get_connection

from models import migrate as migrating
from models import versions
from models.database import Database
from tests.helpers import migration_history
from tests.helpers.sample_rows import Maker
from tests.models.conftest import EarlierDatabases

NAME = next(name for name in versions.known() if name.endswith("_handles_without_logins"))
BEFORE = [name for name in versions.known() if name < NAME]
# Name, login, handle, and whether it goes.
PEOPLE = [
    ("Ada Okafor", "ada@people.example", "ada-okafor", False),
    ("Ada Okafor", "secret.login@people.example", "ada-okafor-secret-login", True),
    ("李小龍", "bruce@people.example", "person-bruce", True),
    ("Ben Adeyemi", "adeyemi@people.example", "ben-adeyemi", False),
    ("Ben Adeyemi", "other@people.example", "ben-adeyemi-adeyemi", False),
    ("Renamed Since", "cleo@people.example", "cleo-quist-cleo", False),
    ("Élodie Ng", "a.very.long.local.part@people.example", "elodie-ng-a-very-long-", True),
]


@pytest.fixture
async def before(
    dialect: str, server: None, earlier_databases: EarlierDatabases, tmp_path: Path
) -> AsyncIterator[Database]:
    """A database as the migration finds it."""
    async with earlier_databases.before(NAME, dialect, tmp_path) as database:
        yield database


async def rows(database: Database, text: str) -> list[dict[str, Any]]:
    return list(await get_connection(database.dialect).execute_query_dict(text))


async def test_a_login_leaves_the_handle_and_the_search_and_the_old_link_leads_on(before: Database) -> None:
    # given
    so_far = {name: migrating.load(name) for name in BEFORE}
    make = Maker(await migration_history.models_after(so_far, before.dialect), before.dialect)
    for name, email, handle, _ in PEOPLE:
        profile = await make.row("profile", name=name, handle=handle, listed=True)
        await make.row("account", email=email, email_key=email, profile_id=profile["id"])
        for word in handle.split("-"):
            await make.row("profile_word", profile_id=profile["id"], word=word.encode(), place=0)
    # when
    await migrating.apply(before, {**so_far, NAME: migrating.load(NAME)})
    # then
    found = await rows(before, "SELECT id, name, handle FROM profile ORDER BY id")
    for (name, email, handle, goes), row in zip(PEOPLE, found, strict=True):
        assert row["name"] == name
        assert (row["handle"] != handle) is goes
        if goes:
            assert not {*row["handle"].split("-")} & {*email.partition("@")[0].split(".")}
            assert row["handle"].startswith(("ada-okafor-", "member-", "elodie-ng-"))
    noted = await rows(before, "SELECT profile_id, handle, noted_at FROM profile_handle ORDER BY id")
    expected = [
        (row["id"], each)
        for person, row in zip(PEOPLE, found, strict=True)
        if person[3]
        for each in (person[2], row["handle"])
    ]
    assert [(row["profile_id"], row["handle"]) for row in noted] == expected and all(row["noted_at"] for row in noted)
    words = {bytes(row["word"]).decode() for row in await rows(before, "SELECT word FROM profile_word")}
    assert not words & {"secret", "login", "bruce", "very"} and {"ada", "okafor", "adeyemi", "cleo"} <= words
