"""
Keyset pages: lists whose cursors hold the sort key of a row, so that a page is read from an index at any depth.

TopPerParent reads one list of many parents: one statement reads the next rows of each parent, from that parent's own
index. SQLite answers one row per parent, whose rows are JSON, because only a correlated subquery can have a LIMIT per
parent. PostgreSQL has LATERAL for that and answers the rows themselves. QuerysetList reads one list by a queryset.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from tortoise.expressions import Q

from models.database import Database
from models.statements import Statement, read_datetime
from resolvers.base import cursors
from resolvers.base.pagination import Page
from resolvers.base.rows import Row
from services.progress.scores import EPOCH, microseconds

PARENT = "{parent}"
"""Stands for the parent in the SQL of a list."""


@dataclass(frozen=True)
class SortKey:
    """One column that a list is sorted by: its name in the rows, its SQL, and its type: int, str or datetime."""

    name: str
    sql: str = ""
    value_type: type = int
    ascending: bool = False

    @property
    def cursor_type(self) -> type:
        """The type in a cursor: a datetime is microseconds since 1970."""
        return int if self.value_type is datetime else self.value_type

    def to_cursor(self, value: Any) -> Any:
        """The value of a row as a cursor holds it."""
        return microseconds(read_datetime(value)) if self.value_type is datetime else value

    def from_cursor(self, value: Any) -> Any:
        """The value in a cursor, as a parameter."""
        return EPOCH + timedelta(microseconds=value) if self.value_type is datetime else value


class KeysetList:
    """A list sorted by `order`, whose last key is unique. Cursors are bound to `name` and hold the sort keys."""

    def __init__(self, name: str, *, order: Sequence[SortKey]) -> None:
        self.name = name
        self.order = order

    def cursor_of(self, row: Row) -> str:
        """Return the cursor of a row of the list."""
        return cursors.encode(self.name, *(key.to_cursor(row[key.name]) for key in self.order))

    def keys_of(self, cursor: str | None) -> list[Any]:
        """The sort keys in a cursor, as parameters; none without a cursor. Raises Refused: BAD_CURSOR."""
        if cursor is None:
            return []
        values = cursors.decode(self.name, cursor, *(key.cursor_type for key in self.order))
        return [key.from_cursor(value) for key, value in zip(self.order, values, strict=True)]


class QuerysetList(KeysetList):
    """A list that is read by a queryset."""

    async def page(self, queryset: Any, page: Page, *columns: str, **expressions: str) -> list[Row]:
        """
        The page in the list's order, with one row more than `page.size` if there is one; its rows have these columns and
        expressions. Raises Refused: BAD_CURSOR.
        """
        if keys := self.keys_of(page.cursor):
            queryset = queryset.filter(self._beyond(keys, backward=page.backward))
        order = [key.name if key.ascending != page.backward else f"-{key.name}" for key in self.order]
        rows = await queryset.order_by(*order).limit(page.size + 1).values(*columns, **expressions)
        return list(rows[::-1] if page.backward else rows)

    def _beyond(self, values: Sequence[Any], *, backward: bool) -> Q:
        """The condition that a row is beyond the one with these keys, key by key."""
        beyond = Q()
        equal: dict[str, Any] = {}
        for key, value in zip(self.order, values, strict=True):
            beyond |= Q(**equal, **{f"{key.name}__{'gt' if key.ascending != backward else 'lt'}": value})
            equal[key.name] = value
        return beyond


class TopPerParent(KeysetList):
    """
    One list of each parent, sorted by `order`, whose last key is unique within the parent.

    `select` makes the `columns`; `source` is FROM and WHERE, with PARENT for the parent, of `parent_type`. Both are PostgreSQL's SQL that
    SQLite reads too (a Statement where the two need different ones); $2 and further are the list's own `parameters`.
    """

    def __init__(
        self,
        name: str,
        *,
        columns: Sequence[str],
        select: str,
        source: str | Statement,
        order: Sequence[SortKey],
        parameters: int = 0,
        parent_type: str = "bigint",
    ) -> None:
        super().__init__(name, order=order)
        self.parent_type = parent_type
        self._columns, self._select = columns, select
        self._source = source if isinstance(source, Statement) else Statement(source, source)
        self._size, self._cursor = parameters + 2, parameters + 3
        ways = [(backward, beyond) for backward in (False, True) for beyond in (False, True)]
        self.statements = {each: self._of_parents(*each) for each in ways}
        """By whether they read from the end of the list, and beyond a cursor."""
        self.statements_of_one = {each: self._of_one(*each) for each in ways}

    async def pages(
        self, database: Database, parents: Sequence[Any], page: Page, *parameters: Any, slow: bool = False
    ) -> dict[Any, Sequence[Row]]:
        """
        The page of each parent in the list's order, with one row more than `page.size` where there is one. A parent
        without rows may be missing. `slow`: not in the event loop's thread on SQLite. Raises Refused: BAD_CURSOR.
        """
        keys = self.keys_of(page.cursor)
        statement = self.statements[page.backward, page.cursor is not None]
        found = await self._fetch(database, statement, (parents, *parameters, page.size + 1, *keys), slow=slow)
        return {parent: rows[::-1] for parent, rows in found.items()} if page.backward else found

    async def page_of(self, database: Database, parent: int, page: Page, *parameters: Any) -> Sequence[Row]:
        """
        The page of one parent, like `pages`. For lists that only their owner reads: PostgreSQL keeps the plan of this
        statement, but plans one with an array of parents anew each time (0.2 instead of 0.5 ms).
        """
        statement = self.statements_of_one[page.backward, page.cursor is not None]
        rows = await database.fetch(statement, parent, *parameters, page.size + 1, *self.keys_of(page.cursor))
        return rows[::-1] if page.backward else rows

    async def first(
        self, database: Database, parents: Sequence[int], size: int, *parameters: Any, slow: bool = False
    ) -> dict[int, Sequence[Row]]:
        """The first `size` rows of each parent. A parent without rows may be missing."""
        return await self._fetch(database, self.statements[False, False], (parents, *parameters, size), slow=slow)

    async def _fetch(
        self, database: Database, statement: Statement, parameters: Sequence[Any], *, slow: bool
    ) -> dict[int, Sequence[Row]]:
        parents, *others = parameters
        fetch = database.fetch_long if slow else database.fetch
        rows = await fetch(statement, list(parents), *others)
        if database.dialect == "sqlite":
            return {row["parent"]: orjson.loads(row["listed"]) for row in rows}
        found: dict[int, Sequence[Row]] = {}
        for row in rows:
            found.setdefault(row["parent"], []).append(row)  # type: ignore[attr-defined]
        return found

    def _of_parents(self, backward: bool, beyond: bool) -> Statement:
        sqlite, postgres = self._rows(backward, beyond)
        pairs = ", ".join(f"'{name}', {name}" for name in self._columns)
        outer = self._order_by((f"r.{key.name}" for key in self.order), backward)
        return _per_parent(
            f"(SELECT json_group_array(json_object({pairs})) FROM ({sqlite})) AS listed FROM {{parents}}",
            f"r.* FROM {{parents}} CROSS JOIN LATERAL ({postgres}) r ORDER BY key.nth, {outer}",
            self.parent_type,
        )

    def _of_one(self, backward: bool, beyond: bool) -> Statement:
        sqlite, postgres = (text.replace(PARENT, "$1") for text in self._rows(backward, beyond))
        return Statement(Statement.of(sqlite).sqlite, postgres)

    def _rows(self, backward: bool, beyond: bool) -> tuple[str, str]:
        """The rows of one PARENT, for SQLite (with PostgreSQL's marks) and for PostgreSQL."""
        after = self._beyond(backward) if beyond else ""
        order = self._order_by((key.sql for key in self.order), backward)
        sqlite, postgres = (
            f"SELECT {self._select} {source} {after} ORDER BY {order} LIMIT ${self._size}"
            for source in (self._source.sqlite, self._source.postgres)
        )
        return sqlite, postgres

    def _order_by(self, columns: Iterable[str], backward: bool) -> str:
        return ", ".join(
            f"{column} {'ASC' if key.ascending != backward else 'DESC'}"
            for key, column in zip(self.order, columns, strict=True)
        )

    def _beyond(self, backward: bool) -> str:
        """The condition that a row stands behind the cursor's. Compares rows where all keys run in one direction."""
        marks = [f"${self._cursor + number}" for number in range(len(self.order))]
        signs = [">" if key.ascending != backward else "<" for key in self.order]
        names = [key.sql for key in self.order]
        if len(set(signs)) == 1:
            return f"AND ({', '.join(names)}) {signs[0]} ({', '.join(marks)})"
        (first, last), (one, other), (mark, further) = names, signs, marks
        return f"AND ({first} {one} {mark} OR ({first} = {mark} AND {last} {other} {further}))"


def count_per_parent(source: str | Statement, parent_type: str = "bigint") -> Statement:
    """How many rows of `source` each of $1 has: `parent` and `total`; $2 and further are the source's own parameters."""
    both = source if isinstance(source, Statement) else Statement(source, source)
    sqlite, postgres = (f"(SELECT count(*) {text}) AS total FROM {{parents}}" for text in (both.sqlite, both.postgres))
    return _per_parent(sqlite, postgres, parent_type)


def _per_parent(sqlite: str, postgres: str, parent_type: str) -> Statement:
    """A statement of both texts behind the column `parent`; `{parents}` stands for the table of parents."""
    sqlite, postgres = (
        f"SELECT {PARENT} AS parent, {text}".replace(PARENT, "key.value") for text in (sqlite, postgres)
    )
    return Statement(
        Statement.of(sqlite.replace("{parents}", "json_each($1) AS key")).sqlite,
        postgres.replace("{parents}", f"unnest($1::{parent_type}[]) WITH ORDINALITY AS key (value, nth)"),
    )
