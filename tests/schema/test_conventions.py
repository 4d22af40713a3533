"""Names and shapes that the whole graph keeps to. Each rule lists the places that break it, as `Type.field`."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from tests.helpers.built_schema import SCHEMA

QUESTION: Final = re.compile(r"(is|has|can|was|uses|allows|should|needs)[A-Z]")
CODED: Final = frozenset(
    {
        "activity",
        "badge",
        "badges",
        "challenge",
        "country",
        "industries",
        "industry",
        "item",
        "language",
        "skill",
        "skills",
    }
)
"""Subjects that have a code in the catalogue: an input names the code, as `badgeCodes`."""
OBJECTS_BY_NAME: Final = {"account": "Account", "profile": "Profile", "project": "Project", "company": "Company"}


def outputs(schema: GraphQLSchema) -> Iterator[tuple[str, str, Any]]:
    """Yield the type's name, the field's name and the field of all objects and interfaces of the project."""
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__"):
            yield from ((name, field, each) for field, each in kind.fields.items())


def inputs(schema: GraphQLSchema) -> Iterator[tuple[str, str, Any]]:
    """Yield the place, the name and the type of each input field, as `Type.field`, and argument, as `Type.field(name:)`."""
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLInputObjectType):
            yield from ((f"{name}.{field}", field, each.type) for field, each in kind.fields.items())
    for owner, field, each in outputs(schema):
        yield from ((f"{owner}.{field}({name}:)", name, argument.type) for name, argument in each.args.items())


def named(type_: Any) -> str:
    return get_named_type(type_).name


def mutations_that_cannot_be_null(schema: GraphQLSchema) -> Iterator[str]:
    """A refused mutation is null, so that it hides nothing of the others in its document."""
    for owner, name, field in outputs(schema):
        if owner == "Mutation" and (str(field.type).endswith("!") or not set(field.args) <= {"input"}):
            yield f"{owner}.{name}"


def inputs_of_an_id_without_id(schema: GraphQLSchema) -> Iterator[str]:
    """
    An input says of what an id is: `profileId`, `projectIds`. Only `node(id:)` and lookups of one type say `id`, and
    `after` names the event to go on from.
    """
    for place, name, type_ in inputs(schema):
        lookup = name in {"id", "ids"} and (place.startswith("Query.") or is_one_of(schema, place))
        lookup |= name == "after" and place.startswith("Subscription.")
        if named(type_) == "ID" and not lookup and not name.endswith(("Id", "Ids")):
            yield place


def is_one_of(schema: GraphQLSchema, place: str) -> bool:
    kind = schema.type_map.get(place.partition(".")[0])
    return isinstance(kind, GraphQLInputObjectType) and kind.is_one_of


def inputs_of_a_code_without_code(schema: GraphQLSchema) -> Iterator[str]:
    """An input says that it takes a code of the catalogue: `skillCodes`, `countryCode`."""
    for place, name, type_ in inputs(schema):
        if named(type_) in {"String", "ID"} and name in CODED:
            yield place


def ids_without_id(schema: GraphQLSchema) -> Iterator[str]:
    """A field that is only an id says so: `accountId`, `deletedProjectId`. The object itself has the short name."""
    for owner, name, field in outputs(schema):
        if named(field.type) == "ID" and name != "id" and not name.endswith(("Id", "Ids")):
            yield f"{owner}.{name}"
        if (wanted := OBJECTS_BY_NAME.get(name)) and not is_a(schema, named(field.type), wanted):
            yield f"{owner}.{name}"


def is_a(schema: GraphQLSchema, name: str, wanted: str) -> bool:
    kind: Any = schema.type_map[name]
    return name == wanted or wanted in {each.name for each in getattr(kind, "interfaces", ())}


def booleans_that_are_no_question(schema: GraphQLSchema) -> Iterator[str]:
    """A Boolean that the graph answers reads as a question: `isPublic`, `canEdit`."""
    for owner, name, field in outputs(schema):
        if named(field.type) == "Boolean" and not QUESTION.match(name):
            yield f"{owner}.{name}"


def numbers_that_are_objects(schema: GraphQLSchema) -> Iterator[str]:
    """`points` is a number, also in `…Points`; a `level` is an object and its number `levelNumber`; a `code` is a text."""
    for owner, name, field in outputs(schema):
        kind = named(field.type)
        points = (name == "points" or name.endswith("Points")) and kind != "Int"
        level = (name == "level" or name.endswith("Level")) and kind in {"Int", "String", "Float"}
        if points or level or (name == "code" and kind != "String" and not kind.endswith("Code")):
            yield f"{owner}.{name}"
    for place, name, type_ in inputs(schema):
        if name == "level" and named(type_) == "Int":
            yield place


def percentages_without_percent(schema: GraphQLSchema) -> Iterator[str]:
    """A percentage ends in `Percent`. Its description says that it is one."""
    for owner, name, field in outputs(schema):
        says = re.search(r"\b(percent|percentage|0 to 100)\b", field.description or "", re.IGNORECASE)
        if named(field.type) in {"Int", "Float"} and bool(says) != name.endswith("Percent"):
            yield f"{owner}.{name}"


def connections_without_nodes(schema: GraphQLSchema) -> Iterator[str]:
    """A connection has `nodes` beside `edges` and `pageInfo`; the nodes are those of the edges."""
    for name, kind in schema.type_map.items():
        if name.endswith("Connection") and isinstance(kind, GraphQLObjectType):
            types = {field: str(each.type) for field, each in kind.fields.items()}
            edge: Any = get_named_type(kind.fields["edges"].type) if "edges" in types else None
            node = named(edge.fields["node"].type) if edge and "node" in edge.fields else None
            if types.get("nodes") != f"[{node}!]!" or types.get("pageInfo") != "PageInfo!":
                yield name


def counts_beside_a_connection(schema: GraphQLSchema) -> Iterator[str]:
    """The number of a connection's objects is its `totalCount`."""
    for owner, kind in schema.type_map.items():
        fields = getattr(kind, "fields", {})
        for name, field in fields.items():
            if isinstance(kind, GraphQLObjectType) and named(field.type).endswith("Connection"):
                yield from (
                    f"{owner}.{each}" for each in (f"{name}Count", f"{name.removesuffix('s')}Count") if each in fields
                )


def short_lists_with_first(schema: GraphQLSchema) -> Iterator[str]:
    """`first` begins a page of a connection; a short list takes a `limit`."""
    for owner, name, field in outputs(schema):
        if is_list_type(get_nullable_type(field.type)) and {"first", "last"} & set(field.args):
            yield f"{owner}.{name}"


def errors_without_error(schema: GraphQLSchema) -> Iterator[str]:
    """A type of an error ends in `Error`."""
    for name, kind in schema.type_map.items():
        if "UserError" in {each.name for each in getattr(kind, "interfaces", ())} and not name.endswith("Error"):
            yield name


RULES: Final = (
    mutations_that_cannot_be_null,
    inputs_of_an_id_without_id,
    inputs_of_a_code_without_code,
    ids_without_id,
    booleans_that_are_no_question,
    numbers_that_are_objects,
    percentages_without_percent,
    connections_without_nodes,
    counts_beside_a_connection,
    short_lists_with_first,
    errors_without_error,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_graph_keeps_to(rule: Any) -> None:
    assert sorted(set(rule(SCHEMA))) == [], rule.__doc__


WRONG: Final = build_schema("""
  type Query { profiles(company: ID, country: String, level: Int): ProfileConnection node(id: ID!): Profile find(by: By): Profile }
  type Mutation { follow(profileId: ID!): Profile leave: Profile! }
  input By @oneOf { id: ID handle: String }
  input FollowInput { profile: ID! profileId: ID! skills: [String!] skillCodes: [String!] }
  type Profile { id: ID! account: ID accountId: ID visible: Boolean isVisible: Boolean points: Points score: Int profilesCount: Int
    level: Int levelNumber: Int "0 to 100." progress: Int "0 to 100." progressPercent: Int friends(first: Int): [Profile]
    profiles: ProfileConnection profileCount: Int }
  type Points { points: Int }
  type ProfileConnection { edges: [ProfileEdge!]! pageInfo: PageInfo! }
  type ProfileEdge { node: Profile }
  type PageInfo { hasNextPage: Boolean! }
  interface UserError { code: String! }
  type PlainError implements UserError { code: String! }
  type Refusal implements UserError { code: String! }
""")
FOUND_IN_WRONG: Final = {
    mutations_that_cannot_be_null: ["Mutation.follow", "Mutation.leave"],
    inputs_of_an_id_without_id: ["FollowInput.profile", "Query.profiles(company:)"],
    inputs_of_a_code_without_code: ["FollowInput.skills", "Query.profiles(country:)"],
    ids_without_id: ["Profile.account"],
    booleans_that_are_no_question: ["Profile.visible"],
    numbers_that_are_objects: ["Profile.level", "Profile.points", "Query.profiles(level:)"],
    percentages_without_percent: ["Profile.progress"],
    connections_without_nodes: ["ProfileConnection"],
    counts_beside_a_connection: ["Profile.profileCount", "Profile.profilesCount"],
    short_lists_with_first: ["Profile.friends"],
    errors_without_error: ["Refusal"],
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_finds_what_breaks_it_and_nothing_else(rule: Any) -> None:
    assert sorted(set(rule(WRONG))) == FOUND_IN_WRONG[rule]
