"""
What may leave the schema: compares it with that of the last release. The rule: docs/guides/client-developers.md, "How the
schema changes".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
)
from graphql.utilities import BreakingChangeType, find_breaking_changes

REASON: Final = re.compile(
    r"[A-Z].*`(?P<replacement>[A-Za-z_.]+)`.*\. Deprecated in (?P<since>\d+\.\d+) \((?P<day>\d{4}-\d{2}-\d{2})\); "
    r"leaves in (?P<leaves>\d+\.\d+) at the earliest\."
)
MINOR_RELEASES: Final = 2
REMOVALS: Final = frozenset(
    {
        BreakingChangeType.ARG_REMOVED,
        BreakingChangeType.FIELD_REMOVED,
        BreakingChangeType.TYPE_REMOVED,
        BreakingChangeType.VALUE_REMOVED_FROM_ENUM,
    }
)
Version = tuple[int, int]


@dataclass(frozen=True)
class Deprecation:
    """What a reason says: what to use instead, since which release and day, and from which release on it may leave."""

    replacement: str
    since: Version
    day: str
    leaves: Version


def version(text: str) -> Version:
    """Return the major and minor number of `1.2` or `v1.2.3`."""
    major, minor = text.removeprefix("v").split(".")[:2]
    return int(major), int(minor)


def deprecation(reason: str) -> Deprecation | None:
    """Parse a reason; None if it does not say all that it must, or leaves less than two minor releases."""
    found = REASON.fullmatch(reason)
    if found is None:
        return None
    since, leaves = version(found["since"]), version(found["leaves"])
    in_time = leaves[0] == since[0] and leaves[1] >= since[1] + MINOR_RELEASES
    return Deprecation(found["replacement"], since, found["day"], leaves) if in_time else None


def elements(schema: GraphQLSchema) -> Iterator[tuple[str, Any]]:
    """Yield each field, argument, input field and enum value by its coordinate."""
    for name, kind in schema.type_map.items():
        if is_introspection_type(kind):
            continue
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", each) for value, each in kind.values.items())
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            yield from ((f"{name}.{field}", each) for field, each in kind.fields.items())
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, each in kind.fields.items():
                yield from ((f"{name}.{field}({argument}:)", value) for argument, value in each.args.items())


def bad_reasons(schema: GraphQLSchema) -> list[str]:
    """Return the deprecated elements whose reason is not by the rule, or names a replacement that does not exist."""
    names = {part for place, _ in elements(schema) for part in re.findall(r"\w+", place)}
    wrong = []
    for place, each in elements(schema):
        if each.deprecation_reason is None:
            continue
        said = deprecation(each.deprecation_reason)
        if said is None or not set(said.replacement.split(".")) <= names:
            wrong.append(place)
    return wrong


def broken_promises(old: GraphQLSchema, new: GraphQLSchema, released: Version) -> list[str]:
    """
    Return what the new schema takes from clients of the old one, which was released as this version: elements that were
    not deprecated long enough, and all other changes that break documents.
    """
    coming = (released[0], released[1] + 1)
    kept = {place for place, _ in elements(new)}
    gone = []
    for place, each in elements(old):
        kind, field = place.partition("(")[0].split(".")[:2]
        parent_left = kind not in new.type_map or ("(" in place and f"{kind}.{field}" not in kept)
        if place in kept or parent_left:  # what led to a type that left is looked at itself
            continue
        said = deprecation(each.deprecation_reason or "")
        if said is None or said.leaves > coming:
            gone.append(f"{place} has left")
    other = [each.description for each in find_breaking_changes(old, new) if each.type not in REMOVALS]
    return gone + other
