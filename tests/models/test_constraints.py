"""What can never be stored: every constraint that models declare refuses rows, on both databases."""

from typing import Any

import pytest
from tortoise.connection import get_connection
from tortoise.migrations.constraints import CheckConstraint

from models.database import Database
from tests.helpers.sample_rows import Maker, refused
from tests.helpers.table_structure import MODELS, declared

TABLES = declared(MODELS, "sqlite")
NOBODY = 987_654_321

BROKEN: dict[str, list[dict[str, Any]]] = {
    # For each CHECK, changes to a valid row that it must refuse; `=name`: to what that column holds.
    "account_profile": [{"profile_id": None}, {"kind": "SERVICE"}],
    "account_company_admin": [{"company_admin": True, "company_id": None}],
    "badge_award_level": [{"level": 0}],
    "block_not_oneself": [{"blocked_id": "=blocker_id"}],
    "connection_not_oneself": [{"other_id": "=profile_id"}],
    "connection_request_not_oneself": [{"receiver_id": "=sender_id"}],
    "credit_balance_not_negative": [{"balance": -1}],
    "credit_entry_not_negative": [{"balance_after": -1}],
    "featured_badge_place": [{"place": 0}, {"place": 5}],
    "point_entry_activity": [{"activity": None}],
    "point_entry_reverses": [{"kind": "REVERSAL"}],
    "score_adds_up": [{"overall": 1}, {"forum": 1}],
    "shop_order_price": [{"price": -1}],
    "shop_stock_not_negative": [{"stock": -1}],
}


@pytest.fixture
async def maker(database: Database) -> Maker:
    return Maker(MODELS, database.dialect)


def cases(pairs: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, each) for name, found in pairs.items() for each in found]


async def accepted(maker: Maker, table: str, *columns: str) -> dict[str, Any]:
    """A valid row where `columns` are set; proves that it is valid: a refusal is about what a test changed."""
    values = await maker.values_with(table, columns)
    assert not await refused(maker.insert(table, values)), f"tests/helpers/sample_rows.py makes no valid row of {table}"
    return values


async def test_nothing_is_null_that_must_not_be(maker: Maker) -> None:
    for table, of in TABLES.items():
        values = await accepted(maker, table)
        for name, (_kind, nullable, _default) in of.columns.items():
            if not nullable and name not in of.key:
                assert await refused(maker.insert(table, values | {name: None})), f"{table}.{name}"


async def test_nothing_unique_is_there_twice(maker: Maker) -> None:
    for table, of in TABLES.items():
        for columns in (*of.uniques, tuple(of.key)):
            first = await accepted(maker, table, *columns)
            await maker.insert(table, first)
            again = await accepted(maker, table, *columns)
            assert await refused(maker.insert(table, again | {name: first[name] for name in columns})), (table, columns)


async def test_nothing_refers_to_what_is_not_there(maker: Maker) -> None:
    for table, of in TABLES.items():
        for name in of.foreign:
            values = await accepted(maker, table, name)
            assert await refused(maker.insert(table, values | {name: NOBODY})), f"{table}.{name}"


async def test_a_deletion_does_what_the_foreign_key_says(maker: Maker, database: Database) -> None:
    for table, of in TABLES.items():
        for name, (other, key, action) in of.foreign.items():
            child = await accepted(maker, table, name)
            await maker.insert(table, child)
            delete = get_connection(database.dialect).execute_query(
                f'DELETE FROM "{other}" WHERE "{key}" = {child[name]}'
            )
            if action == "RESTRICT":
                assert await refused(delete), f"{table}.{name}"
                continue
            await delete
            left = await database.fetch(f'SELECT "{name}" FROM "{table}" WHERE "{of.key[0]}" = {child[of.key[0]]}')
            assert [row[name] for row in left] == ([] if action == "CASCADE" else [None]), f"{table}.{name}"


def test_every_check_has_rows_that_it_must_refuse() -> None:
    assert {check for of in TABLES.values() for check in of.checks} == BROKEN.keys()


@pytest.mark.parametrize(("check", "change"), cases(BROKEN))
async def test_checks_refuse(maker: Maker, check: str, change: dict[str, Any]) -> None:
    table = next(name for name, of in TABLES.items() if check in of.checks)
    valid = await accepted(maker, table)
    broken = {name: valid[of[1:]] if str(of).startswith("=") else of for name, of in change.items()}
    assert await refused(maker.insert(table, valid | broken))


def test_checks_have_names() -> None:
    for model in MODELS:
        for constraint in model._meta.constraints or ():
            assert isinstance(constraint, CheckConstraint), "use unique_together: the tests above read it"
