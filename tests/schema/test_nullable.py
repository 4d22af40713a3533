"""Root fields that can be refused are nullable: a refused one must not hide what the others answered."""

from graphql import GraphQLNonNull

from schema.fields import Answered, kind_of
from schema.graph import build

SCHEMA = build()._schema
CANNOT_BE_REFUSED = {
    "activities",
    "badges",
    "challenges",
    "countries",
    "industries",
    "languages",
    "levels",
    "projectFields",
    "skills",
    "tokenScopes",
}
"""Lists of the catalogue, for everyone and without arguments."""


def test_mutations_are_nullable() -> None:
    assert SCHEMA.mutation_type is not None
    assert {
        name for name, each in SCHEMA.mutation_type.fields.items() if isinstance(each.type, GraphQLNonNull)
    } == set()


def test_only_lists_of_the_catalogue_are_never_null() -> None:
    assert SCHEMA.query_type is not None
    fields = SCHEMA.query_type.fields
    never_null = {name for name, each in fields.items() if isinstance(each.type, GraphQLNonNull)}
    assert never_null == CANNOT_BE_REFUSED
    for name in never_null:
        kind = kind_of(fields[name])
        assert isinstance(kind, Answered) and not kind.allowed and not fields[name].args, name
