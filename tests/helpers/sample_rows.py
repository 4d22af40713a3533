"""Rows for any table, made from what its model declares; for tests that are about tables and not about meaning."""

from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError
from tortoise.fields import (
    BigIntField,
    BinaryField,
    BooleanField,
    DateField,
    DatetimeField,
    FloatField,
    IntField,
    JSONField,
    UUIDField,
)
from tortoise.transactions import in_transaction

NEEDED: dict[str, dict[str, Any]] = {
    # What the tables' CHECKs ask for, beyond what columns tell.
    "account": {"profile_id": "parent", "company_id": "parent", "kind": "PERSON"},
    "featured_badge": {"place": 1},
    "point_entry": {"kind": "ACTIVITY", "activity": "forum"},
    "score": dict.fromkeys(("overall", "forum", "app_store", "platform", "community", "learning"), 0),
}
NEEDED_WITH: dict[tuple[str, str], dict[str, Any]] = {
    # ... and when a column is set that is mostly NULL.
    ("featured_badge", "place"): {"place": 1},
    ("point_entry", "reverses_id"): {"kind": "REVERSAL"},
}
_numbers = count(1)


class Maker:
    """Makes rows of `models`, in the task's transaction when there is one."""

    def __init__(self, models: Iterable[Any], dialect: str) -> None:
        self._models = {model._meta.db_table: model for model in models}
        self._dialect = dialect

    async def row(self, table: str, **given: Any) -> dict[str, Any]:
        """Insert a row, and the rows that it refers to; returns its columns."""
        values = await self.values(table, **given)
        await self.insert(table, values)
        return values

    async def values_with(self, table: str, columns: Iterable[str]) -> dict[str, Any]:
        """`values`, where none of these columns is NULL."""
        given: dict[str, Any] = {}
        for name in columns:
            given |= {name: "parent"} | NEEDED_WITH.get((table, name), {})
        return await self.values(table, **given)

    async def insert(self, table: str, values: dict[str, Any]) -> None:
        places = ", ".join("?" if self._dialect == "sqlite" else f"${n}" for n in range(1, len(values) + 1))
        names = ", ".join(f'"{name}"' for name in values)
        client = get_connection(self._dialect)
        await client.execute_query(f'INSERT INTO "{table}" ({names}) VALUES ({places})', list(values.values()))

    async def values(self, table: str, **given: Any) -> dict[str, Any]:
        """What `row` would insert; only the rows it refers to are inserted."""
        model = self._models[table]
        known = NEEDED.get(table, {}) | given
        values: dict[str, Any] = {}
        for name, column in model._meta.fields_db_projection.items():
            of = model._meta.fields_map[name]
            wanted = known.get(column) == "parent"
            if column in known and not wanted:
                values[column] = known[column]
            elif of.reference and (wanted or not of.null):
                parent = await self.row(of.reference.related_model._meta.db_table)
                values[column] = parent[of.reference.related_model._meta.db_pk_column]
            elif of.null and not wanted:
                values[column] = None
            else:
                values[column] = self._value(of)
        return values

    @staticmethod
    def _value(of: Any) -> Any:
        number = next(_numbers)
        for kind, value in _VALUES:
            if isinstance(of, kind):
                return value(number)
        return f"x{number:x}"[-(getattr(of, "max_length", None) or 12) :]


_VALUES: list[tuple[Any, Callable[[int], Any]]] = [
    (BooleanField, lambda number: bool(number % 2)),
    ((BigIntField, IntField), lambda number: number),
    (FloatField, float),
    (BinaryField, lambda number: f"x{number:x}".encode()),
    (DatetimeField, lambda number: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)),
    (DateField, lambda number: date(2026, 1, 1) + timedelta(days=number)),
    (JSONField, lambda number: f'["{number}"]'),
    (UUIDField, lambda number: f"00000000-0000-4000-8000-{number:012}"),
]


class _Undone(Exception):
    pass


async def refused(work: Coroutine[Any, Any, Any]) -> bool:
    """Whether the database refuses it for a constraint; what it did is undone either way."""
    try:
        async with in_transaction():
            await work
            raise _Undone  # noqa: TRY301 - past the transaction's end
    except IntegrityError:
        return True
    except _Undone:
        return False
