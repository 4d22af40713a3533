"""A GraphQL request, as HTTP and WebSockets transport it."""

from dataclasses import dataclass
from typing import Any

from services.errors import ErrorCode

MAX_VALUES = 10_000
"""Values in the variables of one request, at any depth: each is converted before any other limit applies."""


class BadRequest(Exception):
    """The client sent no valid GraphQL request. `status` is the HTTP status of the refusal."""

    def __init__(self, message: str, status: int = 400, code: ErrorCode = ErrorCode.BAD_INPUT) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One operation to run."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    values: int = 0
    """Values in the variables, at any depth."""


def request_of(query: Any, variables: Any, operation_name: Any, extensions: Any) -> GraphQLRequest:
    """Check the four parts of a request. Raises BadRequest."""
    if query is None and isinstance(extensions, dict) and "persistedQuery" in extensions:
        # Clients of automatic persisted queries expect this message and a 200, and send the document from then on.
        raise BadRequest("PersistedQueryNotSupported", 200, ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED)
    if not isinstance(query, str) or not query:
        raise BadRequest("`query` must be a GraphQL document.")
    if not isinstance(variables, dict | None):
        raise BadRequest("`variables` must be an object.")
    if not isinstance(operation_name, str | None):
        raise BadRequest("`operationName` must be a string.")
    if not isinstance(extensions, dict | None):
        raise BadRequest("`extensions` must be an object.")
    return GraphQLRequest(query, variables, operation_name, _count_values(variables))


def _count_values(variables: dict[str, Any] | None) -> int:
    """The number of values, at any depth. Raises BadRequest if there are too many."""
    waiting: list[Any] = [variables or {}]
    count = 0
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict | list):
            count += len(each)
            if count > MAX_VALUES:
                raise BadRequest(f"`variables` have more than {MAX_VALUES} values.")
            waiting += each.values() if isinstance(each, dict) else each
    return count
