"""
SQL of our own for both databases: one text for both, one statement over many rows, stored datetimes.

Code outside of models/ does not need to know which database runs. Parameters are passed as Python values: datetimes,
dates and lists included.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import orjson

from models.transactions import current_connection

Dialect = Literal["sqlite", "postgres"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement in the words of both databases. SQLite's parameters are `?` or `?1`, PostgreSQL's `$1`."""

    sqlite: str
    postgres: str

    @classmethod
    def of(cls, text: str) -> "Statement":
        """
        Translate what is written for PostgreSQL: `$1` becomes `?1`, `= ANY($1)` a look-up in a JSON list.

        For statements that differ in nothing else.
        """
        listed = re.sub(r"= ANY\(\$(\d+)\)", r"IN (SELECT value FROM json_each(?\1))", text)
        return cls(sqlite=re.sub(r"\$(\d+)", r"?\1", listed), postgres=text)

    @classmethod
    def over_rows(cls, text: str, **columns: str) -> "Statement":
        """
        A statement over many rows, for `execute_rows`: `{rows}` in `text` stands for the table of them.

        `columns`: the names of their values in order, with PostgreSQL's types. One more column, `place`, numbers them from
        1 as they were passed. Further parameters are `$1`, `$2` … as in `of`.
        """
        arrays = ", ".join(f"${place}::{type_}[]" for place, type_ in enumerate(columns.values(), 1))
        values = ", ".join(f"value ->> {place} AS {name}" for place, name in enumerate(columns))
        lists = f"(SELECT * FROM unnest({arrays}) WITH ORDINALITY AS list ({', '.join(columns)}, place))"
        return cls(sqlite=cls.of(_shifted(text, 1)).sqlite, postgres=_shifted(text, len(columns))).put(
            rows=cls(sqlite=f"(SELECT {values}, key + 1 AS place FROM json_each(?1))", postgres=lists)
        )

    def put(self, **parts: "Statement") -> "Statement":
        """The statement with each `{name}` replaced by the part of that name, in each database's words."""
        sqlite, postgres = self.sqlite, self.postgres
        for name, part in parts.items():
            mark = f"{{{name}}}"
            sqlite, postgres = sqlite.replace(mark, part.sqlite), postgres.replace(mark, part.postgres)
        return Statement(sqlite=sqlite, postgres=postgres)

    def text(self, dialect: Dialect) -> str:
        """The statement in one database's words."""
        return self.sqlite if dialect == "sqlite" else self.postgres


def look_up(table: str, alias: str, condition: str) -> Statement:
    """
    A part of FROM: rows of `table` for each row before it, always by an index.

    With an offset PostgreSQL looks each of them up, whatever its statistics say, and never reads the whole table.
    """
    return Statement(
        sqlite=f"CROSS JOIN {table} {alias} ON {condition}",
        postgres=f"CROSS JOIN LATERAL (SELECT * FROM {table} {alias} WHERE {condition} OFFSET 0) {alias}",
    )


async def execute(statement: Statement, *params: Any) -> list[dict[str, Any]]:
    """
    Run one statement on the task's connection, inside its transaction if there is one; returns its rows.

    For writes, and for reads that belong to them. Stored forms on SQLite: see `models.database.Row`.
    """
    connection = current_connection()
    dialect = connection.capabilities.dialect
    rows: list[dict[str, Any]] = await connection.execute_query_dict(
        statement.text(dialect), [to_parameter(value, dialect) for value in params]
    )
    return rows


async def execute_rows(statement: Statement, rows: Iterable[Sequence[Any]], *params: Any) -> list[dict[str, Any]]:
    """Run one statement of `Statement.over_rows` over all `rows`; returns its rows. Without rows nothing is run."""
    listed = [tuple(row) for row in rows]  # orjson takes no named tuples
    if not listed:
        return []
    if current_connection().capabilities.dialect == "sqlite":
        return await execute(statement, listed, *params)
    return await execute(statement, *(list(column) for column in zip(*listed, strict=True)), *params)


async def execute_each(statement: Statement, rows: Iterable[Sequence[Any]]) -> None:
    """Run one write for each of `rows`, which are its parameters. All or none of them are written."""
    connection = current_connection()
    await connection.execute_many(statement.text(connection.capabilities.dialect), list(rows))


async def lock_rows(table: str, column: str, keys: Iterable[int]) -> None:
    """Lock rows until the transaction ends, in order of `column`. On SQLite the transaction itself is the lock."""
    if current_connection().capabilities.dialect == "postgres":
        lock = f"SELECT {column} FROM {table} WHERE {column} = ANY($1) ORDER BY {column} FOR UPDATE"
        await execute(Statement.of(lock), sorted(set(keys)))


async def try_lock_rows(table: str, column: str, keys: Iterable[int]) -> bool:
    """
    Lock rows until the transaction ends, without waiting for other transactions. Returns False if one of the rows is in use, or
    does not exist; some may be locked then. On SQLite the transaction itself is the lock.
    """
    wanted = sorted(set(keys))
    skipping = Statement(sqlite="", postgres=" FOR UPDATE SKIP LOCKED")
    chosen = Statement.of(f"SELECT {column} FROM {table} WHERE {column} = ANY($1) ORDER BY {column}{{skipping}}")
    return len(await execute(chosen.put(skipping=skipping), wanted)) == len(wanted)


def read_datetime(stored_value: datetime | str) -> datetime:
    """A moment (UTC) as a row has it: text on SQLite."""
    return datetime.fromisoformat(stored_value) if isinstance(stored_value, str) else stored_value


def to_parameter(value: Any, dialect: Dialect) -> Any:
    """A parameter as the database takes it: on SQLite a list is JSON. Moments become text by themselves."""
    if dialect == "sqlite" and isinstance(value, list | tuple | set | frozenset):
        listed = value if isinstance(value, list | tuple) else list(value)
        return orjson.dumps(listed, default=_json_value, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
    return list(value) if isinstance(value, tuple | set | frozenset) else value


def _json_value(value: Any) -> str | list[Any]:
    if isinstance(value, tuple):  # a NamedTuple
        return list(value)
    if isinstance(value, datetime):  # as models/engines/sqlite.py stores it
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no value of a row.")


def _shifted(text: str, by: int) -> str:
    return re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + by}", text)
