"""How large a document may be. Checked after parsing and before validation, whose own work these limits bound."""

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

    `max_cost` is in objects (execution/cost.py), for whoever is signed in; nobody gets half of it. `max_fields` counts a field each time its fragment is spread. `max_merges` bounds the pairs of fields that answer
    under the same name in the same place: validation compares each of these pairs.
    """

    max_tokens: int = 5_000
    max_depth: int = 20
    max_fields: int = 2_000
    max_merges: int = 20_000
    max_cost: int = 10_000

    def cost_for(self, *, signed_in: bool) -> int:
        """The highest cost of one operation."""
        return self.max_cost if signed_in else max(1, self.max_cost // 2)


@dataclass(frozen=True)
class _Size:
    fields: int = 0
    depth: int = 0


def check(document: DocumentNode, limits: Limits) -> None:
    """
    Raise TooComplex when a part of the document is over a limit.

    What @skip leaves out counts too, and so do operations and fragments that will not run: validation reads them all.
    """
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    parts = [
        each.selection_set
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    try:
        sizes = _Sizes(fragments)
        for part in parts:
            size = sizes.of(part)
            if size.depth > limits.max_depth:
                raise TooComplex(f"The query nests {size.depth} levels deep; {limits.max_depth} are allowed.")
            if size.fields > limits.max_fields:
                raise TooComplex(f"The query asks for more than {limits.max_fields} fields.")
        # Written out, the document has no more than max_fields now; so has each walk below.
        for part in parts:
            if _merges([part], fragments) > limits.max_merges:
                raise TooComplex("The query asks for too many fields under the same name in the same place.")
    except RecursionError:
        raise TooComplex("The query is nested too deeply.") from None


class _Sizes:
    """Sizes of selection sets. A fragment is walked once however often it is spread."""

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments
        self._known: dict[str, _Size | None] = {}

    def of(self, selection_set: SelectionSetNode | None) -> _Size:
        fields = depth = 0
        for selection in selection_set.selections if selection_set else ():
            if isinstance(selection, FieldNode):
                inner = self.of(selection.selection_set)
                inner = _Size(inner.fields + 1, inner.depth + 1)
            elif isinstance(selection, InlineFragmentNode):
                inner = self.of(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                inner = self._of_fragment(selection.name.value)
            fields, depth = fields + inner.fields, max(depth, inner.depth)
        return _Size(fields, depth)

    def _of_fragment(self, name: str) -> _Size:
        if name not in self._fragments:
            return _Size()  # validation says so
        if name not in self._known:
            self._known[name] = None
            self._known[name] = self.of(self._fragments[name].selection_set)
        size = self._known[name]
        if size is None:
            raise TooComplex(f"The fragment {name} spreads itself.")
        return size


def _merges(selection_sets: list[SelectionSetNode], fragments: Fragments) -> int:
    """Count the pairs that validation compares where these selection sets are merged, and below."""
    merged: dict[str, list[FieldNode]] = {}
    spreads: set[str] = set()
    for selection_set in selection_sets:
        for field in _fields(selection_set, fragments, spreads):
            merged.setdefault((field.alias or field.name).value, []).append(field)
    pairs = len(spreads) ** 2 + sum(len(same) ** 2 for same in merged.values() if len(same) > 1)
    for same in merged.values():
        inner = [field.selection_set for field in same if field.selection_set]
        if inner:
            pairs += _merges(inner, fragments)
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
