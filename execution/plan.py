"""A compiled operation, ready to run for any request."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, cast

from execution.variables import Variables


class LeaveToCore(Exception):
    """The operation left the happy path. graphql-core must run the document and report what is wrong."""


@dataclass(frozen=True, eq=False)
class Plan:
    """
    The compiled happy path of one operation, for one set of values of the variables in its directives.

    Each field is read once for all rows of its level. If `run` raises, whatever the exception, there is no answer, and
    graphql-core must run the document. `source` is the text of the function; `arguments` make the arguments of its
    fields for a request.
    """

    code: Callable[[Any, list[dict[str, Any]], Any], Coroutine[Any, Any, dict[str, Any]]]
    arguments: tuple[Callable[[Variables], dict[str, Any]], ...]
    source: str
    size: int
    """Bytes of memory that the plan occupies."""

    async def run(self, context: Any, variables: Variables, event: Any = None) -> dict[str, Any]:
        """
        Return the operation's data. The rights on a level are checked before it is read. `event` is the root row of a
        subscription's answer.
        """
        return await self.code(context, [make(variables) for make in self.arguments], event)


async def call_reader(
    reader: Callable[..., Any], keys: Sequence[Any], context: Any, arguments: dict[str, Any]
) -> Sequence[Any]:
    """Call a batch reader. Without keys it is not called, and the result is empty."""
    return await reader(keys, context, **arguments) if keys else ()


async def call_coroutine(
    coroutine: Callable[..., Any], rows: Sequence[Any], context: Any, arguments: dict[str, Any]
) -> Sequence[Any]:
    """Call a coroutine once for all rows. Without rows it is not called, and the result is empty."""
    return (await coroutine(context, **arguments),) if rows else ()


async def run_concurrently(*reads: Coroutine[Any, Any, Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """Run several reads concurrently. All have ended on return, so none keeps running beside graphql-core."""
    results = await asyncio.gather(*reads, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise LeaveToCore from result
    return cast("Sequence[Sequence[Any]]", results)


async def run_in_sequence(*reads: Coroutine[Any, Any, Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """Run several reads one after the other: cheaper than tasks where reads cannot overlap anyway."""
    results = []
    try:
        for read in reads:
            results.append(await read)  # noqa: PERF401 - the reads after a failing one are closed
    finally:
        for read in reads[len(results) :]:
            read.close()
    return results
