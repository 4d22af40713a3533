"""GraphQL arguments of a field, derived from the keyword-only parameters of its resolver."""

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from types import SimpleNamespace
from typing import Annotated, Any, Optional, get_args, get_origin, get_type_hints

import strawberry
from strawberry.types.unset import UNSET


def parameters_of(function: Callable[..., Any]) -> list[Parameter]:
    """Return the keyword-only parameters, which are the field's arguments."""
    return [each for each in signature(function).parameters.values() if each.kind is Parameter.KEYWORD_ONLY]


def defaults_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the default of each argument by its Python name; None if it has no default."""
    return {each.name: None if each.default is Parameter.empty else each.default for each in parameters_of(function)}


def as_argument(
    function: Callable[..., Any], parameter: Parameter, types: Mapping[str, Any], descriptions: Mapping[str, str]
) -> Parameter:
    """
    Return the parameter from which Strawberry makes the GraphQL argument.

    `after: str | None = None` prints no default (not `= null`). `first: int = 20` prints `first: Int = 20`, so that an
    explicit null is valid and means 20.
    """
    annotation = types.get(parameter.name) or _annotation(function, parameter)
    if parameter.name in descriptions:
        annotation = Annotated[annotation, strawberry.argument(description=descriptions[parameter.name])]
    if parameter.default is None:
        return parameter.replace(annotation=annotation, default=UNSET)
    if parameter.default is Parameter.empty:
        return parameter.replace(annotation=annotation)
    return parameter.replace(annotation=_nullable(annotation))


def _annotation(function: Callable[..., Any], parameter: Parameter) -> Any:
    if parameter.annotation is Parameter.empty:
        raise TypeError(f"{function.__name__}: the argument {parameter.name} has no type.")
    alone = SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    # Evaluate only this annotation: others may use names that are imported for the type checker only.
    return get_type_hints(alone, getattr(function, "__globals__", {}), include_extras=True)[parameter.name]


def _nullable(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        bare, *extras = get_args(annotation)
        return Annotated[(Optional[bare], *extras)]  # noqa: UP045 - the bare type is a value here
    return Optional[annotation]  # noqa: UP045
