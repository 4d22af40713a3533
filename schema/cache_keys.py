"""The key of each type for clients with a normalised cache: it follows from the schema, so no type can be forgotten."""

from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType

from schema.graph import build


def object_types() -> list[GraphQLObjectType]:
    """Every object type of the schema but the three roots, by name."""
    schema = build()._schema
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    found = (each for each in schema.type_map.values() if isinstance(each, GraphQLObjectType) and each not in roots)
    return sorted((each for each in found if not each.name.startswith("__")), key=lambda each: each.name)


def possible_types() -> dict[str, list[str]]:
    """The names of the object types of each interface, all sorted."""
    schema = build()._schema
    interfaces = (each for each in schema.type_map.values() if isinstance(each, GraphQLInterfaceType))
    return {
        each.name: sorted(kind.name for kind in schema.get_possible_types(each))
        for each in sorted(interfaces, key=lambda each: each.name)
    }


def key_of(kind: Any) -> str | None:
    """
    Return the field that is the key of a type: `id`; `code` for an entry of a catalogue; None for a part of its parent.

    A `code` that is an enum, or that is a fact of an interface's types (errors, events), is no key.
    """
    types = {name: str(field.type) for name, field in kind.fields.items()}
    if types.get("id") == "ID!":
        return "id"
    return "code" if types.get("code") == "String!" and not kind.interfaces else None


def types_by_key() -> dict[str | None, list[str]]:
    """Return the names of all object types by their key, sorted."""
    found: dict[str | None, list[str]] = {"id": [], "code": [], None: []}
    for kind in object_types():
        found[key_of(kind)].append(kind.name)
    return found
