"""How much an introspection tells: each of its lists counts as many rows as this schema has there."""

from collections.abc import Mapping
from math import ceil
from weakref import WeakKeyDictionary

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
)
from graphql.execution.values import VariableValues

from execution.access import included

_Sizes = Mapping[str, tuple[int, int]]
_known: "WeakKeyDictionary[GraphQLSchema, _Sizes]" = WeakKeyDictionary()


class Introspection:
    """Counts what the introspection in one operation may tell."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: VariableValues
    ) -> None:
        self._schema, self._fragments, self._variables = schema, fragments, variables
        self._walked: dict[tuple[int, bool], int] = {}

    def values(self, field: FieldNode) -> int:
        """The values below `__schema` or `__type`; what is asked twice counts twice."""
        return self._of(field.selection_set, among_all=False) if field.selection_set else 0

    def _of(self, selection_set: SelectionSetNode, *, among_all: bool) -> int:
        """The values of one row; `among_all`: it is one of all types, which are small on average."""
        key = (id(selection_set), among_all)
        known = self._walked.get(key)
        if known is None:
            known = self._walked[key] = sum(self._each(each, among_all=among_all) for each in selection_set.selections)
        return known

    def _each(self, selection: SelectionNode, *, among_all: bool) -> int:
        if not included(selection, self._variables):
            return 0
        if isinstance(selection, FragmentSpreadNode):
            return self._of(self._fragments[selection.name.value].selection_set, among_all=among_all)
        if isinstance(selection, InlineFragmentNode):
            return self._of(selection.selection_set, among_all=among_all)
        if not isinstance(selection, FieldNode) or selection.selection_set is None:
            return 1
        name, inner = selection.name.value, self._of(selection.selection_set, among_all=selection.name.value == "types")
        if name == "ofType":  # half of the types wrap no other
            return 1 + inner // 2
        average, most = sizes(self._schema).get(name, (1, 1))
        return (average if among_all else most) * (1 + inner)


def sizes(schema: GraphQLSchema) -> _Sizes:
    """How long introspection's lists are: on average over all types, and at most."""
    known = _known.get(schema)
    if known is None:
        known = _known[schema] = _sizes(schema)
    return known


def _sizes(schema: GraphQLSchema) -> _Sizes:
    types = list(schema.type_map.values())
    fields = [each.fields for each in types if isinstance(each, GraphQLObjectType | GraphQLInterfaceType)]
    lists: dict[str, list[int]] = {
        "fields": [len(each) for each in fields],
        "inputFields": [len(each.fields) for each in types if isinstance(each, GraphQLInputObjectType)],
        "enumValues": [len(each.values) for each in types if isinstance(each, GraphQLEnumType)],
        "interfaces": [
            len(each.interfaces) for each in types if isinstance(each, GraphQLObjectType | GraphQLInterfaceType)
        ],
        "possibleTypes": [
            len(schema.get_possible_types(each))
            for each in types
            if isinstance(each, GraphQLInterfaceType | GraphQLUnionType)
        ],
    }
    found = {name: (ceil(sum(lengths) / len(types)), max(lengths, default=0) or 1) for name, lengths in lists.items()}
    arguments = [len(field.args) for each in fields for field in each.values()]
    several = ceil(sum(arguments) / max(1, len(arguments)))
    return {
        **found,
        "types": (len(types), len(types)),
        "directives": (len(schema.directives), len(schema.directives)),
        "args": (several, several),
    }
