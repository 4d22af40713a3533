"""A field's arguments, converted once when they are constant and quickly when they are plain variables."""

from collections.abc import Callable, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Any
from uuid import UUID

import strawberry
from graphql import FieldNode, GraphQLField, GraphQLInputType, GraphQLNonNull, ValueNode, VariableNode
from graphql.execution.values import get_argument_values
from graphql.utilities.coerce_input_value import coerce_input_literal
from strawberry.types.arguments import StrawberryArgument, convert_argument, convert_arguments

from execution.selection import FieldRequest
from execution.variables import SCALAR_CHECKS, Variables, variables_in
from schema.fields import DEFINITION, Answered, Loaded, given
from schema.lengths import check_text

Arguments = dict[str, Any]
PerRequest = Callable[[Variables], Arguments]

# What nobody can change: a list or an input object is converted anew for each request instead.
_IMMUTABLE = (str, int, float, type(None), Decimal, Enum, date, time, timedelta, UUID)


class Missing(Exception):
    """A required argument got null from its variable: graphql-core says it to the client."""


def arguments_of(schema: strawberry.Schema, asked: FieldRequest, kind: Loaded | Answered) -> Arguments | PerRequest:
    """Prepare the arguments of a field: the values, when no request can change them, or what makes them."""
    converter = _Converter(schema, asked, kind)
    if any(variables_in(argument.value) for argument in asked.node.arguments or ()):
        return _quick(converter) or converter.convert
    constant = converter.convert(None)
    return constant if all(isinstance(value, _IMMUTABLE) for value in constant.values()) else converter.convert


class _Converter:
    """graphql-core's and Strawberry's own conversion, as in a resolver's call."""

    def __init__(self, schema: strawberry.Schema, asked: FieldRequest, kind: Loaded | Answered) -> None:
        self.field: GraphQLField = asked.field
        self.kind = kind
        # Without its selections: what is held for a plan must not hold the whole document.
        self.node = FieldNode(name=asked.node.name, arguments=asked.node.arguments, loc=asked.node.loc)
        self._config = schema.config
        self._scalars = schema.schema_converter.scalar_registry

    def convert(self, variables: Variables | None) -> Arguments:
        definition = self.field.extensions[DEFINITION]
        values = get_argument_values(self.field, self.node, variables.full() if variables else None)
        return given(self.kind, convert_arguments(values, definition.arguments, self._scalars, self._config))

    def convert_literal(self, value: ValueNode, type_: GraphQLInputType, declared: StrawberryArgument) -> Any:
        literal = coerce_input_literal(value, type_)
        return convert_argument(literal, declared.type, self._scalars, self._config)


def _quick(converter: _Converter) -> PerRequest | None:
    """Read arguments straight from plain variables, beside constants; None when there is anything else."""
    arguments = dict(converter.kind.defaults)
    sources: list[tuple[str, str, bool]] = []
    for argument in converter.node.arguments or ():
        definition = converter.field.args[argument.name.value]
        declared: StrawberryArgument = definition.extensions[DEFINITION]
        required = isinstance(definition.type, GraphQLNonNull)
        bare = definition.type.of_type if isinstance(definition.type, GraphQLNonNull) else definition.type
        if not variables_in(argument.value):
            value = converter.convert_literal(argument.value, definition.type, declared)
            if not isinstance(value, _IMMUTABLE):
                return None
            if value is not None:
                arguments[declared.python_name] = value
        elif isinstance(argument.value, VariableNode) and str(bare) in SCALAR_CHECKS and not declared.is_maybe:
            sources.append((declared.python_name, argument.value.name.value, required))
        else:
            return None
    return partial(_read, arguments, sources)


def _read(constant: Arguments, sources: Sequence[tuple[str, str, bool]], variables: Variables) -> Arguments:
    """The constant arguments, and those that are variables of this request."""
    now = dict(constant)
    coerced = variables.coerced
    for name, variable, required in sources:
        value = coerced.get(variable)
        if value is not None:
            if type(value) is str:
                check_text(name, value)
            now[name] = value
        elif required:
            raise Missing(name)
    return now
