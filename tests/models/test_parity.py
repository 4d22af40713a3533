"""Both databases have exactly the tables that the models declare."""

from tortoise.connection import get_connection
from tortoise.models import Model

from models import make_migration, tables
from models.database import Database
from tests.helpers.table_structure import MODELS, declared, found


def test_the_list_of_tables_names_every_model() -> None:
    assert {each for each in vars(tables).values() if isinstance(each, type) and issubclass(each, Model)} == set(MODELS)


async def test_tables_are_what_the_models_declare(database: Database) -> None:
    there = await found(get_connection(database.dialect), database.dialect)
    assert there == declared(MODELS, database.dialect)


async def test_migrations_make_everything_that_models_declare() -> None:
    missing = await make_migration.changes()
    assert missing is None, missing.as_string()


def test_every_foreign_key_is_the_beginning_of_an_index() -> None:
    # Neither database makes one itself; without it, deleting what is referred to reads the whole table.
    for name, table in declared(MODELS, "sqlite").items():
        led = {columns[0] for columns in (*table.indexes, *table.uniques, table.key)}
        assert table.foreign.keys() <= led, name


def test_no_name_is_too_long_for_postgres() -> None:
    for name, table in declared(MODELS, "postgres").items():
        assert max(map(len, (name, *table.columns, *table.checks))) <= 63
