"""Descriptions of enums that other packages define."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry

Kind = TypeVar("Kind", bound=type[Enum])


def enum_of(kind: Kind, description: str, values: Mapping[str, str], *, name: str | None = None) -> Kind:
    """Add an enum to the schema, with a description of each value. Raises KeyError if one is missing."""
    enum = strawberry.enum(kind, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
    return enum
