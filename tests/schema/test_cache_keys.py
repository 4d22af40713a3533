"""Keys for normalised caches: each type has one or is a part of its parent, and the page names exactly the types that there are."""

import re
from typing import Any

from graphql import GraphQLObjectType

from cli.caches_reference import caches
from schema.cache_keys import key_of, possible_types, types_by_key
from tests.helpers.built_schema import OWN, SCHEMA

ROOTS = {"Query", "Mutation", "Subscription"}
OBJECTS = {each.name for each in OWN if isinstance(each, GraphQLObjectType)} - ROOTS
OUTDATED = "docs/reference/caches.md is made from the schema: run `make docs`. A new type needs nothing else."


def test_the_table_names_every_object_type_once() -> None:
    rows = caches().partition("| --- | --- |\n")[2].partition("\n\n")[0]
    named = [name for row in rows.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[2])]
    assert sorted(named) == sorted(OBJECTS), OUTDATED


def test_a_key_is_a_field_that_is_never_null() -> None:
    for key, names in types_by_key().items():
        for name in names:
            kind: Any = SCHEMA.type_map[name]
            assert key is None or str(kind.fields[key].type).endswith("!"), name


def test_catalogues_have_codes_and_nodes_have_ids() -> None:
    found = types_by_key()
    assert {"Activity", "Badge", "Skill"} <= {*found["code"]}
    assert {*possible_types()["Node"]} <= {*found["id"]}


def test_the_code_of_an_error_is_no_key() -> None:
    error: Any = SCHEMA.type_map["PlainError"]
    assert "code" in error.fields and key_of(error) is None


def test_the_configurations_have_an_entry_for_each_type_that_needs_one() -> None:
    found, text = types_by_key(), caches()
    apollo, _, urql = text.partition("## urql")
    assert re.findall(r"(\w+): \{ keyFields: \[\"code\"\] \}", apollo) == found["code"]
    assert re.findall(r"(\w+): byCode,", urql) == found["code"]
    known_to_urql = {
        name for name in found[None] if name == "PageInfo" or name.endswith(("Connection", "Edge", "Payload"))
    }
    assert {*re.findall(r"(\w+): withoutKey,", urql)} == {*found[None]} - known_to_urql
