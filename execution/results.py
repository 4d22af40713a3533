"""Answers to clients. Each error has a code; the details of a bug are hidden."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import structlog
from graphql import FieldNode, GraphQLError
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.utils.str_converters import to_camel_case

from catalogue.languages import Text, translate
from execution.documents import OperationKind, shortened
from services.errors import ErrorCode, Refused, Unavailable

INTERNAL_ERROR = Text("Something went wrong on our side.")
UNAVAILABLE_NOW = Text("The server cannot do this now. Try again later.")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Answer:
    """
    The answer to one request. `body` is ready to be serialized as JSON. Its parts can be shared: never change them.

    `request_error` is true if nothing was run: syntax, validation, unknown operation, bad variables, over a limit.
    `fell_back` is true if graphql-core ran a query in place of a plan, which is expensive. `cost` is the cost of the
    operation (execution/cost.py) and `max_cost` the allowed maximum; both are 0 if they were not computed. `seconds`
    is the processor time for reading and preparing the operation.
    """

    body: dict[str, Any]
    kind: OperationKind | None = None
    planned: bool = False
    fell_back: bool = False
    request_error: bool = False
    cost: int = 0
    max_cost: int = 0
    seconds: float = 0.0
    unavailable: Unavailable | None = None
    """Set if a part of the answer is unavailable now; the same request can succeed later."""


def refused_request(
    errors: Iterable[GraphQLError], kind: OperationKind | None = None, *, code: ErrorCode = ErrorCode.BAD_QUERY
) -> Answer:
    """Answer a request that was not run. Its errors describe the request, so their messages are not masked."""
    formatted = [
        {
            **error.formatted,
            "message": shortened(error.message),
            "extensions": {"code": code.value, **(error.extensions or {})},
        }
        for error in errors
    ]
    return Answer({"errors": formatted}, kind, request_error=True)


def too_expensive(cost: int, allowed: int, kind: OperationKind) -> Answer:
    """Answer an operation that was not run because its cost exceeds the limit."""
    error = GraphQLError(
        f"The query costs {cost}; {allowed} is allowed. Ask for smaller pages, or for less at once.",
        extensions={"code": ErrorCode.QUERY_TOO_COMPLEX.value, "cost": cost, "limit": allowed},
    )
    return replace(refused_request([error], kind), cost=cost, max_cost=allowed)


def unavailable(error: Unavailable, kind: OperationKind | None) -> Answer:
    """Answer an operation that cannot be run now. The caller logs it: one log line stands for many requests."""
    formatted = [{"message": translate(UNAVAILABLE_NOW), "extensions": {"code": ErrorCode.UNAVAILABLE.value}}]
    return Answer({"data": None, "errors": formatted}, kind, unavailable=error)


def unavailable_in(errors: Iterable[GraphQLError]) -> Unavailable | None:
    """Return the first Unavailable that caused one of these errors, else None."""
    causes = (error.original_error for error in errors)
    return next((cause for cause in causes if isinstance(cause, Unavailable)), None)


def format_errors(errors: Iterable[GraphQLError]) -> list[dict[str, Any]]:
    """
    Format the errors of an executed operation, in the order of their paths.

    Refusals and bad arguments keep their message. Any other error is a bug: it is logged once with its traceback under
    a random reference, and the client gets only the reference.
    """
    references: dict[int, str] = {}
    return [_format_error(error, references) for error in sorted(errors, key=_path_order)]


def _format_error(error: GraphQLError, references: dict[int, str]) -> dict[str, Any]:
    where = {name: value for name, value in error.formatted.items() if name in {"locations", "path"}}
    cause = error.original_error
    if isinstance(cause, Refused):
        problem = cause.problems[0]
        facts = {to_camel_case(name): value for name, value in problem.facts.items()}
        return {"message": translate(problem.message), **where, "extensions": {**facts, "code": problem.code.value}}
    if cause is None or isinstance(cause, GraphQLError):
        if "code" in (error.extensions or {}):
            return {"message": error.message, **where, "extensions": dict(error.extensions or {})}
        if _is_about_arguments(cause or error):
            return {"message": shortened(error.message), **where, "extensions": {"code": ErrorCode.BAD_INPUT.value}}
    if isinstance(cause, Unavailable):
        return {"message": translate(UNAVAILABLE_NOW), **where, "extensions": {"code": ErrorCode.UNAVAILABLE.value}}
    bug = cause or error
    reference = references.get(id(bug))
    if reference is None:
        reference = references[id(bug)] = secrets.token_hex(8)
        log.error("field.failed", reference=reference, path=error.path, exc_info=bug)
    return {
        "message": translate(INTERNAL_ERROR),
        **where,
        "extensions": {"code": ErrorCode.INTERNAL.value, "reference": reference},
    }


def _is_about_arguments(error: GraphQLError) -> bool:
    """Return True if the error is about an argument: then its nodes are not fields, but the argument's value."""
    if isinstance(error, StrawberryInputCoercionError):
        return True
    return any(not isinstance(node, FieldNode) for node in error.nodes or ())


def _path_order(error: GraphQLError) -> list[tuple[bool, int, str]]:
    # graphql-core reports errors in the order they occur. Clients, caches and tests need a stable order.
    return [(isinstance(step, int), step if isinstance(step, int) else 0, str(step)) for step in error.path or ()]
