"""What a client gets: data, and errors that each carry a code and hide what is a bug."""

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

OUR_SIDE = Text("Something went wrong on our side.")
AWAY = Text("The server cannot do this now. Try again later.")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Answer:
    """
    The answer to one request. `body` is ready to be written as JSON; its parts may be shared, so it is only read.

    `request_error` is true when nothing was run: syntax, validation, unknown operation, bad variables, over a limit.
    `fell_back` is true when graphql-core had to run a query in place of a plan, which is dear. `cost` is what the
    operation may have asked for (execution/cost.py) and `max_cost` what it was allowed; 0 when it was not that far.
    `seconds` is what it took of the processor to read and prepare the operation.
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
    """Why nothing, or not all, could be answered now; the same request may be answered later."""


def refused_request(
    errors: Iterable[GraphQLError], kind: OperationKind | None = None, *, code: ErrorCode = ErrorCode.BAD_QUERY
) -> Answer:
    """Answer a request that was not run. Its errors are about what the client sent, so they are told as they are."""
    told = [
        {
            **error.formatted,
            "message": shortened(error.message),
            "extensions": {"code": code.value, **(error.extensions or {})},
        }
        for error in errors
    ]
    return Answer({"errors": told}, kind, request_error=True)


def too_dear(cost: int, allowed: int, kind: OperationKind) -> Answer:
    """Answer an operation that was not run because it may ask for too much at once."""
    error = GraphQLError(
        f"The query costs {cost}; {allowed} is allowed. Ask for smaller pages, or for less at once.",
        extensions={"code": ErrorCode.QUERY_TOO_COMPLEX.value, "cost": cost, "limit": allowed},
    )
    return replace(refused_request([error], kind), cost=cost, max_cost=allowed)


def unavailable(error: Unavailable, kind: OperationKind | None) -> Answer:
    """Answer what cannot be answered now. The caller tells the log: one line stands for many requests."""
    told = [{"message": translate(AWAY), "extensions": {"code": ErrorCode.UNAVAILABLE.value}}]
    return Answer({"data": None, "errors": told}, kind, unavailable=error)


def unavailable_in(errors: Iterable[GraphQLError]) -> Unavailable | None:
    """The first of these errors that says that something is away; None: none does."""
    causes = (error.original_error for error in errors)
    return next((cause for cause in causes if isinstance(cause, Unavailable)), None)


def told(errors: Iterable[GraphQLError]) -> list[dict[str, Any]]:
    """
    Format the errors of a run, in the order of their paths.

    Refusals and bad arguments say what they are. Anything else is a bug: logged once with its traceback under a
    random reference, and the client gets the reference.
    """
    references: dict[int, str] = {}
    return [_told(error, references) for error in sorted(errors, key=_place)]


def _told(error: GraphQLError, references: dict[int, str]) -> dict[str, Any]:
    where = {name: value for name, value in error.formatted.items() if name in {"locations", "path"}}
    cause = error.original_error
    if isinstance(cause, Refused):
        problem = cause.problems[0]
        facts = {to_camel_case(name): value for name, value in problem.facts.items()}
        return {"message": translate(problem.message), **where, "extensions": {**facts, "code": problem.code.value}}
    if cause is None or isinstance(cause, GraphQLError):
        if "code" in (error.extensions or {}):
            return {"message": error.message, **where, "extensions": dict(error.extensions or {})}
        if _about_arguments(cause or error):
            return {"message": shortened(error.message), **where, "extensions": {"code": ErrorCode.BAD_INPUT.value}}
    if isinstance(cause, Unavailable):
        return {"message": translate(AWAY), **where, "extensions": {"code": ErrorCode.UNAVAILABLE.value}}
    bug = cause or error
    reference = references.get(id(bug))
    if reference is None:
        reference = references[id(bug)] = secrets.token_hex(8)
        log.error("graphql_bug", reference=reference, path=error.path, exc_info=bug)
    return {
        "message": translate(OUR_SIDE),
        **where,
        "extensions": {"code": ErrorCode.INTERNAL.value, "reference": reference},
    }


def _about_arguments(error: GraphQLError) -> bool:
    """Whether graphql-core or Strawberry complains about an argument: then it points at the argument's value."""
    if isinstance(error, StrawberryInputCoercionError):
        return True
    return any(not isinstance(node, FieldNode) for node in error.nodes or ())


def _place(error: GraphQLError) -> list[tuple[bool, int, str]]:
    # graphql-core reports errors as they happen; a client, a cache and a test want the same order each time.
    return [(isinstance(step, int), step if isinstance(step, int) else 0, str(step)) for step in error.path or ()]
