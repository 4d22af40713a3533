"""Counts the values that an introspection returns. Each list counts as many rows as it has in this schema."""

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

from execution.access import is_included

_Sizes = Mapping[str, tuple[int, int]]
_sizes_of_schemas: "WeakKeyDictionary[GraphQLSchema, _Sizes]" = WeakKeyDictionary()


class Introspection:
    """Counts the values that the introspection in one operation can return."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: VariableValues
    ) -> None:
        self._schema, self._fragments, self._variables = schema, fragments, variables
        self._walked: dict[tuple[int, bool], int] = {}

    def values(self, field: FieldNode) -> int:
        """Return the number of values below `__schema` or `__type`. A field requested twice counts twice."""
        return self._count_set(field.selection_set, among_all=False) if field.selection_set else 0

    def _count_set(self, selection_set: SelectionSetNode, *, among_all: bool) -> int:
        """Count the values of one row. With `among_all` the row stands for all types: averages are used, not maxima."""
        key = (id(selection_set), among_all)
        known = self._walked.get(key)
        if known is None:
            known = self._walked[key] = sum(
                self._count_selection(each, among_all=among_all) for each in selection_set.selections
            )
        return known

    def _count_selection(self, selection: SelectionNode, *, among_all: bool) -> int:
        if not is_included(selection, self._variables):
            return 0
        if isinstance(selection, FragmentSpreadNode):
            return self._count_set(self._fragments[selection.name.value].selection_set, among_all=among_all)
        if isinstance(selection, InlineFragmentNode):
            return self._count_set(selection.selection_set, among_all=among_all)
        if not isinstance(selection, FieldNode) or selection.selection_set is None:
            return 1
        name, inner = (
            selection.name.value,
            self._count_set(selection.selection_set, among_all=selection.name.value == "types"),
        )
        if name == "ofType":  # half of the types wrap no other
            return 1 + inner // 2
        average, largest = sizes(self._schema).get(name, (1, 1))
        return (average if among_all else largest) * (1 + inner)


def sizes(schema: GraphQLSchema) -> _Sizes:
    """Return the length of each introspection list: the average over all types, and the maximum."""
    known = _sizes_of_schemas.get(schema)
    if known is None:
        known = _sizes_of_schemas[schema] = _measure_lists(schema)
    return known


def _measure_lists(schema: GraphQLSchema) -> _Sizes:
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
    average = ceil(sum(arguments) / max(1, len(arguments)))
    return {
        **found,
        "types": (len(types), len(types)),
        "directives": (len(schema.directives), len(schema.directives)),
        "args": (average, average),
    }
