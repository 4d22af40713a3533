"""
Makes generated documents worth running: hypothesis-graphql writes inline fragments and literals only.

A rewritten document asks for much the same with aliases, variables, named fragments, @skip and @include, fields asked
twice, `__typename`, and ids that exist.
"""

from collections.abc import Sequence
from random import Random
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    parse,
    print_ast,
    validate,
    value_from_ast_untyped,
)
from graphql.language import parse_type

MOST_REPEATS = 4


class Rewriter:
    """Rewrites documents of one schema, by the choices of one random generator."""

    def __init__(self, schema: GraphQLSchema, random: Random, ids: Sequence[str] = ()) -> None:
        self._schema, self._random, self._ids = schema, random, ids
        self._reset()

    def rewrite(self, text: str) -> tuple[str, dict[str, Any]]:
        """A valid document and its variables; the text as it was when the rewritten one happens to be invalid."""
        self._reset()
        operation = parse(text).definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        root = self._schema.get_root_type(operation.operation)
        assert root is not None
        selection_set = self._selections(operation.selection_set, root.name)
        rewritten = OperationDefinitionNode(
            operation=operation.operation,
            name=NameNode(value="Rewritten"),
            variable_definitions=tuple(self._declared),
            selection_set=selection_set,
        )
        document = DocumentNode(definitions=(rewritten, *self._fragments))
        # Two fields can come to share an alias and differ in arguments.
        return (text, {}) if validate(self._schema, document) else (print_ast(document), self._values)

    def _reset(self) -> None:
        self._count = self._repeats = 0
        self._declared: list[VariableDefinitionNode] = []
        self._fragments: list[FragmentDefinitionNode] = []
        self._values: dict[str, Any] = {}

    def _chance(self, percent: int) -> bool:
        return self._random.randrange(100) < percent

    def _again(self, percent: int) -> bool:
        """Whether to ask something twice; seldom, because what is asked twice in what is asked twice grows fast."""
        if self._repeats == MOST_REPEATS or not self._chance(percent):
            return False
        self._repeats += 1
        return True

    def _name(self, like: str) -> NameNode:
        self._count += 1
        return NameNode(value=f"{like}{self._count}")

    def _selections(self, selection_set: SelectionSetNode, type_name: str) -> SelectionSetNode:
        selections: list[SelectionNode] = [self._selection(each, type_name) for each in selection_set.selections]
        if self._chance(15):
            selections.append(FieldNode(name=NameNode(value="__typename")))
        if self._again(10):
            selections.append(self._random.choice(selections))
        if self._chance(25):
            selections = self._fragmented(selections, type_name)
        return SelectionSetNode(selections=tuple(selections))

    def _fragmented(self, selections: list[SelectionNode], type_name: str) -> list[SelectionNode]:
        """Move some selections into a named fragment, and spread it once or twice."""
        cut = self._random.randrange(len(selections))
        name = self._name("Fragment")
        self._fragments.append(
            FragmentDefinitionNode(
                name=name,
                type_condition=NamedTypeNode(name=NameNode(value=type_name)),
                selection_set=SelectionSetNode(selections=tuple(selections[cut:])),
            )
        )
        spreads = [FragmentSpreadNode(name=name, directives=self._directives()) for _ in range(1 + self._again(20))]
        return [*selections[:cut], *spreads]

    def _selection(self, node: SelectionNode, type_name: str) -> SelectionNode:
        if isinstance(node, InlineFragmentNode):
            condition = node.type_condition.name.value if node.type_condition else type_name
            return InlineFragmentNode(
                type_condition=node.type_condition,
                directives=self._directives(),
                selection_set=self._selections(node.selection_set, condition),
            )
        assert isinstance(node, FieldNode)
        if node.name.value.startswith("__"):
            return node
        field = self._schema.get_field(self._schema.type_map[type_name], node.name.value)  # type: ignore[arg-type]
        assert field is not None
        below = get_named_type(field.type)
        return FieldNode(
            name=node.name,
            alias=self._name("alias") if self._chance(30) else node.alias,
            arguments=tuple(self._argument(each, field) for each in node.arguments or ()),
            directives=self._directives(),
            selection_set=self._selections(node.selection_set, below.name)
            if node.selection_set and is_composite_type(below)
            else None,
        )

    def _argument(self, node: ArgumentNode, field: GraphQLField) -> ArgumentNode:
        type_ = field.args[node.name.value].type
        value: ValueNode = node.value
        if str(type_).rstrip("!") == "ID" and self._ids and self._chance(80):
            value = StringValueNode(value=self._random.choice(self._ids))
        if not self._chance(50):
            return ArgumentNode(name=node.name, value=value)
        nothing = None if isinstance(type_, GraphQLNonNull) else self._random.choice(["value", "null", "absent"])
        return ArgumentNode(name=node.name, value=self._variable(str(type_), value, nothing or "value"))

    def _variable(self, type_text: str, value: ValueNode, how: str) -> VariableNode:
        name = self._name("variable")
        default = value if how == "absent" and self._chance(50) else None
        self._declared.append(
            VariableDefinitionNode(
                variable=VariableNode(name=name),
                type=parse_type(type_text),
                default_value=default,  # type: ignore[arg-type]  # generated literals hold no variables
                directives=(),
            )
        )
        if how != "absent":
            self._values[name.value] = None if how == "null" else value_from_ast_untyped(value)
        return VariableNode(name=name)

    def _directives(self) -> tuple[DirectiveNode, ...]:
        if not self._chance(15):
            return ()
        kept = self._chance(70)
        which, holds = self._random.choice([("include", kept), ("skip", not kept)])
        condition: ValueNode = BooleanValueNode(value=holds)
        if self._chance(60):
            condition = self._variable("Boolean!", condition, "value")
        return (
            DirectiveNode(
                name=NameNode(value=which), arguments=(ArgumentNode(name=NameNode(value="if"), value=condition),)
            ),
        )
