"""What tables are like: as models declare them, and as each database says they are. Both in the same words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tortoise.migrations.constraints import CheckConstraint

from models import tables, versions

KINDS = {
    "BIGINT": "integer",
    "BIGSERIAL": "integer",
    "BLOB": "bytes",
    "BOOL": "boolean",
    "BOOLEAN": "boolean",
    "BYTEA": "bytes",
    "DATE": "date",
    "DOUBLE PRECISION": "float",
    "INT": "integer",
    "INTEGER": "integer",
    "JSON": "json",
    "JSONB": "json",
    "REAL": "float",
    "SMALLINT": "integer",
    "TEXT": "text",
    "TIMESTAMP": "time",
    "TIMESTAMPTZ": "time",
    "TIMESTAMP WITH TIME ZONE": "time",
    "CHARACTER VARYING": "text",
    "UUID": "uuid",
    "CHAR(36)": "uuid",
    "VARCHAR": "text",
}
POSTGRES_ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


@dataclass
class Table:
    """
    Columns are (kind with length, nullable, has a default); keys of `foreign` are columns, values what they refer
    to and what a deletion there does. Lists are sorted and keep repetitions: an index that exists twice is a fault.
    """

    columns: dict[str, tuple[str, bool, bool]]
    key: list[str]
    indexes: list[tuple[str, ...]] = field(default_factory=list)
    uniques: list[tuple[str, ...]] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    foreign: dict[str, tuple[str, str, str]] = field(default_factory=dict)


def declared(models: Iterable[Any], dialect: str) -> dict[str, Table]:
    """The tables of Tortoise's models."""
    return {model._meta.db_table: _declared(model, dialect) for model in models}


def _declared(model: Any, dialect: str) -> Table:
    meta = model._meta

    def columns_of(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(meta.fields_db_projection.get(name, name) for name in names)

    columns = {column: meta.fields_map[name] for name, column in meta.fields_db_projection.items()}
    table = Table(
        columns={
            name: (_kind(of.get_for_dialect(dialect, "SQL_TYPE")), of.null, of.has_db_default())
            for name, of in columns.items()
        },
        key=[meta.db_pk_column],
    )
    for name, of in columns.items():
        _add_own(table, name, of)
    table.uniques += [columns_of(names) for names in meta.unique_together or ()]
    table.indexes += [columns_of(getattr(index, "fields", index)) for index in meta.indexes or ()]
    for constraint in meta.constraints or ():
        if isinstance(constraint, CheckConstraint):
            table.checks.append(constraint.name)
        else:
            table.uniques.append(columns_of(constraint.fields))
    return _sorted(table)


def _add_own(table: Table, name: str, of: Any) -> None:
    if of.reference:
        target = of.reference.related_model._meta
        table.foreign[name] = (target.db_table, target.db_pk_column, str(of.reference.on_delete.value))
    if of.pk:
        return
    if of.unique:
        table.uniques.append((name,))
    elif of.index:
        table.indexes.append((name,))


async def found(client: Any, dialect: str) -> dict[str, Table]:
    """The tables of the database that `client`, a Tortoise connection, is connected to."""
    tables = await (_on_sqlite(client) if dialect == "sqlite" else _on_postgres(client))
    tables.pop(versions.TABLE, None)
    return {name: _sorted(table) for name, table in tables.items()}


async def _on_sqlite(client: Any) -> dict[str, Table]:
    tables = {}
    for made in await _rows(
        client, "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ):
        name = made["name"]
        info = await _rows(client, f"SELECT * FROM pragma_table_info('{name}')")
        table = Table(
            columns={
                row["name"]: (_kind(row["type"]), not row["notnull"], row["dflt_value"] is not None) for row in info
            },
            key=[row["name"] for row in sorted(info, key=lambda row: row["pk"]) if row["pk"]],
            checks=re.findall(r'CONSTRAINT "(\w+)" CHECK', made["sql"]),
        )
        for index in await _rows(client, f"SELECT * FROM pragma_index_list('{name}')"):
            of = await _rows(client, f"SELECT name FROM pragma_index_info('{index['name']}') ORDER BY seqno")
            if index["origin"] != "pk":
                (table.uniques if index["unique"] else table.indexes).append(tuple(row["name"] for row in of))
        for row in await _rows(client, f"SELECT * FROM pragma_foreign_key_list('{name}')"):
            table.foreign[row["from"]] = (row["table"], row["to"], row["on_delete"])
        tables[name] = table
    return tables


async def _on_postgres(client: Any) -> dict[str, Table]:
    tables: dict[str, Table] = {}
    columns = """
        SELECT table_name, column_name, data_type, character_maximum_length AS length, is_nullable,
               column_default IS NOT NULL AND column_default NOT LIKE 'nextval(%' AS has_default
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY ordinal_position"""
    for row in await _rows(client, columns):
        kind = _kind(row["data_type"] + (f"({row['length']})" if row["length"] else ""))
        table = tables.setdefault(row["table_name"], Table(columns={}, key=[]))
        table.columns[row["column_name"]] = (kind, row["is_nullable"] == "YES", row["has_default"])
    indexes = """
        SELECT t.relname AS "table", i.indisunique, i.indisprimary,
               ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS k(n, o)
                     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.n ORDER BY k.o) AS columns
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid WHERE t.relnamespace = 'public'::regnamespace"""
    for row in await _rows(client, indexes):
        table = tables[row["table"]]
        if row["indisprimary"]:
            table.key = list(row["columns"])
        else:
            (table.uniques if row["indisunique"] else table.indexes).append(tuple(row["columns"]))
    constraints = """
        SELECT t.relname AS "table", c.conname, c.contype::text AS kind, c.confdeltype::text AS action, o.relname AS other,
               (SELECT attname::text FROM pg_attribute WHERE attrelid = t.oid AND attnum = c.conkey[1]) AS column,
               (SELECT attname::text FROM pg_attribute WHERE attrelid = o.oid AND attnum = c.confkey[1]) AS to
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid LEFT JOIN pg_class o ON o.oid = c.confrelid
        WHERE t.relnamespace = 'public'::regnamespace AND c.contype IN ('c', 'f')"""
    for row in await _rows(client, constraints):
        table = tables[row["table"]]
        if row["kind"] == "c":
            table.checks.append(row["conname"])
        else:
            table.foreign[row["column"]] = (row["other"], row["to"], POSTGRES_ACTIONS[row["action"]])
    return tables


async def _rows(client: Any, text: str) -> list[dict[str, Any]]:
    return [dict(row) for row in await client.execute_query_dict(text)]


def _kind(sql_type: str) -> str:
    """`text(64)`, `integer`, ...: what both databases call differently."""
    sql_type = sql_type.upper()
    if sql_type in KINDS:
        return KINDS[sql_type]
    name, _, length = sql_type.partition("(")
    return f"{KINDS[name]}({length}"


def _sorted(table: Table) -> Table:
    for each in (table.indexes, table.uniques, table.checks):
        each.sort()
    return table


MODELS: list[Any] = [getattr(tables, name) for name in tables.__all__]
