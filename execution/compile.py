"""
Turns what an operation asks for into one Python function that answers it level by level.

A *level* is all rows of one type in one place of the answer. Its fields from readers are asked first, once for all its
rows; then one loop writes its objects down. What needs no reader below it is written down in that loop too, however
deeply it nests. The function knows the happy path only: whatever else happens is an exception.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import (
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    get_nullable_type,
    is_leaf_type,
    is_object_type,
)

from execution.arguments import arguments_of
from execution.documents import Operation
from execution.leaf_values import write_leaf
from execution.plan import LeaveToCore, Plan, answer, in_turn, load, together
from execution.selection import FieldRequest, NotCovered, Selection, Typename, selection_of
from execution.variables import BYTES_PER_CHARACTER, Variables, characters_of
from execution.writer import Writer
from schema.fields import Answered, Column, Loaded, Permission

MAX_SOURCE = 120_000
"""Characters of a plan's text: Python's compiler takes a millisecond for each thousand, and nothing runs beside it."""
BYTES_PER_PLAN, BYTES_PER_SOURCE_CHARACTER = 12_288, 8
"""What a plan holds, and for each character of its text besides; measured in tests/hostile/test_memory.py."""


def compile_plan(
    schema: strawberry.Schema, operation: Operation, variables: Variables, *, concurrent: bool = True
) -> Plan:
    """
    Compile a query or subscription for the values that these variables give its directives; raises NotCovered.

    `concurrent` waits for the readers of one level at once. It costs a task each, which is lost where readers cannot
    overlap: SQLite's answer before they are waited for.
    """
    core = schema._schema
    selection = selection_of(core, operation, variables.full())
    compiler = _Compiler(schema, "together" if concurrent else "in_turn")
    root = core.get_root_type(operation.definition.operation)
    source = compiler.function(root.name if root else "", selection)
    if len(source) > MAX_SOURCE:
        raise NotCovered("Compiling it would hold the event loop for too long.")
    try:
        code = compile(source, "<plan>", "exec")
    except (SyntaxError, MemoryError, RecursionError) as error:  # nested deeper than Python's own compiler goes
        raise NotCovered(str(error)) from None
    # The text holds names and numbers made here, and strings by repr(): nothing of a request can be code.
    exec(code, compiler.writer.values)  # noqa: S102
    return Plan(
        code=compiler.writer.values.pop("answer_operation"),  # else it would hold itself, and wait for the collector
        arguments=tuple(compiler.arguments),
        source=source,
        size=BYTES_PER_PLAN + BYTES_PER_SOURCE_CHARACTER * len(source) + compiler.literals * BYTES_PER_CHARACTER,
    )


@dataclass(frozen=True)
class _Layout:
    """Where the columns of a reader's rows are, when they can be read by number."""

    index: Mapping[str, int] = field(default_factory=dict)
    inside: Mapping[str, "_Layout"] = field(default_factory=dict)

    def column(self, row: str, name: str) -> str:
        at = self.index.get(name)
        return f"{row}[{name!r}]" if at is None else f"{row}[{at}]"

    def within(self, name: str) -> "_Layout":
        return self.inside.get(name, _BY_NAME)


_BY_NAME = _Layout()


def _layout_of(reader: Callable[..., Any]) -> _Layout:
    """Read what `resolvers.base.reader_columns.columns` declared of a reader."""
    names: Sequence[str] = getattr(reader, "columns", ())
    inside: Mapping[str, Sequence[str]] = getattr(reader, "inside", {})
    return _Layout(
        index=_numbered(names) if getattr(reader, "positional", False) else {},
        inside={name: _Layout(_numbered(held)) for name, held in inside.items()},
    )


def _numbered(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


@dataclass(frozen=True)
class _Rows:
    """Rows of one object type: the name of their list, the type, and where their columns are."""

    list: str
    type_name: str
    layout: _Layout


class _Compiler:
    def __init__(self, schema: strawberry.Schema, gather: str) -> None:
        self.schema, self._gather = schema, gather
        self.arguments: list[Callable[[Variables], dict[str, Any]]] = []
        self.literals = 0  # characters of the document's text whose nodes `arguments` hold on to
        self.writer = Writer(LeaveToCore=LeaveToCore, answer=answer, in_turn=in_turn, load=load, together=together)

    def function(self, type_name: str, selection: Selection) -> str:
        """Write the whole function; its text comes back."""
        with self.writer.block("async def answer_operation(context, given, root):"):
            rows = self.writer.let("root", "(root,)")
            self.writer.line(f"return {self._level(selection, _Rows(rows, type_name, _BY_NAME), root=True)}[0]")
        return self.writer.source

    # One level: the answers of rows, as a list beside them.

    def _level(self, selection: Selection, rows: _Rows, *, root: bool = False) -> str:
        if root and any(isinstance(each, FieldRequest) and each.kind == Column(itself=True) for each in selection):
            raise NotCovered("The root has no row that could be itself.")
        awaited = [each for each in selection if isinstance(each, FieldRequest) and not each.written]
        asks: dict[Any, _Ask] = {}
        asked = [(each, self._ask(each, rows, asks)) for each in awaited if not isinstance(each.kind, Column)]
        self._await(list(asks.values()))
        answers = {each.key: self._received(each, ask, rows) for each, ask in asked}
        for each in awaited:
            if isinstance(each.kind, Column):
                answers[each.key] = self._column_of_level(each, rows)
        return self._objects(selection, rows, answers)

    def _objects(self, selection: Selection, rows: _Rows, answers: Mapping[str, str]) -> str:
        """Write the loop that puts the objects of a level together."""
        objects = self.writer.let("o", "[]")
        row = self.writer.name("r")
        given = {key: self.writer.name("n") for key in answers}
        if answers:
            header = f"for {row}, {', '.join(given.values())} in zip({rows.list}, {', '.join(answers.values())}):"
        else:
            header = f"for {row} in {rows.list}:"
        with self.writer.block(header):
            self.writer.line(f"{objects}.append({self._object(selection, row, rows, given)})")
        return objects

    def _ask(self, asked: FieldRequest, rows: _Rows, asks: dict[Any, "_Ask"]) -> "_Ask":
        """Write what a field's reader needs, and note who may ask. Fields that ask the same share one ask."""
        kind = asked.kind
        assert not isinstance(kind, Column)  # noqa: S101 - for the type checker: columns are not asked
        self._permit(kind.allowed, rows)
        arguments, same = self._arguments(asked, kind)
        which: Any
        if isinstance(kind, Answered):
            which = (kind.coroutine, same)
            if which not in asks:
                function = self.writer.value(kind.coroutine, "A")
                asks[which] = _Ask(
                    function=kind.coroutine,
                    alone=f"(await {function}(context, **{arguments}),) if {rows.list} else ()",
                    among=f"answer({function}, {rows.list}, context, {arguments})",
                    into=self.writer.name("g"),
                )
            return asks[which]
        which = (kind.reader, kind.key, same)
        if which not in asks:
            keys = self._keys(kind, rows)
            distinct = self.writer.let("d", f"dict.fromkeys({keys})")
            self.writer.line(f"{distinct}.pop(None, None)")
            self.writer.line(f"{distinct} = list({distinct})")
            function = self.writer.value(kind.reader, "L")
            asks[which] = _Ask(
                function=kind.reader,
                alone=f"await {function}({distinct}, context, **{arguments}) if {distinct} else ()",
                among=f"load({function}, {distinct}, context, {arguments})",
                into=self.writer.name("g"),
                keys=keys,
                distinct=distinct,
            )
        return asks[which]

    def _keys(self, kind: Loaded, rows: _Rows) -> str:
        row = self.writer.name("r")
        key = rows.layout.column(row, kind.key) if isinstance(kind.key, str) else f"{self._function(kind.key)}({row})"
        return self.writer.let("k", f"[{key} for {row} in {rows.list}]")

    def _permit(self, allowed: Sequence[Permission], rows: _Rows) -> None:
        """Write who may ask: before the level is read, and only where there is a row to ask of, as in graphql-core."""
        if allowed:
            with self.writer.block(f"if {rows.list}:"):
                for permission in allowed:
                    self.writer.line(f"{self.writer.value(permission, 'P')}.check(context)")

    def _await(self, asks: Sequence["_Ask"]) -> None:
        """Write the waiting, and what a result of a reader has to be: a value or None, and no Exception."""
        if len(asks) == 1:
            self.writer.line(f"{asks[0].into} = {asks[0].alone}")
        elif asks:
            targets = ", ".join(ask.into for ask in asks)
            self.writer.line(f"{targets} = await {self._gather}({', '.join(ask.among for ask in asks)})")
        for ask in asks:
            with self.writer.block(f"if type({ask.into}) is not list:"):
                self.writer.line(f"{ask.into} = list({ask.into})")
            y = self.writer.name("y")
            with self.writer.block(f"for {y} in {ask.into}:"):
                self._refuse_exception(y)

    def _received(self, asked: FieldRequest, ask: "_Ask", rows: _Rows) -> str:
        """Write a reader's results down, once each, and spread them over the rows."""
        values, layout = ask.into, _layout_of(ask.function)
        if isinstance(asked.kind, Loaded) and asked.kind.read is not None:
            source = layout.column("y", asked.kind.read)
            values = self.writer.let("v", f"[None if y is None else {source} for y in {values}]")
            layout = layout.within(asked.kind.read)
        results = self._results(asked.field.type, asked, values, layout)
        if not ask.keys:
            return self.writer.let("n", f"{results} * len({rows.list})")
        by_key = self.writer.let("b", f"dict(zip({ask.distinct}, {results}, strict=True))")
        if isinstance(asked.field.type, GraphQLNonNull):  # then a row without a key is a KeyError
            return self.writer.let("n", f"[{by_key}[k] for k in {ask.keys}]")
        return self.writer.let("n", f"[{by_key}.get(k) for k in {ask.keys}]")

    def _column_of_level(self, asked: FieldRequest, rows: _Rows) -> str:
        """Write a column's answers for all rows: something below it has to be awaited."""
        if _is_the_row(asked):
            ((type_name, below),) = asked.objects.items()
            return self._level(below, _Rows(rows.list, type_name, rows.layout))
        row = self.writer.name("r")
        source, layout = self._source(asked, row, rows.layout)
        values = self.writer.let("v", f"[{source} for {row} in {rows.list}]")
        return self._results(asked.field.type, asked, values, layout)

    # Values of one type in one place: a list of what readers or columns hold becomes the list of the answers.

    def _results(self, type_: GraphQLOutputType, asked: FieldRequest, values: str, layout: _Layout) -> str:
        if asked.still:
            results = self.writer.let("o", "[]")
            y = self.writer.name("y")
            with self.writer.block(f"for {y} in {values}:"):
                self.writer.line(f"{results}.append({self._value(type_, asked, y, layout)})")
            return results
        if isinstance(type_, GraphQLNonNull):
            y = self.writer.name("y")
            with self.writer.block(f"for {y} in {values}:"):
                self._refuse(f"{y} is None")
            return self._present_results(type_.of_type, asked, values, layout)
        present = self.writer.let("w", f"[y for y in {values} if y is not None]")
        results = self._present_results(type_, asked, present, layout)
        rest = self.writer.let("z", f"iter({results})")
        return self.writer.let("o", f"[None if y is None else next({rest}) for y in {values}]")

    def _present_results(self, type_: GraphQLOutputType, asked: FieldRequest, values: str, layout: _Layout) -> str:
        if isinstance(type_, GraphQLList):
            return self._results_of_lists(type_, asked, values, layout)
        if not asked.abstract:
            ((type_name, selection),) = asked.objects.items()
            y = self.writer.name("y")
            with self.writer.block(f"for {y} in {values}:"):
                self._refuse_exception(y)
            return self._level(selection, _Rows(values, type_name, layout))
        results = self.writer.let("o", f"[None] * len({values})")
        row = self.writer.name("r")
        names = self.writer.let("t", f"[{layout.column(row, '__typename')} for {row} in {values}]")
        possible = self.writer.value(frozenset(asked.objects), "T")
        self._refuse(f"not {possible}.issuperset({names})")
        for type_name, selection in asked.objects.items():
            at = self.writer.let("j", f"[i for i, t in enumerate({names}) if t == {type_name!r}]")
            rows = self.writer.let("w", f"[{values}[i] for i in {at}]")
            answers = self._level(selection, _Rows(rows, type_name, layout))
            self.writer.line(f"for i, y in zip({at}, {answers}): {results}[i] = y")
        return results

    def _results_of_lists(self, type_: GraphQLList[Any], asked: FieldRequest, values: str, layout: _Layout) -> str:
        """Write all lists of a level as one long list, then cut it again."""
        y = self.writer.name("y")
        with self.writer.block(f"for {y} in {values}:"):
            self._refuse_unless_list(y)
        flat = self.writer.let("f", f"[i for y in {values} for i in y]")
        answers = self._results(type_.of_type, asked, flat, layout)
        rest = self.writer.let("z", f"iter({answers})")
        return self.writer.let("o", f"[[next({rest}) for _ in y] for y in {values}]")

    # One value of one row: lines are written inside the row's loop, the expression of its answer comes back.

    def _value(self, type_: GraphQLOutputType, asked: FieldRequest, source: str, layout: _Layout) -> str:
        nullable = not isinstance(type_, GraphQLNonNull)
        bare: Any = type_ if nullable else type_.of_type  # type: ignore[union-attr]
        if is_leaf_type(bare):
            return write_leaf(self.writer, bare, source, nullable=nullable)
        y = self.writer.let("y", source)
        if not nullable:
            self._refuse(f"{y} is None")
            return self._present_value(bare, asked, y, layout)
        result = self.writer.let("n", "None")
        with self.writer.block(f"if {y} is not None:"):
            self.writer.line(f"{result} = {self._present_value(bare, asked, y, layout)}")
        return result

    def _present_value(self, type_: Any, asked: FieldRequest, y: str, layout: _Layout) -> str:
        if isinstance(type_, GraphQLList):
            self._refuse_unless_list(y)
            items = self.writer.let("n", "[]")
            item = self.writer.name("i")
            with self.writer.block(f"for {item} in {y}:"):
                self.writer.line(f"{items}.append({self._value(type_.of_type, asked, item, layout)})")
            return items
        if not asked.abstract:
            ((type_name, selection),) = asked.objects.items()
            if not any(_subscribes(each) for each in selection):
                self._refuse_exception(y)
            return self._object(selection, y, _Rows("", type_name, layout), {})
        name = self.writer.let("t", layout.column(y, "__typename"))
        result = self.writer.let("n", "None")
        for type_name, selection in asked.objects.items():
            with self.writer.block(f"if {name} == {type_name!r}:"):
                self.writer.line(f"{result} = {self._object(selection, y, _Rows('', type_name, layout), {})}")
        self._refuse(f"{result} is None")
        return result

    def _object(self, selection: Selection, row: str, rows: _Rows, answers: Mapping[str, str]) -> str:
        """Make the literal of one object; `answers` name what was awaited for it."""
        parts = []
        for each in selection:
            if isinstance(each, Typename):
                answer_ = repr(rows.type_name)
            elif each.key in answers:
                answer_ = answers[each.key]
            elif _is_the_row(each):
                ((type_name, below),) = each.objects.items()
                answer_ = self._object(below, row, _Rows("", type_name, rows.layout), {})
            else:
                source, layout = self._source(each, row, rows.layout)
                answer_ = self._value(each.field.type, each, source, layout)
            parts.append(f"{each.key!r}: {answer_}")
        return "{" + ", ".join(parts) + "}"

    def _source(self, asked: FieldRequest, row: str, layout: _Layout) -> tuple[str, _Layout]:
        """Make the expression of a column, and say where the columns of what it holds are."""
        kind = asked.kind
        assert isinstance(kind, Column)  # noqa: S101 - for the type checker: only columns are in a row
        if kind.itself:
            return row, layout
        if kind.read is not None:
            return f"{self._function(kind.read)}({row})", _BY_NAME
        return layout.column(row, asked.name), layout.within(asked.name)

    def _arguments(self, asked: FieldRequest, kind: Loaded | Answered) -> tuple[str, Any]:
        """Make the expression of a field's arguments, and what is equal when another field's are the same."""
        arguments = arguments_of(self.schema, asked, kind)
        if isinstance(arguments, dict):
            same = frozenset((name, type(value), value) for name, value in arguments.items())
            return self.writer.value(arguments, "c"), same
        self.arguments.append(arguments)
        self.literals += sum(map(characters_of, asked.node.arguments or ()))
        return f"given[{len(self.arguments) - 1}]", object()

    def _function(self, function: Callable[..., Any]) -> str:
        return self.writer.value(function, "R")

    def _refuse(self, condition: str) -> None:
        with self.writer.block(f"if {condition}:"):
            self.writer.line("raise LeaveToCore")

    def _refuse_exception(self, y: str) -> None:
        self._refuse(f"isinstance({y}, Exception)")

    def _refuse_unless_list(self, y: str) -> None:
        self._refuse(f"type({y}) is not list and type({y}) is not tuple")


@dataclass(frozen=True)
class _Ask:
    """How a reader is called: `alone` as a statement's expression, `among` others as a coroutine."""

    function: Callable[..., Any]
    alone: str
    among: str
    into: str
    keys: str = ""
    distinct: str = ""


def _is_the_row(each: FieldRequest) -> bool:
    """Whether it is one object made of the row itself, which is there already."""
    itself = isinstance(each.kind, Column) and each.kind.itself
    return itself and not each.abstract and is_object_type(get_nullable_type(each.field.type))


def _subscribes(each: FieldRequest | Typename) -> bool:
    """Whether answering it looks into the row, which an Exception in place of a row does not survive."""
    if isinstance(each, Typename) or not isinstance(each.kind, Column):
        return False
    if each.kind.itself:
        return any(_subscribes(below) for selection in each.objects.values() for below in selection)
    return each.kind.read is None
