"""Runs an operation with graphql-core: mutations, introspection, and every operation whose plan failed."""

import asyncio
from functools import partial
from inspect import isawaitable
from typing import Any

from graphql import ExecutionResult, GraphQLSchema
from graphql.execution import execute

from execution.documents import Operation
from execution.results import format_errors, unavailable_in


async def run_in_core(
    schema: GraphQLSchema,
    operation: Operation,
    raw: dict[str, Any],
    context: Any,
    event: Any = None,
    *,
    in_thread: bool = False,
) -> dict[str, Any]:
    """
    Return `data` and `errors` of an operation. Root fields of a mutation run one after the other. A subscription is
    answered for one event. `in_thread` is for what reads the schema alone: it never waits, and can take 0.3 s.

    Fields read through the context's loaders, which must be empty or belong to this request. Raises Unavailable if
    the database or another service is unavailable and a part of a query, or a whole mutation, has no answer.
    """
    name = operation.definition.name
    run = partial(
        execute,
        schema,
        operation.document,
        root_value=event,
        context_value=context,
        variable_values=raw,
        operation_name=name.value if name else None,
    )
    result = await asyncio.to_thread(run) if in_thread else run()
    finished: ExecutionResult = await result if isawaitable(result) else result
    body: dict[str, Any] = {"data": finished.data}
    if finished.errors:
        unavailable = unavailable_in(finished.errors)
        answered = any(each is not None for each in (finished.data or {}).values())
        if unavailable and (operation.kind != "mutation" or not answered):
            raise unavailable
        body["errors"] = format_errors(finished.errors)
    return body
