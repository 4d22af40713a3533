"""
Writes the code that turns the value of a column into a scalar or enum value of the answer.

A value that has exactly the expected Python type is written unchanged. Any other value goes through the type's own
`coerce_output_value`, the function that graphql-core calls. If that raises, graphql-core reports the error.
"""

from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType

from execution.writer import Writer

# Tighter than Int's own limits: within these, CPython compares a single digit.
_UNEXPECTED = {
    "ID": "type({0}) is not str",
    "Int": "type({0}) is not int or not -0x3fffffff <= {0} <= 0x3fffffff",
    "String": "type({0}) is not str",
}


def write_leaf(writer: Writer, type_: GraphQLLeafType, source: str, *, nullable: bool) -> str:
    """Write the lines that convert a column's expression; return the name of the variable with the result."""
    if type_.name == "Boolean" or isinstance(type_, GraphQLEnumType):
        # SQLite's booleans are 0 and 1. An unknown value raises KeyError, and graphql-core reports it.
        answers: dict[Any, Any] = _names(type_) if isinstance(type_, GraphQLEnumType) else {False: False, True: True}
        if nullable:
            answers[None] = None
        return writer.let("y", f"{writer.value(answers, 'E')}[{source}]")
    y = writer.let("y", source)
    serialize = writer.value(type_.coerce_output_value, "s")
    if type_.name in _UNEXPECTED:
        unusual = f"({_UNEXPECTED[type_.name].format(y)})"
        with writer.block(f"if {unusual} and {y} is not None:" if nullable else f"if {unusual}:"):
            _write_serialize(writer, y, serialize)
    elif nullable:
        with writer.block(f"if {y} is not None:"):
            _write_serialize(writer, y, serialize)
    else:
        with writer.block(f"if {y} is None:"):
            writer.line("raise LeaveToCore")
        _write_serialize(writer, y, serialize)
    return y


def _write_serialize(writer: Writer, y: str, serialize: str) -> None:
    writer.line(f"{y} = {serialize}({y})")
    with writer.block(f"if {y} is None:"):
        writer.line("raise LeaveToCore")


def _names(type_: GraphQLEnumType) -> dict[Any, Any]:
    """Map enum members and their stored values to the GraphQL names: a row can have either."""
    names: dict[Any, Any] = {}
    members: Any = getattr(type_, "wrapped_cls", ())
    for name, value in type_.values.items():
        names[value.value] = name
        names.update((member, name) for member in members if member.value == value.value)
    return names
