"""
What an operation may ask for, counted in objects before any of them is read.

The weights are part of the contract with clients, who count by the schema alone: docs/decisions/0012-query-cost.md.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from graphql.execution.values import VariableValues

from execution.access import included, possible
from execution.documents import Operation
from execution.introspection import Introspection
from schema.fields import Answered, Loaded, Work, kind_of

SCALARS = 30
"""Scalars of one object that it pays for; further ones cost as much as another object for each 30 begun."""
TOLD = 15
"""Values of an introspection that cost as much as an object."""
MUTATION = 10
LIST = 5
"""Objects that a list without a size counts for: levels, skills, errors."""
PAGE = 20
"""Rows of a page whose size nobody gave."""
MAX_PAGE_SIZE = 100
"""A size counts for no more: what is larger is refused by its field, before it reads."""
PIECES = 52
"""Pieces of time in a list that is cut into them: a year of weeks."""
MOST_PIECES = 400
"""The same where the list's beginning is given."""
MAX_COST = 2**31 - 1
"""What is told of a larger cost: a number that every client can read."""

Values = Mapping[str, Any]


def _rows(asked: Any) -> int:
    return min(max(asked, 1), MAX_PAGE_SIZE)


def _around(radius: Any) -> int:
    return 2 * min(max(radius, 0), MAX_PAGE_SIZE) + 1


def _items(asked: Any) -> int:
    return _rows(len(asked)) if isinstance(asked, list | tuple) else 1


SIZE_ARGUMENTS: Mapping[str, Callable[[Any], int]] = {
    "first": _rows,
    "last": _rows,
    "radius": _around,
    "ids": _items,
    "bucket": lambda _: PIECES,
    "since": lambda _: MOST_PIECES,
}
"""Arguments that say how many rows there may be, and how many that are; `since` only beside `bucket`."""


@dataclass(frozen=True, slots=True)
class _Size:
    """The largest of what these variables and literals say; `otherwise`, when none of them says anything."""

    variables: tuple[tuple[str, Callable[[Any], int]], ...]
    literal: int
    otherwise: int

    def of(self, values: Values) -> int:
        largest = self.literal
        for name, measure in self.variables:
            value = values.get(name)
            if value is not None:
                largest = max(largest, measure(value))
        return largest or self.otherwise


@dataclass(frozen=True, slots=True)
class Cost:
    """A sum: `fixed`, each of `parts` times its size, and the dearest of each of `either`."""

    fixed: int = 0
    parts: "tuple[tuple[_Size | int, Cost], ...]" = ()
    either: "tuple[tuple[Cost, ...], ...]" = ()

    def of(self, values: Values) -> int:
        """The cost with these coerced variables."""
        total = self.fixed
        for size, each in self.parts:
            total += (size if isinstance(size, int) else size.of(values)) * each.of(values)
        for several in self.either:
            total += max(each.of(values) for each in several)
        return total

    @property
    def known(self) -> bool:
        """Whether no variable can change it."""
        return not self.parts and not self.either


NO_COST = Cost()


def cost_of(schema: GraphQLSchema, operation: Operation, variables: VariableValues) -> Cost:
    """
    Count an operation for the values that these variables give its directives; those of sizes are left open.

    A field asked twice counts twice, and so does a fragment that is spread twice.
    """
    root = schema.get_root_type(operation.definition.operation)
    if root is None:
        return NO_COST
    return _Walk(schema, operation, variables).selections(operation.definition.selection_set, root, None)


class _Walk:
    def __init__(self, schema: GraphQLSchema, operation: Operation, variables: VariableValues) -> None:
        self._schema, self._fragments, self._variables = schema, operation.fragments, variables
        # The same selections of the same type and page cost the same: a fragment is walked once however often it is
        # spread, and an interface in an interface once for each type.
        self._walked: dict[tuple[int, str, _Size | int | None], Cost] = {}
        self._counted: dict[tuple[int, str], int] = {}
        self._introspection = Introspection(schema, operation.fragments, variables)

    def selections(self, selection_set: SelectionSetNode, type_: GraphQLObjectType, page: _Size | int | None) -> Cost:
        """Count what is asked of one row of this type; `page` is the size of its own lists, where it is a page."""
        key = (id(selection_set), type_.name, page)
        known = self._walked.get(key)
        if known is None:
            known = self._walked[key] = _sum(self._each(selection_set, type_, page))
        return known

    def _scalars(self, selection_set: SelectionSetNode, type_: GraphQLObjectType) -> int:
        """How many scalars are asked of one row of this type itself, those in fragments included."""
        key = (id(selection_set), type_.name)
        known = self._counted.get(key)
        if known is None:
            known = self._counted[key] = sum(
                1 if isinstance(each, FieldNode) else self._scalars(within, type_)
                for each, within in self._spread(selection_set, type_)
                if not isinstance(each, FieldNode) or each.selection_set is None
            )
        return known

    def _spread(
        self, selection_set: SelectionSetNode, type_: GraphQLObjectType
    ) -> Iterable[tuple[SelectionNode, SelectionSetNode]]:
        """The selections that hold for this type, each with the selection set that it is in or that it stands for."""
        for selection in selection_set.selections:
            if not included(selection, self._variables):
                continue
            within, condition = selection_set, None
            if isinstance(selection, InlineFragmentNode):
                within, condition = selection.selection_set, selection.type_condition
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
                within, condition = fragment.selection_set, fragment.type_condition
            if condition is None or type_.name in possible(self._schema, condition.name.value):
                yield selection, within

    def _each(
        self, selection_set: SelectionSetNode, type_: GraphQLObjectType, page: _Size | int | None
    ) -> Iterable[Cost]:
        for selection, within in self._spread(selection_set, type_):
            if isinstance(selection, FieldNode):
                yield self._field(selection, type_, page)
            else:
                yield self.selections(within, type_, page)

    def _field(self, node: FieldNode, parent: GraphQLObjectType, page: _Size | int | None) -> Cost:
        field = parent.fields.get(node.name.value)
        if field is None:
            return Cost(ceil(self._introspection.values(node) / TOLD))
        if node.selection_set is None or is_leaf_type(get_named_type(field.type)):
            return NO_COST  # a scalar: counted by its object
        size, lists = _size_of(field, node), _lists(field.type)
        of_rows = [
            _sum(
                (
                    self.selections(node.selection_set, type_, None if lists else size),
                    Cost(max(0, self._scalars(node.selection_set, type_) - 1) // SCALARS),
                )
            )
            for name in sorted(possible(self._schema, get_named_type(field.type).name))
            if isinstance(type_ := self._schema.type_map[name], GraphQLObjectType)
        ]
        cost = _sum((_work(field, node), _dearest(of_rows)))
        for inner in range(lists):
            cost = _times((size or page or LIST) if inner == 0 else LIST, cost)
        return cost


@dataclass(frozen=True, slots=True)
class _Weight:
    """The size of any value that is given: always the same."""

    objects: int

    def __call__(self, _given: Any) -> int:
        return self.objects


def _work(field: GraphQLField, node: FieldNode) -> Cost:
    """What finding the answer counts as, beside the rows in it."""
    kind = kind_of(field)
    if isinstance(kind, Answered) and kind.mutates:
        return Cost(MUTATION)
    work = kind.work if isinstance(kind, Answered | Loaded) else Work()
    if work.given is None:
        return Cost(work.objects)
    for argument in node.arguments or ():
        if argument.name.value == work.given and isinstance(argument.value, VariableNode):
            given = _Size(((argument.value.name.value, _Weight(work.objects)),), 0, 1)
            return Cost(0, ((given, Cost(1)),))
        if argument.name.value == work.given and not isinstance(argument.value, NullValueNode):
            return Cost(work.objects)
    return Cost(1)


def _lists(type_: GraphQLOutputType) -> int:
    bare = get_nullable_type(type_)
    return 1 + _lists(bare.of_type) if isinstance(bare, GraphQLList) else 0


def _size_of(field: GraphQLField, node: FieldNode) -> _Size | int | None:
    """How many rows a field's arguments ask for; None for a field that has no such argument."""
    sizes = {
        name: measure
        for name, measure in SIZE_ARGUMENTS.items()
        if name in field.args and (name != "since" or "bucket" in field.args)
    }
    if not sizes:
        return None
    given: list[tuple[str, Callable[[Any], int]]] = []
    literals: list[int] = []
    for argument in node.arguments or ():
        measure = sizes.get(argument.name.value)
        if measure is None:
            continue
        if isinstance(argument.value, VariableNode):
            given.append((argument.value.name.value, measure))
        elif not isinstance(argument.value, NullValueNode):
            literals.append(measure(_literal(argument.value)))
    defaults = getattr(kind_of(field), "defaults", {})
    declared = [measure(default) for name, measure in sizes.items() if (default := defaults.get(name)) is not None]
    size = _Size(tuple(given), max(literals, default=0), max(declared, default=PIECES if "bucket" in sizes else PAGE))
    return size if given else size.of({})


def _literal(value: ValueNode) -> Any:
    if isinstance(value, IntValueNode):
        return int(value.value)
    return value.values if isinstance(value, ListValueNode) else value


def _sum(costs: Iterable[Cost]) -> Cost:
    fixed = 0
    parts: list[tuple[_Size | int, Cost]] = []
    either: list[tuple[Cost, ...]] = []
    for each in costs:
        fixed += each.fixed
        parts += each.parts
        either += each.either
    return Cost(fixed, tuple(parts), tuple(either))


def _times(size: _Size | int, cost: Cost) -> Cost:
    if isinstance(size, int) and cost.known:
        return Cost(size * cost.fixed)
    return Cost(0, ((size, cost),))


def _dearest(costs: list[Cost]) -> Cost:
    """A row is of one type: the dearest counts. Equal ones are put together, or types in types would double each level."""
    fixed = Cost(max((each.fixed for each in costs if each.known), default=0))
    several: list[Cost] = []
    for each in costs:
        if not each.known and each not in several:
            several.append(each)
    if not several:
        return fixed
    if fixed.fixed:
        several.append(fixed)
    return several[0] if len(several) == 1 else Cost(0, (), (tuple(several),))
