"""
The kinds of field: how a line of a type says where its value comes from.

column       it is in the row of its parent
loaded_by    a batch reader answers it for many parents at once
answered_by  a coroutine answers it: root fields and rare ones
mutation_by  answered_by for a mutation: says who may, and answers a refusal in the payload

The kind travels in the field's `metadata`, the one slot that Strawberry's copying keeps. graphql-core reaches it through
the resolvers made here; `execution` reads the kind itself and calls readers and coroutines without any resolver.

Keyword-only parameters of a reader or coroutine are the field's arguments. Null and absent mean the same: the
parameter's default. Only a `strawberry.Maybe` parameter can tell them apart.
"""

from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from inspect import Parameter, Signature, signature
from types import SimpleNamespace
from typing import Annotated, Any, Optional, Protocol, get_args, get_origin, get_type_hints

import strawberry
from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry.types.unset import UNSET

from services.errors import ErrorCode, NotAllowed, Problem, Refused

KIND = "kind"
DEFINITION = "strawberry-definition"

Reader = Callable[..., Coroutine[Any, Any, Any]]
Read = Callable[[Any], Any]


class Permission(Protocol):
    """Who may ask a field. It knows the request's context only, so one check serves every row of an answer."""

    def check(self, context: Any) -> None:
        """Raise NotAllowed when the viewer may not; change nothing."""


@dataclass(frozen=True)
class Column:
    """In the row: under the field's name, or what `read` makes of the row, or the row `itself` as another object."""

    read: Read | None = None
    itself: bool = False


@dataclass(frozen=True)
class Loaded:
    """Answered by a batch reader: `await reader(keys, context, **arguments)` gives one result a key, in order."""

    reader: Reader
    key: str | Read
    allowed: tuple[Permission, ...] = ()
    defaults: Mapping[str, Any] = attribute(default_factory=dict)
    read: str | None = None
    """The column of the reader's row that is the answer; None: the row itself."""


@dataclass(frozen=True)
class Answered:
    """Answered by `await coroutine(context, **arguments)`, which never sees the row: one answer serves all rows."""

    coroutine: Reader
    allowed: tuple[Permission, ...] = ()
    defaults: Mapping[str, Any] = attribute(default_factory=dict)
    mutates: bool = False


Kind = Column | Loaded | Answered


class HouseField(StrawberryField):
    """A Strawberry field that knows its kind. Columns are read here; the other kinds have a resolver."""

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:
        kind = self.metadata.get(KIND)
        if not isinstance(kind, Column):
            return super().get_result(source, info, args, kwargs)
        if kind.itself:
            return source
        return source[self.python_name] if kind.read is None else kind.read(source)


def column(
    description: str,
    *,
    read: Read | None = None,
    itself: bool = False,
    name: str | None = None,
    deprecation_reason: str | None = None,
) -> Any:
    """
    Declare a field whose value is in the row: `row[python name]`.

    `read` is a pure function of the row for what is computed from it. `itself` is for an object that is the same row
    under another type. `name` is the GraphQL name, where camelCase of the Python name would be wrong.
    """
    if read is not None and itself:
        raise ValueError("A column is either read by a function or the row itself, not both.")
    return HouseField(
        graphql_name=name,
        description=_said(description),
        deprecation_reason=deprecation_reason,
        metadata={KIND: Column(read, itself)},
    )


def loaded_by(
    reader: Reader,
    description: str,
    *,
    key: str | Read = "id",
    read: str | None = None,
    allowed: Sequence[Permission] = (),
    arguments: Mapping[str, str] | None = None,
    deprecation_reason: str | None = None,
) -> Any:
    """
    Declare a field that a batch reader answers.

    `key` is the column that holds the reader's key, or a function of the row; a None key answers None. The reader
    answers one result a key, in the order of the keys: a value, None, or an Exception for that key alone. `read` takes
    one column of the result, so that several fields share one reader, which is then asked once for all of them.
    `arguments` describes the field's arguments, by their Python names.
    """
    kind = Loaded(reader, key, tuple(allowed), _defaults(reader), read)
    key_of = key if callable(key) else lambda row: row[key]

    async def call(row: Any, context: Any, arguments: dict[str, Any]) -> Any:
        _check(kind.allowed, context)
        result = await context.load(reader, key_of(row), given(kind, arguments))
        return result if read is None or result is None else result[read]

    return _resolved(reader, call, kind, description, deprecation_reason, said=arguments)


def answered_by(
    coroutine: Reader,
    description: str,
    *,
    allowed: Sequence[Permission] = (),
    arguments: Mapping[str, str] | None = None,
    deprecation_reason: str | None = None,
) -> Any:
    """Declare a field that `await coroutine(context, **arguments)` answers: root fields and rare ones."""
    kind = Answered(coroutine, tuple(allowed), _defaults(coroutine))

    async def call(_row: Any, context: Any, arguments: dict[str, Any]) -> Any:
        _check(kind.allowed, context)
        return await coroutine(context, **given(kind, arguments))

    return _resolved(coroutine, call, kind, description, deprecation_reason, said=arguments)


def mutation_by(
    coroutine: Reader,
    description: str,
    *,
    allowed: Sequence[Permission],
    input: type,  # noqa: A002 - the argument's name in GraphQL
    deprecation_reason: str | None = None,
) -> Any:
    """
    Declare a mutation: `await coroutine(context, input=...)` answers the payload's row, without `errors`.

    `input` is its one argument's type: it belongs to the schema, which resolvers do not know. What the coroutine
    refuses becomes the payload's `errors`, and every other column of the payload is then None.
    Raises ValueError when `allowed` is empty: also a mutation for everybody says so, with a permission of that name.
    """
    if not allowed:
        raise ValueError(f"{coroutine.__name__}: a mutation says who is allowed.")
    kind = Answered(coroutine, tuple(allowed), _defaults(coroutine), mutates=True)

    async def call(_row: Any, context: Any, arguments: dict[str, Any]) -> Any:
        _check(kind.allowed, context)
        try:
            row = await coroutine(context, **given(kind, arguments))
        except NotAllowed:
            raise
        except Refused as refusal:
            waits = [wait for each in refusal.problems if isinstance(wait := each.facts.get("retry_after"), int)]
            if waits:
                context.retry_after = max(waits)  # the answer's headers say it too
            return RefusedPayload(errors=[error_row(problem) for problem in refusal.problems])
        finally:
            context.loaders.clear()  # what was read before the write is old now
        return {"errors": [], **row}

    return _resolved(
        coroutine, call, kind, description, deprecation_reason, said={"input": "What to do."}, types={"input": input}
    )


def kind_of(field: GraphQLField) -> Kind | None:
    """Look up how a field of the built schema is answered; None for a field that was not declared here."""
    definition = field.extensions.get(DEFINITION)
    return None if definition is None else definition.metadata.get(KIND)


def given(kind: Loaded | Answered, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Complete converted arguments with the Python defaults, null and unset ones included."""
    return {
        **kind.defaults,
        **{name: value for name, value in arguments.items() if value is not None and value is not UNSET},
    }


def types_by_row(schema: strawberry.Schema) -> None:
    """
    Let rows say their type: an interface or union is resolved by the row's `__typename`.

    Strawberry asks for instances of the types instead, which rows are not. Needed once per schema; again is harmless.
    """
    for named in schema._schema.type_map.values():  # noqa: SLF001 - Strawberry has no public way to the built schema
        if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            named.resolve_type = _type_of_row
        elif isinstance(named, GraphQLObjectType):
            named.is_type_of = None


class RefusedPayload(dict[str, Any]):
    """The row of a refused mutation: `errors`, and None for whatever else is asked."""

    def __missing__(self, name: str) -> None:
        return None


_error_types: dict[ErrorCode, str] = {}


def answered_as(code: ErrorCode, type_name: str) -> None:
    """Let problems of this code be answered as a type of their own, whose fields are the problem's facts."""
    _error_types[code] = type_name


def error_row(problem: Problem) -> dict[str, Any]:
    """Make the row of a payload's error. Its type is `PlainError` unless `answered_as` named another."""
    return {
        **problem.facts,
        "__typename": _error_types.get(problem.code, "PlainError"),
        "code": problem.code,
        "message": problem.message,
        "path": list(problem.path) or None,
    }


class _Later:
    """
    A call that begins when it is awaited.

    graphql-core drops what it has not begun when a sibling fails. A coroutine dropped so complains that it was never
    awaited; this does not.
    """

    __slots__ = ("_arguments", "_call")

    def __init__(self, call: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> None:
        self._call, self._arguments = call, arguments

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._call(*self._arguments).__await__()


def _type_of_row(row: Any, _info: Any, _type: Any) -> Any:
    return row["__typename"]


def _check(allowed: tuple[Permission, ...], context: Any) -> None:
    for permission in allowed:
        permission.check(context)


def _said(description: str) -> str:
    if not description.strip():
        raise ValueError("Every field has a description.")
    return description


def _resolved(
    function: Reader,
    call: Callable[[Any, Any, dict[str, Any]], Coroutine[Any, Any, Any]],
    kind: Loaded | Answered,
    description: str,
    deprecation_reason: str | None,
    *,
    said: Mapping[str, str] | None = None,
    types: Mapping[str, Any] | None = None,
) -> HouseField:
    """Wrap a call into the resolver that Strawberry expects: its signature lists the field's arguments."""

    def resolve(root: Any, info: strawberry.Info, **arguments: Any) -> Any:
        return _Later(call, root, info.context, arguments)

    parameters = [
        Parameter("root", Parameter.POSITIONAL_OR_KEYWORD),
        Parameter("info", Parameter.POSITIONAL_OR_KEYWORD, annotation=strawberry.Info),
        *(_argument(function, each, types or {}, said or {}) for each in _arguments(function)),
    ]
    resolve.__name__, resolve.__qualname__ = function.__name__, function.__qualname__
    resolve.__module__ = function.__module__
    vars(resolve)["__signature__"] = Signature(parameters)
    resolve.__annotations__ = {each.name: each.annotation for each in parameters[1:]}
    return HouseField(
        description=_said(description),
        deprecation_reason=deprecation_reason,
        base_resolver=StrawberryResolver(resolve),
        metadata={KIND: kind},
    )


def _arguments(function: Reader) -> list[Parameter]:
    return [each for each in signature(function).parameters.values() if each.kind is Parameter.KEYWORD_ONLY]


def _defaults(function: Reader) -> dict[str, Any]:
    return {each.name: None if each.default is Parameter.empty else each.default for each in _arguments(function)}


def _argument(function: Reader, parameter: Parameter, types: Mapping[str, Any], said: Mapping[str, str]) -> Parameter:
    """
    Turn a keyword-only parameter into the one that Strawberry makes a GraphQL argument of.

    `after: str | None = None` prints no default (not `= null`), and `first: int = 20` prints `first: Int = 20`, so
    that an explicit null is valid and means 20.
    """
    annotation = types.get(parameter.name) or _annotation(function, parameter)
    if parameter.name in said:
        annotation = Annotated[annotation, strawberry.argument(description=said[parameter.name])]
    if parameter.default is None:
        return parameter.replace(annotation=annotation, default=UNSET)
    if parameter.default is Parameter.empty:
        return parameter.replace(annotation=annotation)
    return parameter.replace(annotation=_nullable(annotation))


def _annotation(function: Reader, parameter: Parameter) -> Any:
    if parameter.annotation is Parameter.empty:
        raise TypeError(f"{function.__name__}: the argument {parameter.name} has no type.")
    alone = SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    # Only this annotation is evaluated: the others may name what is imported for the type checker alone.
    return get_type_hints(alone, getattr(function, "__globals__", {}), include_extras=True)[parameter.name]


def _nullable(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        bare, *extras = get_args(annotation)
        return Annotated[(Optional[bare], *extras)]  # noqa: UP045 - the bare type is a value here
    return Optional[annotation]  # noqa: UP045
