"""Migrations lose nothing, run once, and a server does not start on tables that are not its own."""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tortoise import fields
from tortoise.connection import get_connection
from tortoise.exceptions import OperationalError
from tortoise.migrations import operations as ops

from models import migrate as migrating
from models import versions
from models.database import Database, connected, opened, sqlite_path
from models.migrate import migrate
from settings import Settings
from tests.helpers import databases, migration_history
from tests.helpers.sample_rows import Maker
from tests.helpers.table_structure import declared, found
from tests.models.conftest import EarlierDatabases

ROOT = Path(versions.__file__).parent.parent


@pytest.fixture
async def blank(dialect: str, server: None, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings of a database without a table."""
    if dialect == "sqlite":
        yield Settings(database_url=f"sqlite:///{tmp_path}/new folder/blank.sqlite3")
        return
    async with databases.scratch("blank") as url:
        yield Settings(database_url=url)


async def contents(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    client = get_connection(database.dialect)
    return {
        table: await client.execute_query_dict(f'SELECT * FROM "{table}" ORDER BY "{of.key[0]}"')
        for table, of in (await found(client, database.dialect)).items()
    }


async def test_a_new_database_gets_every_migration_once(blank: Settings) -> None:
    assert await migrate(blank) == list(versions.known())
    assert await migrate(blank) == []
    async with opened(blank) as database:
        assert await versions.pending(database) == []


@pytest.mark.sqlite_only
def test_the_file_is_its_owners_alone(blank: Settings) -> None:
    databases.run(migrate, blank)
    file = sqlite_path(blank.database)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_processes_that_migrate_at_the_same_time_take_turns(blank: Settings) -> None:
    # when
    code = "import asyncio; from settings import Settings; from models.migrate import migrate; "
    code += f"print(len(asyncio.run(migrate(Settings(database_url={blank.database!r})))))"
    both = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    answers = await asyncio.gather(*(each.communicate() for each in both))
    # then
    assert [each.returncode for each in both] == [0, 0], answers
    assert sum(int(out) for out, _ in answers) == len(versions.known())


# Tables that are not this code's


async def test_an_old_database_is_refused_with_the_command_that_helps(blank: Settings) -> None:
    with pytest.raises(versions.SchemaIsOld, match="python -m cli migrate"):
        await Database.open(blank)


@pytest.mark.sqlite_only
def test_a_missing_file_is_refused_and_not_made(blank: Settings) -> None:
    with pytest.raises(versions.SchemaIsOld):
        databases.run(Database.open, blank)
    assert not sqlite_path(blank.database).exists()


async def test_a_missing_migration_is_pending(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    now = versions.known()
    monkeypatch.setattr(versions, "known", lambda: (*now, "9998_later", "9999_last"))
    assert await versions.pending(database) == ["9998_later", "9999_last"]
    with pytest.raises(versions.SchemaIsOld, match="lacks 2 migration"):
        await versions.verify(database)


async def test_a_newer_database_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    name = versions.known()[-1]
    monkeypatch.setattr(versions, "known", lambda: ())
    # then
    with pytest.raises(versions.SchemaIsNewer, match=name):
        await Database.open(settings)


async def test_nothing_is_migrated_on_a_newer_database(blank: Settings) -> None:
    async with connected(blank, foreign_keys=False) as database:
        # given
        await migrating.apply(database, migration_history.migrations(3))
        before = await found(get_connection(database.dialect), database.dialect)
        # when
        older = migration_history.migrations(2) | {
            "0009_other": migration_history.migrations(4)["0005_add_unique_field"]
        }
        with pytest.raises(versions.SchemaIsNewer, match="0004_add_db_default"):
            await migrating.apply(database, older)
        # then
        assert await found(get_connection(database.dialect), database.dialect) == before


# Nothing is lost


REWRITTEN = {"0013_language": frozenset({"language"})}
"""Columns whose values a migration replaces on purpose; a test of its own says with what."""


async def test_each_migration_of_ours_keeps_the_rows_that_were_there(blank: Settings) -> None:
    ours = {name: migrating.load(name) for name in versions.known()}
    async with connected(blank, foreign_keys=False) as database:
        for number in range(1, len(ours) + 1):
            before = await contents(database)
            so_far = {name: migrating.load(name) for name in list(ours)[:number]}
            await migrating.apply(database, so_far)
            _assert_kept(before, await contents(database), renamed=REWRITTEN.get(list(ours)[number - 1], frozenset()))
            models = await migration_history.models_after(so_far, database.dialect)
            maker = Maker(models, database.dialect)
            for table in declared(models, database.dialect):
                await maker.row(table)
        assert all((await contents(database)).values())


@pytest.mark.parametrize(("before", "after"), [("nl", "nl"), ("en", None), ("de", None)])
async def test_a_language_without_texts_counts_as_not_chosen(
    dialect: str,
    server: None,
    earlier_databases: EarlierDatabases,
    tmp_path: Path,
    before: str,
    after: str | None,
) -> None:
    names = [name for name in versions.known() if name <= "0013_language"]
    so_far = {name: migrating.load(name) for name in names}
    earlier = {name: so_far[name] for name in names[:-1]}
    async with earlier_databases.before(names[-1], dialect, tmp_path) as database:
        maker = Maker(await migration_history.models_after(earlier, database.dialect), database.dialect)
        await maker.row("profile", language=before)
        await migrating.apply(database, so_far)
        [row] = (await contents(database))["profile"]
    assert row["language"] == after


async def test_an_audit_entry_keeps_its_action_under_the_new_name(
    dialect: str, server: None, earlier_databases: EarlierDatabases, tmp_path: Path
) -> None:
    names = [name for name in versions.known() if name <= "0015_audit_actions"]
    so_far = {name: migrating.load(name) for name in names}
    earlier = {name: so_far[name] for name in names[:-1]}
    async with earlier_databases.before(names[-1], dialect, tmp_path) as database:
        maker = Maker(await migration_history.models_after(earlier, database.dialect), database.dialect)
        await maker.row("audit_entry", action="second-factor.backup-codes-renewed")
        await maker.row("audit_entry", action="second-factor.off")
        await migrating.apply(database, so_far)
        rows = (await contents(database))["audit_entry"]
    assert sorted(row["action"] for row in rows) == ["second-factor.backup-codes-made", "second-factor.off"]


@pytest.mark.parametrize(("before", "after"), [("NOBODY", "ANONYMOUS"), ("SESSION", "SESSION")])
async def test_an_audit_entry_keeps_its_origin_under_the_new_name(
    dialect: str, server: None, earlier_databases: EarlierDatabases, tmp_path: Path, before: str, after: str
) -> None:
    names = [name for name in versions.known() if name <= "0016_anonymous_origin"]
    so_far = {name: migrating.load(name) for name in names}
    earlier = {name: so_far[name] for name in names[:-1]}
    async with earlier_databases.before(names[-1], dialect, tmp_path) as database:
        maker = Maker(await migration_history.models_after(earlier, database.dialect), database.dialect)
        await maker.row("audit_entry", origin=before)
        await migrating.apply(database, so_far)
        [row] = (await contents(database))["audit_entry"]
    assert row["origin"] == after


def test_each_migration_follows_the_one_before_and_no_number_stands_twice() -> None:
    names = list(versions.known())
    for before, name in itertools.pairwise(names):
        assert migrating.load(name).dependencies == [("models", before)], name
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


async def test_every_kind_of_change_keeps_rows_indexes_and_constraints(blank: Settings) -> None:
    async with connected(blank, foreign_keys=False) as database:
        # given
        await migrating.apply(database, migration_history.migrations(0))
        maker = Maker(
            await migration_history.models_after(migration_history.migrations(0), database.dialect), database.dialect
        )
        shelves = [await maker.row("shelf", id=n, place="east", code=None if n == 2 else f"c{n}") for n in (1, 2, 3)]
        books = [await maker.row("book", id=n, shelf_id=shelf["id"], after_id=1) for n, shelf in enumerate(shelves, 1)]
        for book in books:
            await maker.row("loan", book_id=book["id"])
        for steps in range(1, len(migration_history.changes()) + 1):
            before = await contents(database)
            # when
            so_far = migration_history.migrations(steps)
            await migrating.apply(database, so_far)
            # then
            name = list(so_far)[-1]
            there = await found(get_connection(database.dialect), database.dialect)
            assert there == declared(
                await migration_history.models_after(so_far, database.dialect), database.dialect
            ), name
            _assert_kept(before, await contents(database), renamed={"full"}, filled={"code"})
        [_, second, _] = (await contents(database))["shelf"]
        assert (second["level"], second["wood"], second["turned"], second["code"]) == (3, "o'a;k", True, "none")


async def test_migrating_deletes_no_row_that_refers_to_a_remade_table(
    blank: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    steps = list(migration_history.changes()).index("add_check") + 1
    async with connected(blank) as database:
        await migrating.apply(database, migration_history.migrations(0))
        maker = Maker(
            await migration_history.models_after(migration_history.migrations(0), database.dialect), database.dialect
        )
        await maker.row("book", shelf_id=(await maker.row("shelf", place="east"))["id"])
    monkeypatch.setattr(versions, "known", lambda: tuple(migration_history.migrations(steps)))
    monkeypatch.setattr(migrating, "load", lambda name: migration_history.migrations(steps)[name])
    # when
    applied = await migrate(blank)
    # then
    assert len(applied) == steps
    async with connected(blank) as database:
        assert len((await contents(database))["book"]) == 1


def _assert_kept(
    before: dict[str, list[dict[str, Any]]],
    after: dict[str, list[dict[str, Any]]],
    *,
    renamed: frozenset[str] | set[str] = frozenset(),
    filled: frozenset[str] | set[str] = frozenset(),
) -> None:
    """The same rows, with the same values in the columns that both have."""
    for table, rows in before.items():
        assert len(after[table]) == len(rows), table
        for old, new in zip(rows, after[table], strict=True):
            kept = (old.keys() & new.keys()) - renamed - {name for name in filled if name in old and old[name] is None}
            assert {name: new[name] for name in kept} == {name: old[name] for name in kept}, table


@pytest.mark.sqlite_only
async def test_a_remade_table_keeps_what_was_made_by_hand_and_gives_no_id_twice(blank: Settings) -> None:
    async with connected(blank, foreign_keys=False) as database:
        # given
        client = get_connection("sqlite")
        await migrating.apply(database, migration_history.migrations(0))
        maker = Maker(await migration_history.models_after(migration_history.migrations(0), "sqlite"), "sqlite")
        await maker.row("shelf", id=41, place="east")
        await client.execute_query("DELETE FROM shelf")
        await client.execute_query("CREATE INDEX by_hand ON shelf (kind DESC)")
        await client.execute_query("CREATE TRIGGER own AFTER INSERT ON shelf BEGIN DELETE FROM loan; SELECT 1; END")
        # when
        await migrating.apply(database, migration_history.migrations(6))
        # then
        made = await client.execute_query_dict("SELECT name FROM sqlite_master WHERE name IN ('by_hand', 'own')")
        assert {row["name"] for row in made} == {"by_hand", "own"}
        values = await maker.values("shelf", place="east")
        del values["id"]
        await maker.insert("shelf", values | {"level": 1, "wood": "oak"})
        assert [row["id"] for row in await client.execute_query_dict("SELECT id FROM shelf")] == [42]


async def test_a_migration_that_fails_leaves_nothing_behind(blank: Settings) -> None:
    async with connected(blank, foreign_keys=False) as database:
        # given
        await migrating.apply(database, migration_history.migrations(0))
        before = await found(get_connection(database.dialect), database.dialect)
        # when
        broken = migration_history.migrations(1)
        broken["0002_add_field_with_default"].operations.append(ops.RunSQL("SELECT nonsense FROM nowhere"))
        with pytest.raises(OperationalError):
            await migrating.apply(database, broken)
        # then
        assert await found(get_connection(database.dialect), database.dialect) == before
        assert await migrating.apply(database, migration_history.migrations(1)) == ["0002_add_field_with_default"]


@pytest.mark.sqlite_only
async def test_a_migration_that_orphans_rows_is_refused(blank: Settings) -> None:
    async with connected(blank, foreign_keys=False) as database:
        # given
        await migrating.apply(database, migration_history.migrations(0))
        maker = Maker(await migration_history.models_after(migration_history.migrations(0), "sqlite"), "sqlite")
        await maker.row("book", shelf_id=(await maker.row("shelf", place="east"))["id"])
        # when
        careless = migration_history.migrations(1)
        careless["0002_add_field_with_default"].operations.append(ops.RunSQL("DELETE FROM shelf"))
        with pytest.raises(ValueError, match="in: book"):
            await migrating.apply(database, careless)
        # then
        assert len((await contents(database))["shelf"]) == 1


async def test_a_new_column_without_a_value_for_old_rows_is_refused(blank: Settings) -> None:
    async with connected(blank, foreign_keys=False) as database:
        await migrating.apply(database, migration_history.migrations(0))
        unfilled = migration_history.migrations(1)
        unfilled["0002_add_field_with_default"].operations = [ops.AddField("Shelf", "level", fields.IntField())]
        with pytest.raises(ValueError, match="old rows need a default"):
            await migrating.apply(database, unfilled)
