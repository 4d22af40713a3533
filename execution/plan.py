"""A compiled operation, ready to run for any request."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, cast

from execution.variables import Variables


class LeaveToCore(Exception):
    """Something on the way is not the happy path: graphql-core runs the document, and says what is wrong."""


@dataclass(frozen=True, eq=False)
class Plan:
    """
    The happy path of one operation, for given values of its directives' variables.

    Each field is read once for all rows of its level. Any exception means the same: nothing was answered, and
    graphql-core has to run the document.
    """

    code: Callable[[Any, list[dict[str, Any]], Any], Coroutine[Any, Any, dict[str, Any]]]
    arguments: tuple[Callable[[Variables], dict[str, Any]], ...]
    source: str
    size: int
    """Bytes that are held by it."""

    async def run(self, context: Any, variables: Variables, event: Any = None) -> dict[str, Any]:
        """
        Answer the operation's data. Rights on a level are checked before it is read. `event` is what a subscription's
        answer is about.
        """
        return await self.code(context, [make(variables) for make in self.arguments], event)


async def load(
    reader: Callable[..., Any], keys: Sequence[Any], context: Any, arguments: dict[str, Any]
) -> Sequence[Any]:
    """Ask a batch reader; without keys there is nothing to ask."""
    return await reader(keys, context, **arguments) if keys else ()


async def answer(
    coroutine: Callable[..., Any], rows: Sequence[Any], context: Any, arguments: dict[str, Any]
) -> Sequence[Any]:
    """Ask a coroutine once for all rows; without rows there is nothing to ask."""
    return (await coroutine(context, **arguments),) if rows else ()


async def together(*reads: Coroutine[Any, Any, Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """Wait for several reads at once. All have ended when this ends, so none is left running beside graphql-core."""
    results = await asyncio.gather(*reads, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise LeaveToCore from result
    return cast("Sequence[Sequence[Any]]", results)


async def in_turn(*reads: Coroutine[Any, Any, Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """Wait for several reads one after the other: cheaper than tasks where they could not overlap anyway."""
    results = []
    try:
        for read in reads:
            results.append(await read)  # noqa: PERF401 - those after a failing one are closed
    finally:
        for read in reads[len(results) :]:
            read.close()
    return results
