"""What an operation asks for, as a tree: aliases, fragments and directives are worked out, kinds are looked up."""

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
"""How a subscription's root field is read: the root row is the event itself."""
MAX_TREE_FIELDS = 5_000  # fields of one tree, written out for each type that a row can have


class NotCovered(Exception):
    """The plan does not know this construct: graphql-core runs the document."""


@dataclass(frozen=True, eq=False)
class Typename:
    """`__typename`: a constant where the object's type is known."""

    key: str


@dataclass(frozen=True, eq=False)
class FieldRequest:
    """
    One field of one object type.

    `objects` is what is asked below it, for each object type that its rows can have; empty for a leaf. `still` is
    true when nothing below it has to be awaited, so that a row's answer can be written down in one go.
    """

    key: str
    field: GraphQLField
    kind: RowKind
    name: str  # the column, where the kind is one
    node: FieldNode
    objects: Mapping[str, "Selection"]
    abstract: bool
    still: bool

    @property
    def written(self) -> bool:
        """Whether its answer can be written down from the row alone."""
        return self.still and isinstance(self.kind, Column)


Selection = list[FieldRequest | Typename]


def selection_of(schema: GraphQLSchema, operation: Operation, variables: VariableValues) -> Selection:
    """
    Build the tree of a query or subscription for these values of its directives' variables; raises NotCovered.

    The hard part, which fields are asked in which order, is graphql-core's own: the same functions as when it runs
    the document itself.
    """
    if not operation.common:
        raise NotCovered("A directive other than @skip and @include.")
    root = schema.get_root_type(operation.definition.operation)
    if root is None or operation.kind == "mutation":
        raise NotCovered(operation.kind)
    fragments = {name: FragmentDetails(fragment) for name, fragment in operation.fragments.items()}

    def below(type_: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
        return collect_subfields(schema, fragments, variables, operation.definition, type_, details).grouped_field_set

    groups = collect_fields(schema, fragments, variables, root, operation.definition).grouped_field_set
    return _Tree(schema, below).selection(root, groups)


class _Tree:
    def __init__(
        self, schema: GraphQLSchema, below: Callable[[GraphQLObjectType, FieldDetailsList], GroupedFieldSet]
    ) -> None:
        self._schema, self._below = schema, below
        self._size = 0

    def selection(self, type_: GraphQLObjectType, groups: GroupedFieldSet) -> Selection:
        self._size += len(groups)
        if self._size > MAX_TREE_FIELDS:
            raise NotCovered("Interfaces in interfaces: too many fields, written out for each type.")
        return [self._asked(type_, key, details) for key, details in groups.items()]

    def _asked(self, type_: GraphQLObjectType, key: str, details: FieldDetailsList) -> FieldRequest | Typename:
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
            abstract=is_abstract_type(named),
            still=all(
                isinstance(each, Typename) or each.written for selection in objects.values() for each in selection
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
