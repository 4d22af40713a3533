"""
Schema editors for migrations, on both databases.

CHECK and named UNIQUE constraints of a model are created with its table. On SQLite, changes that ALTER TABLE does not
support recreate the table from the model after the step: Tortoise's own way drops indexes and unique constraints.
"""

import sqlite3
from copy import copy
from types import SimpleNamespace
from typing import Any

from tortoise.fields.relational import ForeignKeyFieldInstance, ManyToManyFieldInstance
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.schema_editor.asyncpg import AsyncpgSchemaEditor
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_editor.sqlite import SqliteSchemaEditor

GENERATED = ("idx_", "uid_", "uidx_")
"""Prefixes of the names that Tortoise generates for indexes and unique constraints."""


class _WithConstraints(BaseSchemaEditor):
    """Writes `Meta.constraints` into CREATE TABLE; Tortoise omits them there."""

    _constraints: tuple[CheckConstraint | UniqueConstraint, ...] = ()
    _model: Any = None

    def _get_model_sql_data(self, model: Any) -> Any:
        self._model, self._constraints = model, tuple(model._meta.constraints or ())
        try:
            return super()._get_model_sql_data(model)
        finally:
            self._model, self._constraints = None, ()

    def _get_table_comment_sql(self, table: str, comment: str) -> str:
        return ""  # descriptions stay in the models; they change without a migration

    def _get_column_comment_sql(self, table: str, column: str, comment: str) -> str:
        return ""

    def _get_inner_statements(self) -> list[str]:
        return [*super()._get_inner_statements(), *map(self._constraint_sql, self._constraints)]

    def _constraint_sql(self, constraint: CheckConstraint | UniqueConstraint) -> str:
        if isinstance(constraint, CheckConstraint):
            return self.CHECK_CONSTRAINT_CREATE_TEMPLATE.format(name=constraint.name, check=constraint.check)
        if constraint.condition:
            raise NotImplementedError(f"{constraint.name}: SQLite has no partial unique constraint; use a table.")
        columns = self._resolve_fields_to_columns(self._model, constraint.fields)
        return self.UNIQUE_CONSTRAINT_CREATE_TEMPLATE.format(
            index_name=self._constraint_name_for_model(self._model, constraint),
            fields=", ".join(map(self.quote, columns)),
        )

    def _escape_default_value(self, default: object) -> str:
        if isinstance(default, str):  # Tortoise escapes like MySQL
            return "'" + default.replace("'", "''") + "'"
        if isinstance(default, bool):
            return str(default).upper()
        return super()._escape_default_value(default)

    def _literal(self, field: Any, model: Any) -> str:
        return self._escape_default_value(field.to_db_value(field.default, model))


class PostgresEditor(_WithConstraints, AsyncpgSchemaEditor):
    """Alters tables in place, including existing rows, indexes and foreign keys, which Tortoise omits."""

    async def add_field(self, model: Any, field_name: str) -> None:
        field = model._meta.fields_map[field_name]
        if isinstance(field, ManyToManyFieldInstance):
            await super().add_field(model, field_name)
            return
        column = _column_field(model, field)
        table, name = self.quote(model._meta.db_table), self.quote(_column(column))
        if _fills_itself(column):
            await super().add_field(model, field_name)
        else:
            _refuse_without_default(model, column)
            filled = copy(field)
            filled.db_default = field.default  # for existing rows; the program sets it in new ones
            await super().add_field(_like(model, fields_map=model._meta.fields_map | {field_name: filled}), field_name)
            await self._run_sql(f"ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT")
        if column.index and not column.pk:
            await self.add_index(model, Index(fields=(_column(column),)))

    async def alter_field(self, old_model: Any, new_model: Any, field_name: str) -> None:
        old, new = old_model._meta.fields_map[field_name], new_model._meta.fields_map[field_name]
        if isinstance(new, ManyToManyFieldInstance):
            await super().alter_field(old_model, new_model, field_name)
            return
        column = _column_field(new_model, new)
        table, name = self.quote(new_model._meta.db_table), self.quote(_column(column))
        if old.null and not new.null and _has_literal(column):
            literal = self._literal(column, new_model)
            await self._run_sql(f"UPDATE {table} SET {name} = {literal} WHERE {name} IS NULL")
        await super().alter_field(old_model, new_model, field_name)
        if isinstance(new, ForeignKeyFieldInstance) and old.on_delete != new.on_delete:
            key = self.quote(f"{new_model._meta.db_table}_{_column(column)}_fkey")
            target = new.related_model._meta
            await self._run_sql(
                f"ALTER TABLE {table} DROP CONSTRAINT {key}, ADD CONSTRAINT {key} FOREIGN KEY ({name}) "
                f"REFERENCES {self.quote(target.db_table)} ({self.quote(target.db_pk_column)}) "
                f"ON DELETE {new.on_delete}"
            )

    async def _alter_column_comment(self, model: Any, old_field: Any, new_field: Any) -> None:
        pass


class SqliteEditor(_WithConstraints, SqliteSchemaEditor):
    """
    Recreates tables. Foreign keys must be off on the connection, or dropping the old table would delete the rows that refer
    to it.
    """

    async def _run_sql(self, sql: str) -> None:
        if self.collect_sql:
            await super()._run_sql(sql)
            return
        for statement in statements(sql):
            await self.client.execute_query(statement)

    async def add_field(self, model: Any, field_name: str) -> None:
        field = model._meta.fields_map[field_name]
        if isinstance(field, ManyToManyFieldInstance):
            await super().add_field(model, field_name)
            return
        column = _column_field(model, field)
        if not _fills_itself(column):
            _refuse_without_default(model, column)
        value = None if _fills_itself(column) else self._literal(column, model)
        await self._remake(model, new={_column(column): value})

    async def remove_field(self, model: Any, field: Any) -> None:
        if isinstance(field, ManyToManyFieldInstance):
            await super().remove_field(model, field)
            return
        await self._remake(_without_column(model, _column(_column_field(model, field))))

    async def alter_field(self, old_model: Any, new_model: Any, field_name: str) -> None:
        old, new = old_model._meta.fields_map[field_name], new_model._meta.fields_map[field_name]
        if isinstance(old, ManyToManyFieldInstance):
            await super().alter_field(old_model, new_model, field_name)
            return
        old, new = _column_field(old_model, old), _column_field(new_model, new)
        value = self.quote(_column(old))
        if old.null and not new.null and _has_literal(new):
            value = f"COALESCE({value}, {self._literal(new, new_model)})"
        if self._get_model_sql_data(old_model).table_sql != self._get_model_sql_data(new_model).table_sql:
            await self._remake(new_model, new={_column(new): value})

    async def add_constraint(self, model: Any, constraint: Any) -> None:
        await self._remake(model)

    async def remove_constraint(self, model: Any, constraint: Any) -> None:
        await self._remake(_without_constraint(model, constraint))

    async def rename_constraint(self, model: Any, old_constraint: Any, new_constraint: Any) -> None:
        await self._remake(model)

    async def _remake(self, model: Any, *, new: dict[str, str | None] | None = None) -> None:
        """
        Recreate the table as `model` declares it and move its rows.

        `new` has the values of columns that are not copied: an SQL expression, or None for the column's default. Indexes
        and triggers that were created by hand are recreated too.
        """
        table, new = model._meta.db_table, new or {}
        made_by_hand = [
            row["sql"]
            for row in await self._rows(
                "SELECT name, sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('index', 'trigger')", table
            )
            if row["sql"] and not row["name"].startswith(GENERATED) and row["name"] not in _named_indexes(model)
        ]
        last_id = await self._rows("SELECT seq FROM sqlite_sequence WHERE name = ?", table)
        create, *indexes = statements(self._get_model_sql_data(model).table_sql)
        await self.client.execute_query(create.replace(self.quote(table), self.quote(f"new__{table}"), 1))
        columns = {name: new.get(name, self.quote(name)) for name in model._meta.fields_db_projection.values()}
        copied = {name: value for name, value in columns.items() if value is not None}
        await self.client.execute_query(
            f"INSERT INTO {self.quote(f'new__{table}')} ({', '.join(map(self.quote, copied))}) "
            f"SELECT {', '.join(copied.values())} FROM {self.quote(table)}"
        )
        await self.client.execute_query(f"DROP TABLE {self.quote(table)}")
        await self.client.execute_query(f"ALTER TABLE {self.quote(f'new__{table}')} RENAME TO {self.quote(table)}")
        for row in last_id:  # ids of deleted rows are not reused
            await self.client.execute_query("DELETE FROM sqlite_sequence WHERE name = ?", [table])
            await self.client.execute_query("INSERT INTO sqlite_sequence VALUES (?, ?)", [table, row["seq"]])
        for statement in (*indexes, *made_by_hand):
            await self.client.execute_query(statement)

    async def _rows(self, text: str, *params: Any) -> Any:
        return (await self.client.execute_query(text, list(params)))[1]


def statements(script: str) -> list[str]:
    """Split a script into statements; semicolons in literals and comments do not split."""
    found, begun = [], ""
    for part in script.split(";"):
        begun += part + ";"
        if sqlite3.complete_statement(begun):
            found.append(begun.strip())
            begun = ""
    if begun.strip(" \n;"):
        raise ValueError(f"Not a whole statement: {begun}")
    return [statement for statement in found if statement != ";"]


def _column_field(model: Any, field: Any) -> Any:
    """Return the field of the column: `company_id` for the foreign key `company`."""
    if isinstance(field, ForeignKeyFieldInstance):
        return model._meta.fields_map[field.source_field or field.model_field_name]
    return field


def _fills_itself(field: Any) -> bool:
    return bool(field.null or field.has_db_default())


def _has_literal(field: Any) -> bool:
    return field.default is not None and not callable(field.default)


def _refuse_without_default(model: Any, field: Any) -> None:
    if not _has_literal(field):
        raise ValueError(f"{model.__name__}.{field.model_field_name}: old rows need a default, or make it nullable.")


def _column(field: Any) -> str:
    return field.source_field or field.model_field_name


def _named_indexes(model: Any) -> set[str]:
    return {index.name for index in model._meta.indexes or () if getattr(index, "name", None)}


def _like(model: Any, **changed: Any) -> Any:
    """Return a stand-in for `model` with changed metadata."""
    meta = copy(model._meta)
    for name, value in changed.items():
        setattr(meta, name, value)
    return SimpleNamespace(_meta=meta, __name__=model.__name__)


def _without_column(model: Any, column: str) -> Any:
    meta = model._meta
    names = {name for name, of in meta.fields_db_projection.items() if of == column}
    return _like(
        model,
        fields_db_projection={name: of for name, of in meta.fields_db_projection.items() if of != column},
        unique_together=tuple(fields for fields in meta.unique_together or () if not names & set(fields)),
        indexes=tuple(each for each in meta.indexes or () if not names & set(getattr(each, "fields", each))),
        constraints=tuple(
            each for each in meta.constraints or () if isinstance(each, CheckConstraint) or not names & set(each.fields)
        ),
    )


def _without_constraint(model: Any, constraint: CheckConstraint | UniqueConstraint) -> Any:
    meta = model._meta
    if constraint.name:
        return _like(model, constraints=tuple(each for each in meta.constraints if each.name != constraint.name))
    fields_of: Any = constraint
    kept = tuple(fields for fields in meta.unique_together if tuple(fields) != tuple(fields_of.fields))
    return _like(model, unique_together=kept)
