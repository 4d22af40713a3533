"""Whether a plan and graphql-core answer the same. Knows nothing of a schema, so that every schema can be tested."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

import orjson

from execution.access import coordinates
from execution.core import run_in_core
from execution.executor import Executor
from execution.results import Answer


@dataclass
class Compared:
    """How the plan's side answered: `planned` is what a test counts, so that it cannot pass by falling back."""

    answer: Answer

    @property
    def planned(self) -> bool:
        return self.answer.planned


async def same_answer(
    executor: Executor,
    text: str,
    variables: dict[str, Any] | None,
    make_context: Callable[[], Any | Awaitable[Any]],
) -> Compared:
    """
    Run a document by the executor and by graphql-core alone, each with a fresh context, and assert equal JSON.

    Bytes are compared, so the order of the fields is too. References of masked bugs are random and left out.
    """
    answer = await executor.run(text, variables, None, await _made(make_context))
    assert not answer.request_error, answer.body
    core = await answered_by_core(executor, text, variables, None, await _made(make_context))
    said, expected = (orjson.dumps(comparable(body)) for body in (answer.body, core))
    assert said == expected, f"{text}\n{json.dumps(variables)}\nplan: {said!r}\ncore: {expected!r}"
    return Compared(answer)


async def answered_by_core(
    executor: Executor, text: str, variables: dict[str, Any] | None, name: str | None, context: Any
) -> dict[str, Any]:
    """
    Answer a document by graphql-core alone, as the executor does where there is no plan: the context is first asked what
    the viewer may ask for, so that fields that go by what is asked for know it.
    """
    operation = executor.documents.read(text).operation(name)
    values = operation.variables.coerce(variables or {})
    context.check_access(coordinates(executor.schema._schema, operation, values.full()))
    return await run_in_core(executor.schema._schema, operation, variables or {}, context)


async def _made(make_context: Callable[[], Any | Awaitable[Any]]) -> Any:
    context = make_context()
    return await context if isawaitable(context) else context


def comparable(body: dict[str, Any]) -> dict[str, Any]:
    """What of an answer can be compared: all but the random references of masked bugs."""
    for error in body.get("errors", ()):
        error["extensions"].pop("reference", None)
    return body
