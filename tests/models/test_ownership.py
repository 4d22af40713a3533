"""Every table with data of people says what merging, deletion and export do to it."""

from typing import Any

import pytest

from models import tables
from models.ownership import NOT_PERSONAL, OWNERSHIP
from models.ownership.rules import Cleared, Combined, Deleted, Exported, Moved, Ownership, Rebuilt

PEOPLE = {"models.Account": "account", "models.Profile": "profile"}
LOOSE = {"account_id": "account", "actor_id": "account", "profile_id": "profile"}
"""Columns that name a person without a foreign key."""


def references(model: Any) -> dict[str, str]:
    meta = model._meta
    keys = {name: meta.fields_map[name] for name in meta.fk_fields | meta.o2o_fields}
    found = {
        key.source_field or f"{name}_id": PEOPLE[key.model_name]
        for name, key in keys.items()
        if key.model_name in PEOPLE
    }
    return found | {name: of for name, of in LOOSE.items() if name in columns_of(model)}


def columns_of(model: Any) -> set[str]:
    meta = model._meta
    return {*meta.fields_db_projection.values(), *(f"{name}_id" for name in meta.fk_fields | meta.o2o_fields)}


def named_by(rules: Any) -> set[str]:
    return {
        name for rule in rules for name in getattr(rule, "columns", None) or (getattr(rule, "column", None),) if name
    }


def test_every_table_is_declared_once() -> None:
    declared = [each.model for each in OWNERSHIP]
    assert len(declared) == len(set(declared))
    assert set(declared) & NOT_PERSONAL.keys() == set()
    assert {*declared, *NOT_PERSONAL} == {getattr(tables, name) for name in tables.__all__}


def test_tables_without_data_of_people_refer_to_no_person() -> None:
    assert [model.__name__ for model in NOT_PERSONAL if references(model)] == []


@pytest.mark.parametrize("of", OWNERSHIP, ids=lambda each: each.table)
def test_every_reference_to_a_person_has_its_rules(of: Ownership) -> None:
    known = references(of.model)
    profiles = {name for name, owner in known.items() if owner == "profile"}
    merged = named_by(rule for rule in of.merge if isinstance(rule, Moved | Combined | Rebuilt))
    assert profiles <= merged, f"merging {of.table} says nothing about {profiles - merged}"
    gone = named_by(of.deletion)
    assert set(known) <= gone, f"deletion of {of.table} says nothing about {set(known) - gone}"


@pytest.mark.parametrize("of", OWNERSHIP, ids=lambda each: each.table)
def test_the_columns_of_rules_exist(of: Ownership) -> None:
    meta: Any = of.model._meta
    named = named_by(of.merge) | named_by(of.deletion)
    if isinstance(of.export, Exported):
        named |= {*of.export.columns, of.export.owner, *dict(of.export.where)}
    assert named <= columns_of(of.model)
    for rule in of.deletion:
        if isinstance(rule, Cleared):
            cleared = [meta.fields_map.get(name) or meta.fields_map[name.removesuffix("_id")] for name in rule.columns]
            assert all(each.null for each in cleared), "a cleared column must be nullable"
        if isinstance(rule, Deleted):
            assert rule.columns or rule.by, "rows are deleted by a column or by a module"
