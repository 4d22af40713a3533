"""Which fields an operation touches, as `Type.field`: what a token's scopes are asked about."""

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
    List what an operation touches with these variables: `Query.leaderboard`, `Profile.name` ...

    A field asked of an interface is listed for the interface and for each type the row can have in that place.
    What @skip and @include leave out is not listed, nor is introspection.
    """
    root = schema.get_root_type(operation.definition.operation)
    if root is None:
        return frozenset()
    walk = _Walk(schema, operation, variables)
    walk.selections(operation.definition.selection_set, root.name, frozenset({root.name}))
    return frozenset(walk.found)


def possible(schema: GraphQLSchema, type_name: str) -> Objects:
    """Name the object types that a row can have where this type is declared."""
    type_ = schema.type_map[type_name]
    if is_abstract_type(type_):
        return frozenset(each.name for each in schema.get_possible_types(type_))
    return frozenset({type_name}) if isinstance(type_, GraphQLObjectType) else frozenset()


def included(node: SelectionNode, variables: VariableValues) -> bool:
    """Whether @skip and @include leave a selection in, with these variables."""
    if not node.directives:
        return True
    skip = get_directive_values(GraphQLSkipDirective, node, variables)
    include = get_directive_values(GraphQLIncludeDirective, node, variables)
    return not (skip and skip["if"]) and not (include and not include["if"])


class _Walk:
    def __init__(self, schema: GraphQLSchema, operation: Operation, variables: VariableValues) -> None:
        self.found: set[str] = set()
        self._schema, self._fragments, self._variables = schema, operation.fragments, variables
        # The same selections in the same place touch the same fields: without this, fragments that spread one
        # another twice, and interfaces nested in interfaces, take exponential time.
        self._walked: set[tuple[int, str, Objects]] = set()

    def selections(self, selection_set: SelectionSetNode, asked_of: str, objects: Objects) -> None:
        """Walk selections asked of a type, where the rows can be of these object types."""
        walked = (id(selection_set), asked_of, objects)
        if walked in self._walked:
            return
        self._walked.add(walked)
        for selection in selection_set.selections:
            if not included(selection, self._variables):
                continue
            if isinstance(selection, FieldNode):
                self._field(selection, asked_of, objects)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition.name.value if selection.type_condition else asked_of
                self._narrowed(selection.selection_set, condition, objects)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
                self._narrowed(fragment.selection_set, fragment.type_condition.name.value, objects)

    def _narrowed(self, selection_set: SelectionSetNode, condition: str, objects: Objects) -> None:
        objects &= possible(self._schema, condition)
        if objects:
            self.selections(selection_set, condition, objects)

    def _field(self, node: FieldNode, asked_of: str, objects: Objects) -> None:
        name = node.name.value
        if name.startswith("__"):
            return
        for type_name, field in self._definitions(name, {asked_of, *objects}):
            self.found.add(f"{type_name}.{name}")
            below = get_named_type(field.type).name
            if type_name in objects and node.selection_set:
                self.selections(node.selection_set, below, possible(self._schema, below))

    def _definitions(self, name: str, type_names: set[str]) -> Iterator[tuple[str, GraphQLField]]:
        for type_name in sorted(type_names):
            type_ = self._schema.type_map[type_name]
            if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and name in type_.fields:
                yield type_name, type_.fields[name]
