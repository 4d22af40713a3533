"""
The kinds of field: each field of a type declares the source of its value.

column         a value in the row of its parent
loaded_by      the result of a batch reader: one call for all parents
answered_by    the result of a coroutine: root fields and rare ones
mutation_by    a mutation: declares its permissions and codes, and returns refusals in the payload
subscribed_by  a subscription: an async generator of rows, one answer per row

The kind is stored in the field's `metadata`, the only slot that survives when Strawberry copies a field. graphql-core
reaches it through the resolvers made here. `execution` reads the kind and calls readers and coroutines without resolvers.

The keyword-only parameters of a reader or coroutine are the field's arguments. A null or absent argument becomes the
parameter's default. Only a `strawberry.Maybe` parameter distinguishes the two.
"""

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from functools import partial
from inspect import Parameter, Signature
from typing import Any, Protocol, cast

import strawberry
from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry.types.unset import UNSET

from schema import lengths
from schema.arguments import as_argument, defaults_of, parameters_of
from schema.error_rows import codes_sentence, error_rows
from schema.mutation_calls import with_merges
from services.errors import ErrorCode, NotAllowed, Refused

KIND = "kind"
DEFINITION = "strawberry-definition"

Reader = Callable[..., Coroutine[Any, Any, Any]]
Read = Callable[[Any], Any]
Source = Callable[..., AsyncGenerator[Any, None]]


class Permission(Protocol):
    """Who may use a field. The check depends on the request's context only, so one check covers all rows."""

    @property
    def note(self) -> str:
        """A sentence that is added to the description of a mutation; may be empty."""

    def check(self, context: Any) -> None:
        """Raise NotAllowed if the viewer may not use the field. Changes nothing."""


@dataclass(frozen=True)
class Work:
    """Cost of a field, in objects; with `given`, only if that argument is. `rows`: of a list without a size argument."""

    objects: int = 1
    given: str | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Column:
    """A value in the row: under the field's name, the result of `read(row)`, or the row `itself` as another object."""

    read: Read | None = None
    itself: bool = False


@dataclass(frozen=True)
class Loaded:
    """The result of a batch reader: `await reader(keys, context, **arguments)` returns one result per key, in order."""

    reader: Reader
    key: str | Read
    allowed: tuple[Permission, ...] = ()
    defaults: Mapping[str, Any] = attribute(default_factory=dict)
    read: str | None = None
    """Column of the reader's row that is the value; None for the row itself."""
    work: Work = Work()


@dataclass(frozen=True)
class Answered:
    """The result of `await coroutine(context, **arguments)`. It does not depend on the row, so all rows share it."""

    coroutine: Reader
    allowed: tuple[Permission, ...] = ()
    defaults: Mapping[str, Any] = attribute(default_factory=dict)
    mutates: bool = False
    work: Work = Work()
    codes: frozenset[ErrorCode] = frozenset()
    """Codes of the errors in a mutation's payload."""


def _always_visible(_event: Any, _context: Any) -> bool:
    return True


@dataclass(frozen=True)
class Subscribed:
    """The rows that `source(context, **arguments)` yields; one answer per row."""

    source: Source
    allowed: tuple[Permission, ...] = ()
    defaults: Mapping[str, Any] = attribute(default_factory=dict)
    still_visible: Callable[[Any, Any], bool] = _always_visible
    """Return True if the viewer of this context may see this row; checked again for each row."""

    def check(self, context: Any) -> None:
        """Raise NotAllowed if the viewer may not subscribe, or may no longer."""
        _check(self.allowed, context)


RowKind = Column | Loaded | Answered
Kind = RowKind | Subscribed


class KindedField(StrawberryField):
    """A Strawberry field with a kind. It reads columns itself; the other kinds have a resolver."""

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

    `read` is a pure function that computes the value from the row. `itself` is for an object that is the same row as
    another type. `name` is the GraphQL name, if it is not the Python name in camelCase.
    """
    if read is not None and itself:
        raise ValueError("A column has either `read` or `itself`, not both.")
    return KindedField(
        graphql_name=name,
        description=_checked(description),
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
    types: Mapping[str, Any] | None = None,
    work: Work | None = None,
    deprecation_reason: str | None = None,
) -> Any:
    """
    Declare a field whose value comes from a batch reader.

    `key` is the column with the reader's key, or a function of the row; the value is None if the key is None. The reader
    returns one result per key, in the order of the keys: a value, None, or an Exception for that key alone. `read` selects
    one column of the result, so that several fields share one call of the reader. The rest is as in `answered_by`.
    """
    kind = Loaded(reader, key, tuple(allowed), defaults_of(reader), read, work or Work())
    key_of = key if callable(key) else lambda row: row[key]

    async def call(row: Any, context: Any, arguments: dict[str, Any]) -> Any:
        _check(kind.allowed, context)
        result = await context.load(reader, key_of(row), given(kind, arguments))
        return result if read is None or result is None else result[read]

    return _resolved(reader, call, kind, description, deprecation_reason, descriptions=arguments, types=types)


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
    Declare a field whose value is `await coroutine(context, **arguments)`: root fields and rare ones.

    `arguments` are the descriptions of the field's arguments by their Python names. `types` are types of arguments that
    resolvers cannot import: the custom scalars, which belong to the schema. `work` is the cost of an expensive field.
    """
    kind = Answered(coroutine, tuple(allowed), defaults_of(coroutine), work=work or Work())

    async def call(_row: Any, context: Any, arguments: dict[str, Any]) -> Any:
        _check(kind.allowed, context)
        return await coroutine(context, **given(kind, arguments))

    return _resolved(coroutine, call, kind, description, deprecation_reason, descriptions=arguments, types=types)


def mutation_by(
    coroutine: Reader,
    description: str,
    *,
    allowed: Sequence[Permission],
    codes: Sequence[ErrorCode],
    input: type | None = None,  # noqa: A002 - the argument's name in GraphQL
    deprecation_reason: str | None = None,
) -> Any:
    """
    Declare a mutation: `await coroutine(context, input=...)` returns the payload's row, without `errors`.

    `input` is the type of its only argument, which gets the type's description; resolvers cannot import it. A mutation
    that has nothing to say has no argument. Its type is nullable: one that is refused must not hide what others did. If
    the coroutine raises Refused, the problems become the payload's `errors`, whose `codes` are declared here, and all
    other columns are None. The description gets the permissions' notes and the codes. Raises ValueError if `allowed` is
    empty (for everyone: Anyone), or for a code that no payload can have.
    """
    if not allowed:
        raise ValueError(f"{coroutine.__name__}: a mutation needs `allowed`.")
    kind = Answered(coroutine, tuple(allowed), defaults_of(coroutine), mutates=True, codes=frozenset(codes))

    async def call(_row: Any, context: Any, arguments: dict[str, Any]) -> Any:
        try:
            check, read = partial(_check, kind.allowed, context), partial(given, kind, arguments)
            row = await with_merges(coroutine, context, check=check, arguments=read)
        except NotAllowed:
            raise
        except Refused as refusal:
            waits = [wait for each in refusal.problems if isinstance(wait := each.facts.get("retry_after"), int)]
            if waits:
                context.retry_after = max(waits)  # for the header Retry-After
            errors = error_rows(refusal.problems, kind.codes, coroutine.__name__)
            return {**dict.fromkeys(payload_columns(field)), "errors": errors}
        finally:
            context.loaders.clear()  # rows that were read before the write are out of date
        return {"errors": [], **row}

    described = " ".join([_checked(description), *filter(None, (each.note for each in allowed)), codes_sentence(codes)])
    field = _resolved(
        coroutine,
        call,
        kind,
        described,
        deprecation_reason,
        descriptions={} if input is None else {"input": input.__strawberry_definition__.description},  # type: ignore[attr-defined]
        types={} if input is None else {"input": input},
    )
    return field


def subscribed_by(
    source: Source,
    description: str,
    *,
    allowed: Sequence[Permission],
    still_visible: Callable[[Any, Any], bool] = _always_visible,
    arguments: Mapping[str, str] | None = None,
) -> Any:
    """
    Declare a subscription: `source(context, **arguments)` yields one row per event, and returns when there are no more. Each
    row is answered with a new context: the viewer is authenticated again, `allowed` is checked again, and a row is skipped if `still_visible(row, context)` is False. Raises ValueError if `allowed` is empty.
    """
    if not allowed:
        raise ValueError(f"{source.__name__}: a subscription needs `allowed`.")
    kind = Subscribed(source, tuple(allowed), defaults_of(source), still_visible)

    async def call(_row: Any, context: Any, arguments: dict[str, Any]) -> Any:
        kind.check(context)
        return source(context, **given(kind, arguments))

    return _resolved(source, call, kind, description, None, descriptions=arguments)


def kind_of(field: GraphQLField) -> Kind | None:
    """Return the kind of a field of the built schema; None if it was not declared with this module."""
    definition = field.extensions.get(DEFINITION)
    return None if definition is None else definition.metadata.get(KIND)


def given(kind: Loaded | Answered | Subscribed, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the arguments, with the Python defaults for absent and null ones. Raises Refused, BAD_INPUT, if one is too
    long (schema/lengths.py).
    """
    lengths.check(arguments)
    return {
        **kind.defaults,
        **{name: value for name, value in arguments.items() if value is not None and value is not UNSET},
    }


def types_by_row(schema: strawberry.Schema) -> None:
    """
    Resolve interfaces and unions by the row's `__typename`.

    Strawberry would expect instances of its types, but values are plain rows. Call it once per schema; a second call
    changes nothing.
    """
    for named in schema._schema.type_map.values():
        if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            named.resolve_type = _type_of_row
        elif isinstance(named, GraphQLObjectType):
            named.is_type_of = None


def payload_columns(mutation: StrawberryField) -> set[str]:
    """
    Return the columns of the row from which a mutation's payload is answered; all are None if the mutation is refused.

    Raises TypeError if a field of the payload needs more than one column of the row.
    """
    payload, columns = cast("Any", mutation.type).of_type, set()
    for each in payload.__strawberry_definition__.fields:
        match each.metadata[KIND]:
            case Column(read=None, itself=False):
                columns.add(each.python_name)
            case Loaded(key=str(key)):
                columns.add(key)
            case _:
                raise TypeError(
                    f"{payload.__name__}.{each.python_name}: a payload is made of plain columns and their rows."
                )
    return columns


class LazyCall:
    """
    A coroutine call that starts when it is awaited.

    When a field fails, graphql-core drops the calls of sibling fields that it has not started. A dropped coroutine would
    warn that it was never awaited; a dropped LazyCall does not.
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


def _checked(description: str) -> str:
    if not description.strip():
        raise ValueError("Every field needs a description.")
    return description


def _resolved(
    function: Reader | Source,
    call: Callable[[Any, Any, dict[str, Any]], Coroutine[Any, Any, Any]],
    kind: Loaded | Answered | Subscribed,
    description: str,
    deprecation_reason: str | None,
    *,
    descriptions: Mapping[str, str] | None = None,
    types: Mapping[str, Any] | None = None,
) -> KindedField:
    """Return a field whose resolver has the signature from which Strawberry derives the field's arguments."""

    def resolve(root: Any, info: strawberry.Info, **arguments: Any) -> Any:
        return LazyCall(call, root, info.context, arguments)

    parameters = [
        Parameter("root", Parameter.POSITIONAL_OR_KEYWORD),
        Parameter("info", Parameter.POSITIONAL_OR_KEYWORD, annotation=strawberry.Info),
        *(as_argument(function, each, types or {}, descriptions or {}) for each in parameters_of(function)),
    ]
    resolve.__name__, resolve.__qualname__ = function.__name__, function.__qualname__
    resolve.__module__ = function.__module__
    vars(resolve)["__signature__"] = Signature(parameters)
    resolve.__annotations__ = {each.name: each.annotation for each in parameters[1:]}
    return KindedField(
        description=_checked(description),
        deprecation_reason=deprecation_reason,
        base_resolver=StrawberryResolver(resolve),
        is_subscription=isinstance(kind, Subscribed),
        metadata={KIND: kind},
    )
