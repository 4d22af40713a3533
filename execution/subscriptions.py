"""Where a subscription's events come from: graphql-core begins the source, so that it says what is wrong as ever."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, create_source_event_stream
from graphql.execution.executor import Executor as Core

from execution.documents import Operation
from execution.results import told, unavailable_in
from schema.fields import Subscribed, kind_of


class NoEvents(Exception):
    """There is no source to hear; carries graphql-core's errors."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.body: dict[str, Any] = {"data": None, "errors": told(errors)}
        self.unavailable = unavailable_in(errors)


def root_field(schema: GraphQLSchema, touched: frozenset[str]) -> Subscribed | None:
    """
    How the one root field of a valid subscription is declared, by the fields (`Type.field`) that it touches; None when
    directives leave it out.
    """
    root = schema.subscription_type
    if root is None:
        return None
    for name, field in root.fields.items():
        if f"{root.name}.{name}" in touched:
            kind = kind_of(field)
            if not isinstance(kind, Subscribed):
                raise TypeError(f"{root.name}.{name} is not declared with subscribed_by.")
            return kind
    return None


@asynccontextmanager
async def events_of(
    schema: GraphQLSchema, operation: Operation, raw: dict[str, Any], context: Any
) -> AsyncIterator[AsyncGenerator[Any, None]]:
    """The events of a subscription, as its source yields them; the source ends with the block. Raises NoEvents."""
    name = operation.definition.name
    core = Core.build(
        schema,
        operation.document,
        context_value=context,
        raw_variable_values=raw,
        operation_name=name.value if name else None,
    )
    if isinstance(core, list):
        raise NoEvents(core)
    stream: Any = create_source_event_stream(core)
    if core.is_awaitable(stream):
        stream = await stream
    if isinstance(stream, ExecutionResult):
        raise NoEvents(stream.errors or [])
    try:
        yield stream
    finally:
        await stream.aclose()


async def next_of(events: AsyncGenerator[Any, None]) -> tuple[Any] | None:
    """The next event; None when there are no more. Raises NoEvents when the source fails."""
    try:
        return (await anext(events),)
    except StopAsyncIteration:
        return None
    except Exception as error:  # noqa: BLE001 - a bug: logged and masked by told()
        raise NoEvents([GraphQLError(str(error), original_error=error)]) from None
