"""
The kinds of field: how a line of a type says where its value comes from.

column         it is in the row of its parent
loaded_by      a batch reader answers it for many parents at once
answered_by    a coroutine answers it: root fields and rare ones
mutation_by    answered_by for a mutation: says who may, and answers a refusal in the payload
subscribed_by  a subscription: an async generator of rows, each of which is answered by itself

The kind travels in the field's `metadata`, the one slot that Strawberry's copying keeps. graphql-core reaches it through
the resolvers made here; `execution` reads the kind itself and calls readers and coroutines without any resolver.

Keyword-only parameters of a reader or coroutine are the field's arguments. Null and absent mean the same: the
parameter's default. Only a `strawberry.Maybe` parameter can tell them apart.
"""

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from inspect import Parameter, Signature
from typing import Any, Protocol

import strawberry
from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry.types.unset import UNSET

from catalogue.languages import translate
from schema import lengths
from schema.arguments import as_argument, defaults_of, parameters_of
from services.errors import ErrorCode, NotAllowed, Problem, Refused

KIND = "kind"
DEFINITION = "strawberry-definition"

Reader = Callable[..., Coroutine[Any, Any, Any]]
Read = Callable[[Any], Any]
Source = Callable[..., AsyncGenerator[Any, None]]


class Permission(Protocol):
    """Who may ask a field. It knows the request's context only, so one check serves every row of an answer."""

    @property
    def note(self) -> str:
        """A sentence for the description of a mutation that declares it; empty: nothing to say."""

    def check(self, context: Any) -> None:
        """Raise NotAllowed when the viewer may not; change nothing."""


@dataclass(frozen=True)
class Work:
    """What finding a field's answer counts as in a cost, in objects; where `given` names an argument, only with it."""

    objects: int = 1
    given: str | None = None


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
    work: Work = Work()


@dataclass(frozen=True)
class Answered:
    """Answered by `await coroutine(context, **arguments)`, which never sees the row: one answer serves all rows."""

    coroutine: Reader
    allowed: tuple[Permission, ...] = ()
    defaults: Mapping[str, Any] = attribute(default_factory=dict)
    mutates: bool = False
    work: Work = Work()


def _whoever(_event: Any, _context: Any) -> bool:
    return True


@dataclass(frozen=True)
class Subscribed:
    """Answered by the rows that `source(context, **arguments)` yields, one answer each."""

    source: Source
    allowed: tuple[Permission, ...] = ()
    defaults: Mapping[str, Any] = attribute(default_factory=dict)
    still: Callable[[Any, Any], bool] = _whoever
    """Whether the viewer of this context may see this row, asked anew for each."""

    def check(self, context: Any) -> None:
        """Raise NotAllowed when the viewer may not subscribe, or may not any more."""
        _check(self.allowed, context)


RowKind = Column | Loaded | Answered
Kind = RowKind | Subscribed


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
    work: Work | None = None,
    deprecation_reason: str | None = None,
) -> Any:
    """
    Declare a field that a batch reader answers.

    `key` is the column that holds the reader's key, or a function of the row; a None key answers None. The reader
    answers one result a key, in the order of the keys: a value, None, or an Exception for that key alone. `read` takes
    one column of the result, so that several fields share one reader, which is then asked once for all of them.
    `arguments` describes the field's arguments, by their Python names. `work` says what a dear field costs.
    """
    kind = Loaded(reader, key, tuple(allowed), defaults_of(reader), read, work or Work())
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
    types: Mapping[str, Any] | None = None,
    work: Work | None = None,
    deprecation_reason: str | None = None,
) -> Any:
    """
    Declare a field that `await coroutine(context, **arguments)` answers: root fields and rare ones.

    `types` are those of arguments that resolvers cannot name: scalars of our own, which belong to the schema. `work`
    says what a dear field costs.
    """
    kind = Answered(coroutine, tuple(allowed), defaults_of(coroutine), work=work or Work())

    async def call(_row: Any, context: Any, arguments: dict[str, Any]) -> Any:
        _check(kind.allowed, context)
        return await coroutine(context, **given(kind, arguments))

    return _resolved(coroutine, call, kind, description, deprecation_reason, said=arguments, types=types)


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
    What the permissions note about themselves is added to the description. Raises ValueError when `allowed` is empty: also
    a mutation for everybody says so, with a permission of that name.
    """
    if not allowed:
        raise ValueError(f"{coroutine.__name__}: a mutation says who is allowed.")
    kind = Answered(coroutine, tuple(allowed), defaults_of(coroutine), mutates=True)

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

    described = " ".join([_said(description), *(each.note for each in allowed if each.note)])
    return _resolved(
        coroutine, call, kind, described, deprecation_reason, said={"input": "What to do."}, types={"input": input}
    )


def subscribed_by(
    source: Source,
    description: str,
    *,
    allowed: Sequence[Permission],
    still: Callable[[Any, Any], bool] = _whoever,
    arguments: Mapping[str, str] | None = None,
) -> Any:
    """
    Declare a subscription: `source(context, **arguments)` yields a row for each event, and ends when there are no more.

    Each row is answered with a context of its own: who asks is looked up again, `allowed` asked again, and a row for which
    `still(row, context)` is false is passed over in silence. Raises ValueError when `allowed` is empty.
    """
    if not allowed:
        raise ValueError(f"{source.__name__}: a subscription says who is allowed.")
    kind = Subscribed(source, tuple(allowed), defaults_of(source), still)

    async def call(_row: Any, context: Any, arguments: dict[str, Any]) -> Any:
        kind.check(context)
        return source(context, **given(kind, arguments))

    return _resolved(source, call, kind, description, None, said=arguments)


def kind_of(field: GraphQLField) -> Kind | None:
    """Look up how a field of the built schema is answered; None for a field that was not declared here."""
    definition = field.extensions.get(DEFINITION)
    return None if definition is None else definition.metadata.get(KIND)


def given(kind: Loaded | Answered | Subscribed, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """
    Complete converted arguments with the Python defaults, null and unset ones included. Raises Refused, BAD_INPUT, for
    one that is too long (schema/lengths.py).
    """
    lengths.check(arguments)
    return {
        **kind.defaults,
        **{name: value for name, value in arguments.items() if value is not None and value is not UNSET},
    }


def types_by_row(schema: strawberry.Schema) -> None:
    """
    Let rows say their type: an interface or union is resolved by the row's `__typename`.

    Strawberry asks for instances of the types instead, which rows are not. Needed once per schema; again is harmless.
    """
    for named in schema._schema.type_map.values():
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
        "message": translate(problem.message),
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
    function: Reader | Source,
    call: Callable[[Any, Any, dict[str, Any]], Coroutine[Any, Any, Any]],
    kind: Loaded | Answered | Subscribed,
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
        *(as_argument(function, each, types or {}, said or {}) for each in parameters_of(function)),
    ]
    resolve.__name__, resolve.__qualname__ = function.__name__, function.__qualname__
    resolve.__module__ = function.__module__
    vars(resolve)["__signature__"] = Signature(parameters)
    resolve.__annotations__ = {each.name: each.annotation for each in parameters[1:]}
    return HouseField(
        description=_said(description),
        deprecation_reason=deprecation_reason,
        base_resolver=StrawberryResolver(resolve),
        is_subscription=isinstance(kind, Subscribed),
        metadata={KIND: kind},
    )
