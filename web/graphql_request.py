"""What a client asks for, as far as HTTP and WebSockets can tell."""

from dataclasses import dataclass
from typing import Any

from services.errors import ErrorCode

MAX_VALUES = 10_000
"""Values in the variables of one request, at any depth: each is looked at and converted before anything else counts."""


class BadRequest(Exception):
    """There is no GraphQL request in what was sent."""

    def __init__(self, message: str, status: int = 400, code: ErrorCode = ErrorCode.BAD_INPUT) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What a request asks for, as far as HTTP can tell."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    values: int = 0
    """How many values there are in the variables."""


def request_of(query: Any, variables: Any, operation_name: Any, extensions: Any) -> GraphQLRequest:
    """Check the four parts of a request. Raises BadRequest."""
    if query is None and isinstance(extensions, dict) and "persistedQuery" in extensions:
        # Clients of automatic persisted queries know these words and a 200, and send the document from then on.
        raise BadRequest("PersistedQueryNotSupported", 200, ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED)
    if not isinstance(query, str) or not query:
        raise BadRequest("`query` must be a GraphQL document.")
    if not isinstance(variables, dict | None):
        raise BadRequest("`variables` must be an object.")
    if not isinstance(operation_name, str | None):
        raise BadRequest("`operationName` must be a string.")
    if not isinstance(extensions, dict | None):
        raise BadRequest("`extensions` must be an object.")
    return GraphQLRequest(query, variables, operation_name, _values_in(variables))


def _values_in(variables: dict[str, Any] | None) -> int:
    """How many values there are, at any depth. Raises BadRequest for too many."""
    waiting: list[Any] = [variables or {}]
    counted = 0
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict | list):
            counted += len(each)
            if counted > MAX_VALUES:
                raise BadRequest(f"`variables` hold more than {MAX_VALUES} values.")
            waiting += each.values() if isinstance(each, dict) else each
    return counted
