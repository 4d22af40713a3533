"""graphql-core runs what plans do not: mutations, introspection, and whatever went wrong."""

from inspect import isawaitable
from typing import Any

from graphql import ExecutionResult, GraphQLSchema
from graphql.execution import execute

from execution.documents import Operation
from execution.results import told, unavailable_in


async def run_in_core(
    schema: GraphQLSchema, operation: Operation, raw: dict[str, Any], context: Any, event: Any = None
) -> dict[str, Any]:
    """
    Answer `data` and `errors` of an operation. Root fields of a mutation run one after the other; a subscription is
    answered for one event.

    Fields read through the context's loaders, which have to be empty or of this request. Raises Unavailable when a query
    cannot be answered whole, or a mutation not at all, because something is away.
    """
    name = operation.definition.name
    result = execute(
        schema,
        operation.document,
        root_value=event,
        context_value=context,
        variable_values=raw,
        operation_name=name.value if name else None,
    )
    finished: ExecutionResult = await result if isawaitable(result) else result
    body: dict[str, Any] = {"data": finished.data}
    if finished.errors:
        away = unavailable_in(finished.errors)
        if away and (finished.data is None or operation.kind != "mutation"):
            raise away
        body["errors"] = told(finished.errors)
    return body
