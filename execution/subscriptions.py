"""Opens the source of a subscription's events. graphql-core starts it, so that errors are the same as elsewhere."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, create_source_event_stream
from graphql.execution.executor import Executor as Core

from execution.documents import Operation
from execution.results import format_errors, unavailable_in
from schema.fields import Subscribed, kind_of


class NoEvents(Exception):
    """The source could not be opened, or failed. Carries graphql-core's errors."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.body: dict[str, Any] = {"data": None, "errors": format_errors(errors)}
        self.unavailable = unavailable_in(errors)


def root_field(schema: GraphQLSchema, touched: frozenset[str]) -> Subscribed | None:
    """
    Return the kind of the one root field of a valid subscription that touches these fields (`Type.field`); None if
    directives leave the field out. Raises TypeError if it was not declared with subscribed_by.
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
    """Open the source of a subscription's events; it is closed when the block ends. Raises NoEvents."""
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
    """Return the next event as a tuple of one; None at the end. Raises NoEvents if the source fails."""
    try:
        return (await anext(events),)
    except StopAsyncIteration:
        return None
    except Exception as error:  # noqa: BLE001 - a bug: format_errors() logs and masks it
        raise NoEvents([GraphQLError(str(error), original_error=error)]) from None
