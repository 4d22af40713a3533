"""Lists the fields that an operation touches, as `Type.field`: scopes of tokens are checked against this list."""

from collections.abc import Iterator

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.values import VariableValues, get_directive_values

from execution.documents import Operation

Objects = frozenset[str]


def coordinates(schema: GraphQLSchema, operation: Operation, variables: VariableValues) -> frozenset[str]:
    """
    Return the fields that an operation touches with these variables: `Query.leaderboard`, `Profile.name` ...

    A field of an interface is listed for the interface and for each object type that a row can have in that place.
    Fields that @skip and @include leave out are not listed, and neither are introspection fields.
    """
    root = schema.get_root_type(operation.definition.operation)
    if root is None:
        return frozenset()
    collector = _FieldCollector(schema, operation, variables)
    collector.walk(operation.definition.selection_set, root.name, frozenset({root.name}))
    return frozenset(collector.found)


def object_types_of(schema: GraphQLSchema, type_name: str) -> Objects:
    """Return the names of the object types that a row can have where this type is declared."""
    type_ = schema.type_map[type_name]
    if is_abstract_type(type_):
        return frozenset(each.name for each in schema.get_possible_types(type_))
    return frozenset({type_name}) if isinstance(type_, GraphQLObjectType) else frozenset()


def is_included(node: SelectionNode, variables: VariableValues) -> bool:
    """Return False if @skip or @include leaves the selection out with these variables."""
    if not node.directives:
        return True
    skip = get_directive_values(GraphQLSkipDirective, node, variables)
    include = get_directive_values(GraphQLIncludeDirective, node, variables)
    return not (skip and skip["if"]) and not (include and not include["if"])


class _FieldCollector:
    def __init__(self, schema: GraphQLSchema, operation: Operation, variables: VariableValues) -> None:
        self.found: set[str] = set()
        self._schema, self._fragments, self._variables = schema, operation.fragments, variables
        # The same selections in the same place touch the same fields. Without this set, fragments that spread each
        # other twice and interfaces nested in interfaces would take exponential time.
        self._walked: set[tuple[int, str, Objects]] = set()

    def walk(self, selection_set: SelectionSetNode, type_name: str, objects: Objects) -> None:
        """Collect the fields of selections on a type whose rows can have these object types."""
        walked = (id(selection_set), type_name, objects)
        if walked in self._walked:
            return
        self._walked.add(walked)
        for selection in selection_set.selections:
            if not is_included(selection, self._variables):
                continue
            if isinstance(selection, FieldNode):
                self._walk_field(selection, type_name, objects)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition.name.value if selection.type_condition else type_name
                self._walk_narrowed(selection.selection_set, condition, objects)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
                self._walk_narrowed(fragment.selection_set, fragment.type_condition.name.value, objects)

    def _walk_narrowed(self, selection_set: SelectionSetNode, condition: str, objects: Objects) -> None:
        objects &= object_types_of(self._schema, condition)
        if objects:
            self.walk(selection_set, condition, objects)

    def _walk_field(self, node: FieldNode, type_name: str, objects: Objects) -> None:
        name = node.name.value
        if name.startswith("__"):
            return
        for owner, field in self._definitions(name, {type_name, *objects}):
            self.found.add(f"{owner}.{name}")
            below = get_named_type(field.type).name
            if owner in objects and node.selection_set:
                self.walk(node.selection_set, below, object_types_of(self._schema, below))

    def _definitions(self, name: str, type_names: set[str]) -> Iterator[tuple[str, GraphQLField]]:
        for type_name in sorted(type_names):
            type_ = self._schema.type_map[type_name]
            if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and name in type_.fields:
                yield type_name, type_.fields[name]
