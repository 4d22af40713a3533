"""
Compiles an operation into one Python function that answers it level by level.

A *level* is all rows of one type in one place of the answer. The readers of a level are called first, once for all its
rows; then one loop makes its objects. A field that needs no reader, and neither does anything below it, is made inside
that loop, however deeply it nests. The function covers the happy path only: everything else raises an exception.

docs/decisions/0002-plan-and-fallback.md shows a query and its function. Names in the function are a letter and a number:

    r  row                      k  keys, one for each row      o  objects or lists of a level
    y  one value                d  distinct keys               v  values of a column, one for each row
    i  item of a list           g  result of a reader          w  values that are not None, or are of one type
    n  answers of one field     b  results by key              f  all lists of a level in one
    t  type names of rows       j  positions of one type       z  iterator over answers

    A  coroutine of answered_by     L  batch reader       R  function that reads a column     P  permission
    c  constant arguments           E  enum's names       s  serializer of a scalar           T  allowed type names
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from execution.plan import LeaveToCore, Plan, call_coroutine, call_reader, run_concurrently, run_in_sequence
from execution.row_layout import BY_NAME, Layout, layout_of
from execution.selection import FieldRequest, NotCovered, Selection, Typename, selection_of
from execution.variables import BYTES_PER_CHARACTER, Variables, characters_of
from execution.writer import Writer
from schema.fields import Answered, Column, Loaded, Permission

MAX_SOURCE = 120_000
"""Characters of a plan's text. Python's compiler blocks the event loop for about a millisecond per 1,000 of them."""
BYTES_PER_PLAN, BYTES_PER_SOURCE_CHARACTER = 12_288, 8
"""Bytes of memory of a plan, and of each character of its text; measured in tests/hostile/test_memory.py."""


def compile_plan(
    schema: strawberry.Schema, operation: Operation, variables: Variables, *, concurrent: bool = True
) -> Plan:
    """
    Compile a query or subscription for these values of the variables in its directives. Raises NotCovered.

    With `concurrent` the readers of one level run at the same time, in one task each. Where readers cannot overlap, as
    on SQLite, tasks cost time and gain nothing.
    """
    core = schema._schema
    selection = selection_of(core, operation, variables.full())
    compiler = _Compiler(schema, "run_concurrently" if concurrent else "run_in_sequence")
    root = core.get_root_type(operation.definition.operation)
    source = compiler.function(root.name if root else "", selection)
    if len(source) > MAX_SOURCE:
        raise NotCovered("Compiling it would block the event loop for too long.")
    try:
        code = compile(source, "<plan>", "exec")
    except (SyntaxError, MemoryError, RecursionError) as error:  # nested deeper than Python's compiler allows
        raise NotCovered(str(error)) from None
    # Safe: the text consists of names and numbers made here, and of strings through repr().
    exec(code, compiler.writer.values)  # noqa: S102
    # Removed from its own globals: a function that refers to itself is freed only by the garbage collector.
    function = compiler.writer.values.pop("answer_operation")
    return Plan(
        code=function,
        arguments=tuple(compiler.arguments),
        source=source,
        size=BYTES_PER_PLAN + BYTES_PER_SOURCE_CHARACTER * len(source) + compiler.literals * BYTES_PER_CHARACTER,
    )


@dataclass(frozen=True)
class _Rows:
    """Rows of one object type: the variable with their list, the type, and the layout of their columns."""

    variable: str
    type_name: str
    layout: Layout


@dataclass(frozen=True)
class _ReaderCall:
    """
    One call of a reader or coroutine: `awaited` is the expression that awaits it, `coroutine` the one to run beside others.
    `into` is the variable for the result; `keys` and `distinct` are empty for a coroutine.
    """

    function: Callable[..., Any]
    awaited: str
    coroutine: str
    into: str
    keys: str = ""
    distinct: str = ""


class _Compiler:
    def __init__(self, schema: strawberry.Schema, gather: str) -> None:
        self.schema, self._gather = schema, gather
        self.arguments: list[Callable[[Variables], dict[str, Any]]] = []
        self.literals = 0  # characters of the document's text whose nodes `arguments` refer to
        self.writer = Writer(
            LeaveToCore=LeaveToCore,
            call_coroutine=call_coroutine,
            call_reader=call_reader,
            run_concurrently=run_concurrently,
            run_in_sequence=run_in_sequence,
        )

    def function(self, type_name: str, selection: Selection) -> str:
        """Write the whole function; return its text."""
        with self.writer.block("async def answer_operation(context, arguments, root):"):
            rows = self.writer.let("root", "(root,)")
            self.writer.line(f"return {self._level(selection, _Rows(rows, type_name, BY_NAME), root=True)}[0]")
        return self.writer.source

    # One level. Each method writes lines and returns the variable with a list: one answer for each row.

    def _level(self, selection: Selection, rows: _Rows, *, root: bool = False) -> str:
        if root and any(isinstance(each, FieldRequest) and each.kind == Column(itself=True) for each in selection):
            raise NotCovered("The root has no row that could be itself.")
        awaited = [each for each in selection if isinstance(each, FieldRequest) and not each.is_inline]
        calls: dict[Any, _ReaderCall] = {}
        by_readers = [
            (each, self._reader_call(each, rows, calls)) for each in awaited if not isinstance(each.kind, Column)
        ]
        self._write_calls(list(calls.values()))
        answers = {each.key: self._write_results(each, call, rows) for each, call in by_readers}
        for each in awaited:
            if isinstance(each.kind, Column):
                answers[each.key] = self._column_of_level(each, rows)
        return self._objects(selection, rows, answers)

    def _objects(self, selection: Selection, rows: _Rows, answers: Mapping[str, str]) -> str:
        """Write the loop that makes the objects of a level; `answers` are the variables with the awaited fields."""
        objects = self.writer.let("o", "[]")
        row = self.writer.name("r")
        names = {key: self.writer.name("n") for key in answers}
        if answers:
            header = f"for {row}, {', '.join(names.values())} in zip({rows.variable}, {', '.join(answers.values())}):"
        else:
            header = f"for {row} in {rows.variable}:"
        with self.writer.block(header):
            self.writer.line(f"{objects}.append({self._object(selection, row, rows, names)})")
        return objects

    def _reader_call(self, request: FieldRequest, rows: _Rows, calls: dict[Any, "_ReaderCall"]) -> "_ReaderCall":
        """Write the permission checks and keys of a field's reader. Fields with the same reader and arguments share one call."""
        kind = request.kind
        assert not isinstance(kind, Column)  # noqa: S101 - for the type checker: columns have no reader
        self._write_permissions(kind.allowed, rows)
        arguments, same = self._arguments(request, kind)
        identity: Any
        if isinstance(kind, Answered):
            identity = (kind.coroutine, same)
            if identity not in calls:
                function = self.writer.value(kind.coroutine, "A")
                calls[identity] = _ReaderCall(
                    function=kind.coroutine,
                    awaited=f"(await {function}(context, **{arguments}),) if {rows.variable} else ()",
                    coroutine=f"call_coroutine({function}, {rows.variable}, context, {arguments})",
                    into=self.writer.name("g"),
                )
            return calls[identity]
        identity = (kind.reader, kind.key, same)
        if identity not in calls:
            keys = self._keys(kind, rows)
            distinct = self.writer.let("d", f"dict.fromkeys({keys})")
            self.writer.line(f"{distinct}.pop(None, None)")
            self.writer.line(f"{distinct} = list({distinct})")
            function = self.writer.value(kind.reader, "L")
            calls[identity] = _ReaderCall(
                function=kind.reader,
                awaited=f"await {function}({distinct}, context, **{arguments}) if {distinct} else ()",
                coroutine=f"call_reader({function}, {distinct}, context, {arguments})",
                into=self.writer.name("g"),
                keys=keys,
                distinct=distinct,
            )
        return calls[identity]

    def _keys(self, kind: Loaded, rows: _Rows) -> str:
        row = self.writer.name("r")
        key = (
            rows.layout.column(row, kind.key)
            if isinstance(kind.key, str)
            else f"{self._reading_function(kind.key)}({row})"
        )
        return self.writer.let("k", f"[{key} for {row} in {rows.variable}]")

    def _write_permissions(self, allowed: Sequence[Permission], rows: _Rows) -> None:
        """Write the permission checks: before the level is read, and only if it has rows, as in graphql-core."""
        if allowed:
            with self.writer.block(f"if {rows.variable}:"):
                for permission in allowed:
                    self.writer.line(f"{self.writer.value(permission, 'P')}.check(context)")

    def _write_calls(self, calls: Sequence["_ReaderCall"]) -> None:
        """Write the calls, and the check that no result is an Exception."""
        if len(calls) == 1:
            self.writer.line(f"{calls[0].into} = {calls[0].awaited}")
        elif calls:
            targets = ", ".join(call.into for call in calls)
            self.writer.line(f"{targets} = await {self._gather}({', '.join(call.coroutine for call in calls)})")
        for call in calls:
            with self.writer.block(f"if type({call.into}) is not list:"):
                self.writer.line(f"{call.into} = list({call.into})")
            y = self.writer.name("y")
            with self.writer.block(f"for {y} in {call.into}:"):
                self._write_no_exception(y)

    def _write_results(self, request: FieldRequest, call: "_ReaderCall", rows: _Rows) -> str:
        """Write the answers made from a reader's results, once for each key, and their assignment to the rows."""
        values, layout = call.into, layout_of(call.function)
        if isinstance(request.kind, Loaded) and request.kind.read is not None:
            source = layout.column("y", request.kind.read)
            values = self.writer.let("v", f"[None if y is None else {source} for y in {values}]")
            layout = layout.within(request.kind.read)
        results = self._results(request.field.type, request, values, layout)
        if not call.keys:
            return self.writer.let("n", f"{results} * len({rows.variable})")
        by_key = self.writer.let("b", f"dict(zip({call.distinct}, {results}, strict=True))")
        if isinstance(request.field.type, GraphQLNonNull):  # then a row without a key raises KeyError
            return self.writer.let("n", f"[{by_key}[k] for k in {call.keys}]")
        return self.writer.let("n", f"[{by_key}.get(k) for k in {call.keys}]")

    def _column_of_level(self, request: FieldRequest, rows: _Rows) -> str:
        """Write the answers of a column for all rows, because something below it is awaited."""
        if _is_the_row(request):
            ((type_name, below),) = request.objects.items()
            return self._level(below, _Rows(rows.variable, type_name, rows.layout))
        row = self.writer.name("r")
        source, layout = self._source(request, row, rows.layout)
        values = self.writer.let("v", f"[{source} for {row} in {rows.variable}]")
        return self._results(request.field.type, request, values, layout)

    # Values of one type in one place: a list of values from readers or columns becomes the list of their answers.

    def _results(self, type_: GraphQLOutputType, request: FieldRequest, values: str, layout: Layout) -> str:
        if request.is_synchronous:
            results = self.writer.let("o", "[]")
            y = self.writer.name("y")
            with self.writer.block(f"for {y} in {values}:"):
                self.writer.line(f"{results}.append({self._value(type_, request, y, layout)})")
            return results
        if isinstance(type_, GraphQLNonNull):
            y = self.writer.name("y")
            with self.writer.block(f"for {y} in {values}:"):
                self._write_leave_if(f"{y} is None")
            return self._present_results(type_.of_type, request, values, layout)
        present = self.writer.let("w", f"[y for y in {values} if y is not None]")
        results = self._present_results(type_, request, present, layout)
        rest = self.writer.let("z", f"iter({results})")
        return self.writer.let("o", f"[None if y is None else next({rest}) for y in {values}]")

    def _present_results(self, type_: GraphQLOutputType, request: FieldRequest, values: str, layout: Layout) -> str:
        if isinstance(type_, GraphQLList):
            return self._results_of_lists(type_, request, values, layout)
        if not request.is_abstract:
            ((type_name, selection),) = request.objects.items()
            y = self.writer.name("y")
            with self.writer.block(f"for {y} in {values}:"):
                self._write_no_exception(y)
            return self._level(selection, _Rows(values, type_name, layout))
        results = self.writer.let("o", f"[None] * len({values})")
        row = self.writer.name("r")
        names = self.writer.let("t", f"[{layout.column(row, '__typename')} for {row} in {values}]")
        possible = self.writer.value(frozenset(request.objects), "T")
        self._write_leave_if(f"not {possible}.issuperset({names})")
        for type_name, selection in request.objects.items():
            at = self.writer.let("j", f"[i for i, t in enumerate({names}) if t == {type_name!r}]")
            rows = self.writer.let("w", f"[{values}[i] for i in {at}]")
            answers = self._level(selection, _Rows(rows, type_name, layout))
            self.writer.line(f"for i, y in zip({at}, {answers}): {results}[i] = y")
        return results

    def _results_of_lists(self, type_: GraphQLList[Any], request: FieldRequest, values: str, layout: Layout) -> str:
        """Write the answers of all lists of a level: join them into one list, answer that, and cut it into lists again."""
        y = self.writer.name("y")
        with self.writer.block(f"for {y} in {values}:"):
            self._write_must_be_list(y)
        flat = self.writer.let("f", f"[i for y in {values} for i in y]")
        answers = self._results(type_.of_type, request, flat, layout)
        rest = self.writer.let("z", f"iter({answers})")
        return self.writer.let("o", f"[[next({rest}) for _ in y] for y in {values}]")

    # One value of one row. Each method writes lines inside the row's loop and returns the expression of the answer.

    def _value(self, type_: GraphQLOutputType, request: FieldRequest, source: str, layout: Layout) -> str:
        nullable = not isinstance(type_, GraphQLNonNull)
        bare: Any = type_ if nullable else type_.of_type  # type: ignore[union-attr]
        if is_leaf_type(bare):
            return write_leaf(self.writer, bare, source, nullable=nullable)
        y = self.writer.let("y", source)
        if not nullable:
            self._write_leave_if(f"{y} is None")
            return self._present_value(bare, request, y, layout)
        result = self.writer.let("n", "None")
        with self.writer.block(f"if {y} is not None:"):
            self.writer.line(f"{result} = {self._present_value(bare, request, y, layout)}")
        return result

    def _present_value(self, type_: Any, request: FieldRequest, y: str, layout: Layout) -> str:
        if isinstance(type_, GraphQLList):
            self._write_must_be_list(y)
            items = self.writer.let("n", "[]")
            item = self.writer.name("i")
            with self.writer.block(f"for {item} in {y}:"):
                self.writer.line(f"{items}.append({self._value(type_.of_type, request, item, layout)})")
            return items
        if not request.is_abstract:
            ((type_name, selection),) = request.objects.items()
            if not any(_subscripts_row(each) for each in selection):
                self._write_no_exception(y)
            return self._object(selection, y, _Rows("", type_name, layout), {})
        name = self.writer.let("t", layout.column(y, "__typename"))
        result = self.writer.let("n", "None")
        for type_name, selection in request.objects.items():
            with self.writer.block(f"if {name} == {type_name!r}:"):
                self.writer.line(f"{result} = {self._object(selection, y, _Rows('', type_name, layout), {})}")
        self._write_leave_if(f"{result} is None")
        return result

    def _object(self, selection: Selection, row: str, rows: _Rows, answers: Mapping[str, str]) -> str:
        """Return the literal of one object; `answers` are the variables with its awaited fields."""
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

    def _source(self, request: FieldRequest, row: str, layout: Layout) -> tuple[str, Layout]:
        """Return the expression of a column's value, and the layout of the rows in that value."""
        kind = request.kind
        assert isinstance(kind, Column)  # noqa: S101 - for the type checker: only columns are in a row
        if kind.itself:
            return row, layout
        if kind.read is not None:
            return f"{self._reading_function(kind.read)}({row})", BY_NAME
        return layout.column(row, request.name), layout.within(request.name)

    def _arguments(self, request: FieldRequest, kind: Loaded | Answered) -> tuple[str, Any]:
        """Return the expression of a field's arguments, and a value that is equal for equal arguments."""
        arguments = arguments_of(self.schema, request, kind)
        if isinstance(arguments, dict):
            same = frozenset((name, type(value), value) for name, value in arguments.items())
            return self.writer.value(arguments, "c"), same
        self.arguments.append(arguments)
        self.literals += sum(map(characters_of, request.node.arguments or ()))
        return f"arguments[{len(self.arguments) - 1}]", object()

    def _reading_function(self, function: Callable[..., Any]) -> str:
        return self.writer.value(function, "R")

    def _write_leave_if(self, condition: str) -> None:
        with self.writer.block(f"if {condition}:"):
            self.writer.line("raise LeaveToCore")

    def _write_no_exception(self, y: str) -> None:
        self._write_leave_if(f"isinstance({y}, Exception)")

    def _write_must_be_list(self, y: str) -> None:
        self._write_leave_if(f"type({y}) is not list and type({y}) is not tuple")


def _is_the_row(each: FieldRequest) -> bool:
    """Return True if the field is one object made of the row itself."""
    itself = isinstance(each.kind, Column) and each.kind.itself
    return itself and not each.is_abstract and is_object_type(get_nullable_type(each.field.type))


def _subscripts_row(each: FieldRequest | Typename) -> bool:
    """Return True if the answer subscripts the row: an Exception in place of a row would then raise by itself."""
    if isinstance(each, Typename) or not isinstance(each.kind, Column):
        return False
    if each.kind.itself:
        return any(_subscripts_row(below) for selection in each.objects.values() for below in selection)
    return each.kind.read is None
