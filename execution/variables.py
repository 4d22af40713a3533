"""The values of one request's variables."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLError, GraphQLSchema
from graphql.execution.values import VariableValues, get_variable_values
from graphql.language import (
    NamedTypeNode,
    Node,
    NonNullTypeNode,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)

MAX_INT = 2**31 - 1
MAX_ERRORS = 20
"""Wrong values that are reported one by one."""
BYTES_PER_CHARACTER = 300
"""What a parsed piece of a document holds at most for each of its characters: `[` is a node of its own."""

# Types whose values are taken as they come when they are of exactly this Python type; whatever else a client may
# send for them (5 or 5.0 for an ID) goes the slow way, through graphql-core.
SCALAR_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "Boolean": lambda value: type(value) is bool,
    "ID": lambda value: type(value) is str,
    "Int": lambda value: type(value) is int and -MAX_INT <= value <= MAX_INT,
    "String": lambda value: type(value) is str,
}


class BadVariables(Exception):
    """The variables do not fit their declarations; carries graphql-core's errors."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


class Variables:
    """Coerced values by name; a variable that was not given and has no default is missing."""

    __slots__ = ("_full", "_of", "_raw", "coerced")

    def __init__(self, of: "Declared", raw: dict[str, Any], coerced: dict[str, Any] | None) -> None:
        self._of, self._raw = of, raw
        self._full: VariableValues | None = None
        self.coerced = self.full().coerced if coerced is None else coerced

    def full(self) -> VariableValues:
        """The same values as graphql-core has them; raises BadVariables."""
        if self._full is None:
            # Without suggestions: each compares a name with all names of a type.
            values = get_variable_values(
                self._of.schema, self._of.definitions, self._raw, max_errors=MAX_ERRORS, hide_suggestions=True
            )
            if isinstance(values, list):
                raise BadVariables(values)
            self._full = values
        return self._full


class Declared:
    """The variables that an operation declares."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self.schema = schema
        self.definitions = tuple(operation.variable_definitions or ())
        self._plain = self._all_plain()

    @property
    def size(self) -> int:
        """Bytes that are held by the declarations, at most."""
        return BYTES_PER_CHARACTER * sum(map(characters_of, self.definitions))

    def read(self, raw: dict[str, Any]) -> Variables:
        """Coerce what the client sent; raises BadVariables."""
        return Variables(self, raw, self._quickly(raw))

    def _all_plain(self) -> tuple[tuple[str, Callable[[Any], bool], bool], ...] | None:
        plain = []
        for definition in self.definitions:
            type_ = definition.type
            required = isinstance(type_, NonNullTypeNode)
            bare = type_.type if isinstance(type_, NonNullTypeNode) else type_
            if not isinstance(bare, NamedTypeNode) or bare.name.value not in SCALAR_CHECKS or definition.default_value:
                return None
            plain.append((definition.variable.name.value, SCALAR_CHECKS[bare.name.value], required))
        return tuple(plain)

    def _quickly(self, raw: dict[str, Any]) -> dict[str, Any] | None:
        """Coerce plain variables without graphql-core; None when it has to do it."""
        if self._plain is None:
            return None
        coerced: dict[str, Any] = {}
        for name, fits, required in self._plain:
            value = raw.get(name)
            if value is None:
                if required:
                    return None
                if name in raw:
                    coerced[name] = None
            elif fits(value):
                coerced[name] = value
            else:
                return None
        return coerced


def variables_in(node: Node) -> set[str]:
    """The names of the variables that a node mentions."""
    found: set[str] = set()

    class Finder(Visitor):
        def enter_variable(self, node: VariableNode, *_: Any) -> None:
            found.add(node.name.value)

    visit(node, Finder())
    return found


def characters_of(node: Node) -> int:
    """How much of its document's text a node stands for."""
    return node.loc.end - node.loc.start if node.loc else 0
