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
"""Errors that are reported; coercion stops there."""
BYTES_PER_CHARACTER = 300
"""Bytes of a parsed part of a document for each of its characters, at most: `[` alone is a node."""

# A value of exactly this Python type is used unchanged. Any other value that a client may send for these types (5 or
# 5.0 for an ID) takes the slow path, through graphql-core.
SCALAR_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "Boolean": lambda value: type(value) is bool,
    "ID": lambda value: type(value) is str,
    "Int": lambda value: type(value) is int and -MAX_INT <= value <= MAX_INT,
    "String": lambda value: type(value) is str,
}


class BadVariables(Exception):
    """The variables do not match their declarations. Carries graphql-core's errors."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


class Variables:
    """Coerced values of variables by name. A variable without a value and without a default is absent."""

    __slots__ = ("_declared", "_full", "_raw", "coerced")

    def __init__(self, declared: "DeclaredVariables", raw: dict[str, Any], coerced: dict[str, Any] | None) -> None:
        self._declared, self._raw = declared, raw
        self._full: VariableValues | None = None
        self.coerced = self.full().coerced if coerced is None else coerced

    def full(self) -> VariableValues:
        """Return the values in graphql-core's form. Raises BadVariables."""
        if self._full is None:
            # Without suggestions: each one compares a name with all names of a type.
            values = get_variable_values(
                self._declared.schema,
                self._declared.definitions,
                self._raw,
                max_errors=MAX_ERRORS,
                hide_suggestions=True,
            )
            if isinstance(values, list):
                raise BadVariables(values)
            self._full = values
        return self._full


class DeclaredVariables:
    """The variables that an operation declares."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self.schema = schema
        self.definitions = tuple(operation.variable_definitions or ())
        self._plain = self._plain_checks()

    @property
    def size(self) -> int:
        """Bytes of memory that the declarations occupy, at most."""
        return BYTES_PER_CHARACTER * sum(map(characters_of, self.definitions))

    def coerce(self, raw: dict[str, Any]) -> Variables:
        """Coerce the values that the client sent. Raises BadVariables."""
        return Variables(self, raw, self._coerce_plain(raw))

    def _plain_checks(self) -> tuple[tuple[str, Callable[[Any], bool], bool], ...] | None:
        plain = []
        for definition in self.definitions:
            type_ = definition.type
            required = isinstance(type_, NonNullTypeNode)
            bare = type_.type if isinstance(type_, NonNullTypeNode) else type_
            if not isinstance(bare, NamedTypeNode) or bare.name.value not in SCALAR_CHECKS or definition.default_value:
                return None
            plain.append((definition.variable.name.value, SCALAR_CHECKS[bare.name.value], required))
        return tuple(plain)

    def _coerce_plain(self, raw: dict[str, Any]) -> dict[str, Any] | None:
        """Coerce plain variables without graphql-core; return None if graphql-core is needed."""
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
    """Return the names of the variables in a node."""
    found: set[str] = set()

    class Finder(Visitor):
        def enter_variable(self, node: VariableNode, *_: Any) -> None:
            found.add(node.name.value)

    visit(node, Finder())
    return found


def characters_of(node: Node) -> int:
    """Return the number of characters of the document's text that belong to a node."""
    return node.loc.end - node.loc.start if node.loc else 0
