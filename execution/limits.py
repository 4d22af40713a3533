"""Limits on the size of a document. Checked after parsing and before validation, because they bound its work."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

Fragments = Mapping[str, FragmentDefinitionNode]


class TooComplex(Exception):
    """The document is over a limit; the message names the limit."""


@dataclass(frozen=True)
class Limits:
    """
    The limits of one document.

    `max_cost` is in objects (execution/cost.py), for signed-in callers; anonymous callers get half. `max_fields` counts
    a field each time its fragment is spread. `max_merges` bounds the pairs of fields that have the same response name
    in the same place: validation compares each of these pairs.
    """

    max_tokens: int = 5_000
    max_depth: int = 20
    max_fields: int = 2_000
    max_merges: int = 20_000
    max_cost: int = 10_000

    def cost_for(self, *, signed_in: bool) -> int:
        """Return the maximum cost of one operation."""
        return self.max_cost if signed_in else max(1, self.max_cost // 2)


@dataclass(frozen=True)
class _Extent:
    fields: int = 0
    depth: int = 0


def check(document: DocumentNode, limits: Limits) -> None:
    """
    Raise TooComplex if a part of the document exceeds a limit.

    Fields under @skip count too, and so do operations and fragments that will not run: validation reads them all.
    """
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    parts = [
        each.selection_set
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    try:
        extents = _Extents(fragments)
        for part in parts:
            extent = extents.of(part)
            if extent.depth > limits.max_depth:
                raise TooComplex(f"The query nests {extent.depth} levels deep; {limits.max_depth} are allowed.")
            if extent.fields > limits.max_fields:
                raise TooComplex(f"The query selects more than {limits.max_fields} fields.")
        # From here on the expanded document has at most max_fields fields, so the walks below are bounded too.
        for part in parts:
            if _count_merges([part], fragments) > limits.max_merges:
                raise TooComplex("The query selects too many fields under the same name in the same place.")
    except RecursionError:
        raise TooComplex("The query is nested too deeply.") from None


class _Extents:
    """Measures selection sets. A fragment is walked once, however often it is spread."""

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments
        self._known: dict[str, _Extent | None] = {}

    def of(self, selection_set: SelectionSetNode | None) -> _Extent:
        fields = depth = 0
        for selection in selection_set.selections if selection_set else ():
            if isinstance(selection, FieldNode):
                inner = self.of(selection.selection_set)
                inner = _Extent(inner.fields + 1, inner.depth + 1)
            elif isinstance(selection, InlineFragmentNode):
                inner = self.of(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                inner = self._of_fragment(selection.name.value)
            fields, depth = fields + inner.fields, max(depth, inner.depth)
        return _Extent(fields, depth)

    def _of_fragment(self, name: str) -> _Extent:
        if name not in self._fragments:
            return _Extent()  # validation reports it
        if name not in self._known:
            self._known[name] = None
            self._known[name] = self.of(self._fragments[name].selection_set)
        extent = self._known[name]
        if extent is None:
            raise TooComplex(f"The fragment {name} spreads itself.")
        return extent


def _count_merges(selection_sets: list[SelectionSetNode], fragments: Fragments) -> int:
    """Count the pairs of fields that validation compares when it merges these selection sets, at all depths."""
    merged: dict[str, list[FieldNode]] = {}
    spreads: set[str] = set()
    for selection_set in selection_sets:
        for field in _fields(selection_set, fragments, spreads):
            merged.setdefault((field.alias or field.name).value, []).append(field)
    pairs = len(spreads) ** 2 + sum(len(same) ** 2 for same in merged.values() if len(same) > 1)
    for same in merged.values():
        inner = [field.selection_set for field in same if field.selection_set]
        if inner:
            pairs += _count_merges(inner, fragments)
    return pairs


def _fields(selection_set: SelectionSetNode, fragments: Fragments, spreads: set[str]) -> Iterator[FieldNode]:
    for selection in selection_set.selections:
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _fields(selection.selection_set, fragments, spreads)
        elif isinstance(selection, FragmentSpreadNode):
            name = selection.name.value
            if name not in spreads and name in fragments:
                spreads.add(name)
                yield from _fields(fragments[name].selection_set, fragments, spreads)
