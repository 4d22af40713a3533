"""Every type with an id is a node: `node` and `nodes` read it, and its scopes follow from one table."""

from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type

from catalogue.scopes import NODES
from resolvers.base.nodes import LISTED_IN, READERS
from services.core.ids import PREFIXES
from tests.helpers.built_schema import OWN, SCHEMA


def read_as(type_: Any) -> set[str]:
    """The names by which a reader may answer this type: its own, and those of its interfaces."""
    return {type_.name, *(each.name for each in type_.interfaces)}


WITH_ID = [
    each
    for each in OWN
    if isinstance(each, GraphQLObjectType | GraphQLInterfaceType)
    and each.name != "Node"
    and "id" in each.fields
    and str(each.fields["id"].type) == "ID!"
]
HOW_TO_ADD = (
    "A type with an id implements `Node` (schema/), has a prefix (services/core/ids.py) and a reader (resolvers/base/nodes.py), "
    "and is in NODES (catalogue/scopes.py). If only some of its owner's credentials may list it, add that list to LISTED_IN."
)


def test_every_type_with_an_id_is_a_node_that_can_be_read() -> None:
    assert {each.name for each in WITH_ID if "Node" not in read_as(each)} == set(), HOW_TO_ADD
    assert {each.name for each in WITH_ID if not read_as(each) & READERS.keys()} == set(), HOW_TO_ADD
    assert {each.name for each in WITH_ID} == NODES, HOW_TO_ADD
    assert READERS.keys() <= PREFIXES.keys() & NODES, HOW_TO_ADD


def test_a_private_type_names_the_field_that_lists_it() -> None:
    for name, coordinate in LISTED_IN.items():
        owner, field = coordinate.split(".")
        parent: Any = SCHEMA.type_map[owner]
        listed: Any = get_named_type(parent.fields[field].type)
        if listed.name.endswith("Connection"):
            listed = get_named_type(get_named_type(listed.fields["edges"].type).fields["node"].type)
        assert listed.name == name and name in READERS
