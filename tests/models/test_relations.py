"""Each relation declares the id of its row, so that type checkers know it."""

from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.models import Model

from models import tables
from models.database import Database

MODELS: list[type[Model]] = [getattr(tables, name) for name in tables.__all__]


async def test_each_relation_declares_its_id(database: Database) -> None:
    # given
    relations = [
        (model, name, field)
        for model in MODELS
        for name, field in model._meta.fields_map.items()
        if isinstance(field, ForeignKeyFieldInstance)
    ]
    # then
    assert len(relations) > 40
    for model, name, field in relations:
        declared = model.__annotations__.get(f"{name}_id")
        assert declared == (int | None if field.null else int), f"{model.__name__}.{name}_id: {declared}"
