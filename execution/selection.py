"""Builds the tree of fields that an operation requests: aliases, fragments and directives are resolved."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues

from execution.documents import Operation
from schema.fields import DEFINITION, Column, RowKind, Subscribed, kind_of

EVENT = Column(read=lambda event: event)
"""The kind of a subscription's root field in a plan: the root row is the event itself."""
MAX_TREE_FIELDS = 5_000  # fields of one tree, counted for each type that a row can have


class NotCovered(Exception):
    """Plans do not support this construct. graphql-core must run the document."""


@dataclass(frozen=True, eq=False)
class Typename:
    """`__typename`: a constant, because the object's type is known."""

    key: str


@dataclass(frozen=True, eq=False)
class FieldRequest:
    """
    One requested field of one object type. `key` is its response name: the alias or the field's name.

    `objects` has the selection below it for each object type that its rows can have; it is empty for a leaf.
    `is_synchronous` is true if nothing below it is awaited, so that one expression can make a row's answer.
    """

    key: str
    field: GraphQLField
    kind: RowKind
    name: str  # of the column, if the kind is Column
    node: FieldNode
    objects: Mapping[str, "Selection"]
    is_abstract: bool
    is_synchronous: bool

    @property
    def is_inline(self) -> bool:
        """Return True if the answer follows from the row alone: a column with nothing awaited below it."""
        return self.is_synchronous and isinstance(self.kind, Column)


Selection = list[FieldRequest | Typename]


def selection_of(schema: GraphQLSchema, operation: Operation, variables: VariableValues) -> Selection:
    """
    Build the tree of a query or subscription for these values of the variables in its directives. Raises NotCovered.

    The hard part, which fields are requested in which order, is left to graphql-core: these are the functions that it
    calls when it runs the document itself.
    """
    if not operation.has_only_skip_and_include:
        raise NotCovered("A directive other than @skip and @include.")
    root = schema.get_root_type(operation.definition.operation)
    if root is None or operation.kind == "mutation":
        raise NotCovered(operation.kind)
    fragments = {name: FragmentDetails(fragment) for name, fragment in operation.fragments.items()}

    def below(type_: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
        return collect_subfields(schema, fragments, variables, operation.definition, type_, details).grouped_field_set

    groups = collect_fields(schema, fragments, variables, root, operation.definition).grouped_field_set
    return _TreeBuilder(schema, below).selection(root, groups)


class _TreeBuilder:
    def __init__(
        self, schema: GraphQLSchema, below: Callable[[GraphQLObjectType, FieldDetailsList], GroupedFieldSet]
    ) -> None:
        self._schema, self._below = schema, below
        self._size = 0

    def selection(self, type_: GraphQLObjectType, groups: GroupedFieldSet) -> Selection:
        self._size += len(groups)
        if self._size > MAX_TREE_FIELDS:
            raise NotCovered("Interfaces in interfaces: too many fields, counted for each type.")
        return [self._request(type_, key, details) for key, details in groups.items()]

    def _request(self, type_: GraphQLObjectType, key: str, details: FieldDetailsList) -> FieldRequest | Typename:
        name = details[0].node.name.value
        if name == "__typename":
            return Typename(key)
        if name.startswith("__"):
            raise NotCovered("Introspection.")
        field = type_.fields[name]
        kind = kind_of(field)
        if kind is None:
            raise NotCovered(f"{type_.name}.{name} has no kind.")
        if isinstance(kind, Subscribed):
            kind = EVENT
        named = get_named_type(field.type)
        objects = {} if is_leaf_type(named) else self._objects(named.name, details)
        return FieldRequest(
            key=key,
            field=field,
            kind=kind,
            name=field.extensions[DEFINITION].python_name,
            node=details[0].node,
            objects=objects,
            is_abstract=is_abstract_type(named),
            is_synchronous=all(
                isinstance(each, Typename) or each.is_inline for selection in objects.values() for each in selection
            ),
        )

    def _objects(self, type_name: str, details: FieldDetailsList) -> dict[str, Selection]:
        type_ = self._schema.type_map[type_name]
        types = self._schema.get_possible_types(type_) if is_abstract_type(type_) else [type_]
        return {
            each.name: self.selection(each, self._below(each, details))
            for each in types
            if isinstance(each, GraphQLObjectType)
        }
