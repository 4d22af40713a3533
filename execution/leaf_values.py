"""
Leaves: what a column holds, as the scalar or enum of its field.

Values that are exactly of the expected Python type are written as they are. Everything else goes through the type's
own `coerce_output_value`, the function that graphql-core calls; what that refuses is graphql-core's to say.
"""

from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType

from execution.writer import Writer

# Int's own limits lie a little further out. Inside these, CPython compares a single digit.
_AS_IS = {
    "ID": "type({0}) is not str",
    "Int": "type({0}) is not int or not -0x3fffffff <= {0} <= 0x3fffffff",
    "String": "type({0}) is not str",
}


def write_leaf(writer: Writer, type_: GraphQLLeafType, source: str, *, nullable: bool) -> str:
    """Write the lines that turn a column's expression into its answer; the name that holds it comes back."""
    if type_.name == "Boolean" or isinstance(type_, GraphQLEnumType):
        # SQLite's booleans are 0 and 1. An unknown value is a KeyError, so graphql-core decides about it.
        answers: dict[Any, Any] = _names(type_) if isinstance(type_, GraphQLEnumType) else {False: False, True: True}
        if nullable:
            answers[None] = None
        return writer.let("y", f"{writer.value(answers, 'E')}[{source}]")
    y = writer.let("y", source)
    serialize = writer.value(type_.coerce_output_value, "s")
    if type_.name in _AS_IS:
        unusual = f"({_AS_IS[type_.name].format(y)})"
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
    """Names of the values; a row holds either a member of the Python enum or what is stored for it."""
    names: dict[Any, Any] = {}
    members: Any = getattr(type_, "wrapped_cls", ())
    for name, value in type_.values.items():
        names[value.value] = name
        names.update((member, name) for member in members if member.value == value.value)
    return names
