"""Converts arguments of fields: constant ones once, plain variables by a fast path, all others as graphql-core does."""

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

# Immutable types: these values can be shared by requests. Lists and input objects are converted for each request.
_IMMUTABLE = (str, int, float, type(None), Decimal, Enum, date, time, timedelta, UUID)


class Missing(Exception):
    """A required argument got null from its variable. graphql-core reports it to the client."""


def arguments_of(schema: strawberry.Schema, request: FieldRequest, kind: Loaded | Answered) -> Arguments | PerRequest:
    """Return the arguments of a field as values if they are constant, else a function that makes them for a request."""
    converter = _Converter(schema, request, kind)
    if any(variables_in(argument.value) for argument in request.node.arguments or ()):
        return _from_plain_variables(converter) or converter.convert
    constant = converter.convert(None)
    return constant if all(isinstance(value, _IMMUTABLE) for value in constant.values()) else converter.convert


class _Converter:
    """Converts as a resolver call would, with the functions of graphql-core and Strawberry."""

    def __init__(self, schema: strawberry.Schema, request: FieldRequest, kind: Loaded | Answered) -> None:
        self.field: GraphQLField = request.field
        self.kind = kind
        # Without its selections: a plan must not keep the nodes of the whole document in memory.
        self.node = FieldNode(name=request.node.name, arguments=request.node.arguments, loc=request.node.loc)
        self._config = schema.config
        self._scalars = schema.schema_converter.scalar_registry

    def convert(self, variables: Variables | None) -> Arguments:
        definition = self.field.extensions[DEFINITION]
        values = get_argument_values(self.field, self.node, variables.full() if variables else None)
        return given(self.kind, convert_arguments(values, definition.arguments, self._scalars, self._config))

    def convert_literal(self, value: ValueNode, type_: GraphQLInputType, declared: StrawberryArgument) -> Any:
        literal = coerce_input_literal(value, type_)
        return convert_argument(literal, declared.type, self._scalars, self._config)


def _from_plain_variables(converter: _Converter) -> PerRequest | None:
    """Return a fast converter for constants and plain variables; None if any argument is something else."""
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
    return partial(_arguments_now, arguments, sources)


def _arguments_now(constant: Arguments, sources: Sequence[tuple[str, str, bool]], variables: Variables) -> Arguments:
    """Return the constant arguments together with the values of this request's variables. Raises Missing."""
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
