"""
Computes the cost of an operation: the number of objects that it can request, counted before any of them is read.

The weights are part of the contract with clients, who compute costs from the schema alone. They are explained in
docs/decisions/0012-query-cost.md.
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

from execution.access import is_included, object_types_of
from execution.documents import Operation
from execution.introspection import Introspection
from schema.fields import Answered, Loaded, Work, kind_of

SCALARS_PER_OBJECT = 30
"""Scalars that are included in the cost of their object. Each further 30, begun or complete, cost one object more."""
INTROSPECTION_VALUES_PER_OBJECT = 15
"""Values of an introspection that together cost one object."""
MUTATION_COST = 10
"""Objects that one mutation field costs, beside its payload."""
UNSIZED_LIST = 5
"""Rows of a list that has no size argument and declares none: skills of a person, errors."""
DEFAULT_PAGE_SIZE = 20
"""Rows of a page if neither the query nor the field gives a size."""
MAX_PAGE_SIZE = 100
"""The largest size that is counted. The field itself refuses a larger one before it reads."""
DEFAULT_BUCKETS = 52
"""Rows of a list of time buckets: the weeks of a year."""
MAX_BUCKETS = 400
"""Rows of a list of time buckets if `since` is given."""
MAX_COST = 2**31 - 1
"""The highest cost that is reported: an Int that every client can read."""

Values = Mapping[str, Any]


def _rows(size: Any) -> int:
    return min(max(size, 1), MAX_PAGE_SIZE)


def _around(radius: Any) -> int:
    return 2 * min(max(radius, 0), MAX_PAGE_SIZE) + 1


def _items(ids: Any) -> int:
    return _rows(len(ids)) if isinstance(ids, list | tuple) else 1


SIZE_ARGUMENTS: Mapping[str, Callable[[Any], int]] = {
    "first": _rows,
    "last": _rows,
    "limit": _rows,
    "radius": _around,
    "ids": _items,
    "bucket": lambda _: DEFAULT_BUCKETS,
    "since": lambda _: MAX_BUCKETS,
}
"""Arguments that limit the number of rows, each with the function that computes it. `since` only beside `bucket`."""


@dataclass(frozen=True, slots=True)
class _PageSize:
    """The number of rows of a list: the largest of these variables and the literal, or `otherwise` if none has a value."""

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
    """A sum: `fixed`, each of `parts` times its size, and the most expensive cost of each group in `either`."""

    fixed: int = 0
    parts: "tuple[tuple[_PageSize | int, Cost], ...]" = ()
    either: "tuple[tuple[Cost, ...], ...]" = ()

    def of(self, values: Values) -> int:
        """Return the cost with these coerced variables."""
        total = self.fixed
        for size, each in self.parts:
            total += (size if isinstance(size, int) else size.of(values)) * each.of(values)
        for several in self.either:
            total += max(each.of(values) for each in several)
        return total

    @property
    def known(self) -> bool:
        """Return True if the cost does not depend on variables."""
        return not self.parts and not self.either


NO_COST = Cost()


def cost_of(schema: GraphQLSchema, operation: Operation, variables: VariableValues) -> Cost:
    """
    Return the cost of an operation for these values of the variables in its directives. Variables in size arguments
    remain variables.

    A field that is requested twice counts twice, and so does a fragment that is spread twice.
    """
    root = schema.get_root_type(operation.definition.operation)
    if root is None:
        return NO_COST
    return _CostCounter(schema, operation, variables).selections(operation.definition.selection_set, root, None)


class _CostCounter:
    def __init__(self, schema: GraphQLSchema, operation: Operation, variables: VariableValues) -> None:
        self._schema, self._fragments, self._variables = schema, operation.fragments, variables
        # The same selections of the same type and page have the same cost. So a fragment is walked once, however often
        # it is spread, and an interface in an interface once for each type.
        self._costs: dict[tuple[int, str, _PageSize | int | None], Cost] = {}
        self._scalar_counts: dict[tuple[int, str], int] = {}
        self._introspection = Introspection(schema, operation.fragments, variables)

    def selections(
        self, selection_set: SelectionSetNode, type_: GraphQLObjectType, page: _PageSize | int | None
    ) -> Cost:
        """Return the cost of selections on one row of this type. If the row is a page, `page` is the size of its lists."""
        key = (id(selection_set), type_.name, page)
        known = self._costs.get(key)
        if known is None:
            known = self._costs[key] = _sum(self._each_cost(selection_set, type_, page))
        return known

    def _scalars(self, selection_set: SelectionSetNode, type_: GraphQLObjectType) -> int:
        """Count the scalars requested of one row of this type, including those in fragments."""
        key = (id(selection_set), type_.name)
        known = self._scalar_counts.get(key)
        if known is None:
            known = self._scalar_counts[key] = sum(
                1 if isinstance(each, FieldNode) else self._scalars(within, type_)
                for each, within in self._applicable(selection_set, type_)
                if not isinstance(each, FieldNode) or each.selection_set is None
            )
        return known

    def _applicable(
        self, selection_set: SelectionSetNode, type_: GraphQLObjectType
    ) -> Iterable[tuple[SelectionNode, SelectionSetNode]]:
        """Yield the selections that apply to this type: a field with its enclosing set, a fragment with its own set."""
        for selection in selection_set.selections:
            if not is_included(selection, self._variables):
                continue
            within, condition = selection_set, None
            if isinstance(selection, InlineFragmentNode):
                within, condition = selection.selection_set, selection.type_condition
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
                within, condition = fragment.selection_set, fragment.type_condition
            if condition is None or type_.name in object_types_of(self._schema, condition.name.value):
                yield selection, within

    def _each_cost(
        self, selection_set: SelectionSetNode, type_: GraphQLObjectType, page: _PageSize | int | None
    ) -> Iterable[Cost]:
        for selection, within in self._applicable(selection_set, type_):
            if isinstance(selection, FieldNode):
                yield self._field(selection, type_, page)
            else:
                yield self.selections(within, type_, page)

    def _field(self, node: FieldNode, parent: GraphQLObjectType, page: _PageSize | int | None) -> Cost:
        field = parent.fields.get(node.name.value)
        if field is None:
            return Cost(ceil(self._introspection.values(node) / INTROSPECTION_VALUES_PER_OBJECT))
        if node.selection_set is None or is_leaf_type(get_named_type(field.type)):
            return NO_COST  # a scalar: included in its object
        size, lists = _size_of(field, node), _lists(field.type)
        of_rows = [
            _sum(
                (
                    self.selections(node.selection_set, type_, None if lists else size),
                    Cost(max(0, self._scalars(node.selection_set, type_) - 1) // SCALARS_PER_OBJECT),
                )
            )
            for name in sorted(object_types_of(self._schema, get_named_type(field.type).name))
            if isinstance(type_ := self._schema.type_map[name], GraphQLObjectType)
        ]
        cost = _sum((_work(field, node), _most_expensive(of_rows)))
        for inner in range(lists):
            cost = _times((size or page or UNSIZED_LIST) if inner == 0 else UNSIZED_LIST, cost)
        return cost


@dataclass(frozen=True, slots=True)
class _Weight:
    """A size function that returns the same number for every value."""

    objects: int

    def __call__(self, _value: Any) -> int:
        return self.objects


def _work(field: GraphQLField, node: FieldNode) -> Cost:
    """Return the cost of finding the answer, beside the rows in it."""
    kind = kind_of(field)
    if isinstance(kind, Answered) and kind.mutates:
        return Cost(MUTATION_COST)
    work = kind.work if isinstance(kind, Answered | Loaded) else Work()
    if work.given is None:
        return Cost(work.objects)
    for argument in node.arguments or ():
        if argument.name.value == work.given and isinstance(argument.value, VariableNode):
            size = _PageSize(((argument.value.name.value, _Weight(work.objects)),), 0, 1)
            return Cost(0, ((size, Cost(1)),))
        if argument.name.value == work.given and not isinstance(argument.value, NullValueNode):
            return Cost(work.objects)
    return Cost(1)


def _lists(type_: GraphQLOutputType) -> int:
    bare = get_nullable_type(type_)
    return 1 + _lists(bare.of_type) if isinstance(bare, GraphQLList) else 0


def _size_of(field: GraphQLField, node: FieldNode) -> _PageSize | int | None:
    """Return how many rows a field's arguments request, or as it declares; None if it has neither."""
    sizes = {
        name: measure
        for name, measure in SIZE_ARGUMENTS.items()
        if name in field.args and (name != "since" or "bucket" in field.args)
    }
    kind = kind_of(field)
    if not sizes:
        return kind.work.rows if isinstance(kind, Answered | Loaded) else None
    variables: list[tuple[str, Callable[[Any], int]]] = []
    literals: list[int] = []
    for argument in node.arguments or ():
        measure = sizes.get(argument.name.value)
        if measure is None:
            continue
        if isinstance(argument.value, VariableNode):
            variables.append((argument.value.name.value, measure))
        elif not isinstance(argument.value, NullValueNode):
            literals.append(measure(_literal(argument.value)))
    defaults = getattr(kind, "defaults", {})
    declared = [measure(default) for name, measure in sizes.items() if (default := defaults.get(name)) is not None]
    size = _PageSize(
        tuple(variables),
        max(literals, default=0),
        max(declared, default=DEFAULT_BUCKETS if "bucket" in sizes else DEFAULT_PAGE_SIZE),
    )
    return size if variables else size.of({})


def _literal(value: ValueNode) -> Any:
    if isinstance(value, IntValueNode):
        return int(value.value)
    return value.values if isinstance(value, ListValueNode) else value


def _sum(costs: Iterable[Cost]) -> Cost:
    fixed = 0
    parts: list[tuple[_PageSize | int, Cost]] = []
    either: list[tuple[Cost, ...]] = []
    for each in costs:
        fixed += each.fixed
        parts += each.parts
        either += each.either
    return Cost(fixed, tuple(parts), tuple(either))


def _times(size: _PageSize | int, cost: Cost) -> Cost:
    if isinstance(size, int) and cost.known:
        return Cost(size * cost.fixed)
    return Cost(0, ((size, cost),))


def _most_expensive(costs: list[Cost]) -> Cost:
    """Return the highest of the costs: a row has one type. Equal costs are merged, or nested types would double at each level."""
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
