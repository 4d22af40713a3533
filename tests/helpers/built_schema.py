"""The built schema, and the descriptions in it."""

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_scalar_type,
)

from schema.graph import build

SCHEMA = build()._schema
OWN = [
    each for each in SCHEMA.type_map.values() if not is_introspection_type(each) and not is_specified_scalar_type(each)
]
"""Types of the project: none of introspection, and no standard scalar."""
assert SCHEMA.mutation_type is not None
MUTATIONS = SCHEMA.mutation_type.fields


def described() -> Iterator[tuple[str, str | None]]:
    """Yield the coordinate and description of each type, field, argument, input field and enum value."""
    for each in OWN:
        yield each.name, each.description
        if isinstance(each, GraphQLEnumType):
            yield from ((f"{each.name}.{name}", value.description) for name, value in each.values.items())
        if isinstance(each, GraphQLInputObjectType):
            yield from ((f"{each.name}.{name}", field.description) for name, field in each.fields.items())
        if isinstance(each, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in each.fields.items():
                yield f"{each.name}.{name}", field.description
                yield from (
                    (f"{each.name}.{name}({argument}:)", each_.description) for argument, each_ in field.args.items()
                )
