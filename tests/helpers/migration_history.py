"""A made-up history of tables, one kind of change after the other, to try models/engines/schema.py with."""

from typing import Any

from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.migration import Migration

from models.engines.states import no_tables


def first() -> list[Any]:
    """Shelves, their books (deleted with them) and loans (which outlive the book)."""
    return [
        ops.CreateModel(
            name="Shelf",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("name", fields.CharField(max_length=40, unique=True)),
                ("place", fields.CharField(max_length=20, description="Where it is; east or west.")),
                ("code", fields.CharField(max_length=8, null=True)),
                ("note", fields.TextField(null=True)),
                ("kind", fields.CharField(max_length=8, db_index=True)),
                ("full", fields.BooleanField(default=False)),
            ],
            options={
                "table": "shelf",
                "unique_together": (("place", "code"),),
                "indexes": [Index(fields=("place", "id")), Index(fields=("kind", "place"), name="shelf_by_kind")],
                "constraints": [CheckConstraint(check="place IN ('east', 'west;')", name="shelf_place")],
            },
        ),
        ops.CreateModel(
            name="Book",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("shelf", fields.ForeignKeyField("models.Shelf", related_name=False, on_delete=OnDelete.CASCADE)),
                ("after", fields.ForeignKeyField("models.Book", related_name=False, null=True)),
                ("title", fields.CharField(max_length=40)),
            ],
            options={"table": "book", "unique_together": (("shelf_id", "title"),)},
        ),
        ops.CreateModel(
            name="Loan",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "book",
                    fields.ForeignKeyField(
                        "models.Book", related_name=False, null=True, on_delete=OnDelete.SET_NULL, db_index=True
                    ),
                ),
            ],
            options={"table": "loan"},
        ),
    ]


def changes() -> dict[str, list[Any]]:
    """By name, what happened then."""
    low = CheckConstraint(check="level < 100", name="shelf_level")
    return {
        "add_field_with_default": [ops.AddField("Shelf", "level", fields.IntField(default=3, db_index=True))],
        "add_text_with_default": [ops.AddField("Shelf", "wood", fields.CharField(max_length=9, default="o'a;k"))],
        "add_db_default": [ops.AddField("Shelf", "turned", fields.BooleanField(db_default=True))],
        "add_unique_field": [ops.AddField("Shelf", "tag", fields.CharField(max_length=9, null=True, unique=True))],
        "add_foreign_key": [
            ops.AddField(
                "Shelf", "best", fields.ForeignKeyField("models.Book", related_name=False, null=True, db_index=True)
            )
        ],
        "add_check": [ops.AddConstraint("Shelf", low)],
        "rename_check": [ops.RenameConstraint("Shelf", "shelf_level", "shelf_low")],
        "remove_check": [ops.RemoveConstraint("Shelf", name="shelf_low")],
        "add_unique": [ops.AddConstraint("Shelf", UniqueConstraint(fields=("place", "name")))],
        "remove_unique": [ops.RemoveConstraint("Shelf", fields=["place", "code"])],
        "fill_and_forbid_null": [ops.AlterField("Shelf", "code", fields.CharField(max_length=16, default="none"))],
        "allow_null": [ops.AlterField("Shelf", "code", fields.CharField(max_length=16, null=True))],
        "index_field": [ops.AlterField("Shelf", "code", fields.CharField(max_length=16, null=True, db_index=True))],
        "unindex_field": [ops.AlterField("Shelf", "code", fields.CharField(max_length=16, null=True))],
        "drop_unique_of_field": [ops.AlterField("Shelf", "name", fields.CharField(max_length=40))],
        "make_field_unique": [ops.AlterField("Shelf", "name", fields.CharField(max_length=40, unique=True))],
        "describe": [ops.AlterField("Shelf", "kind", fields.CharField(max_length=8, db_index=True, description="It."))],
        "restrict_deletion": [
            ops.AlterField(
                "Book",
                "shelf",
                fields.ForeignKeyField("models.Shelf", related_name=False, on_delete=OnDelete.RESTRICT),
            )
        ],
        "remove_field": [ops.RemoveField("Shelf", "note")],
        "rename_field": [ops.RenameField("Shelf", "full", "crowded")],
        "add_index": [ops.AddIndex("Shelf", Index(fields=("code", "name")))],
        "remove_index": [ops.RemoveIndex("Shelf", fields=["place", "id"])],
        "remove_named_index": [ops.RemoveIndex("Shelf", name="shelf_by_kind")],
        "remove_foreign_key": [ops.RemoveField("Shelf", "best")],
    }


def migrations(steps: int) -> dict[str, Migration]:
    """The first migration and so many of the changes, each a migration of its own."""
    all_of_them = {"0001_first": first()} | {
        f"{number:04}_{name}": operations for number, (name, operations) in enumerate(changes().items(), 2)
    }
    chosen = list(all_of_them.items())[: steps + 1]
    return {name: _migration(name, operations) for name, operations in chosen}


def _migration(name: str, operations: list[Any]) -> Migration:
    return type("Migration", (Migration,), {"operations": operations})(name, "models")


async def models_after(history: dict[str, Migration], dialect: str) -> list[Any]:
    """What models were like when these migrations had run."""
    state = no_tables(dialect)
    for migration in history.values():
        await migration.apply(state, dry_run=True)
    return list(state.apps.apps.get("models", {}).values())
