"""What a client asks for, as far as HTTP and WebSockets can tell."""

import re
from dataclasses import dataclass
from typing import Any

from services.errors import ErrorCode

# The character that PostgreSQL's text cannot hold, as a document can write it.
_NUL_IN_DOCUMENT = re.compile(r"(?<!\\)(?:\\\\)*\\u(?:0000|\{0+\})")


class BadRequest(Exception):
    """There is no GraphQL request in what was sent."""

    def __init__(self, message: str, status: int = 400, code: ErrorCode = ErrorCode.BAD_INPUT) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, as far as HTTP can tell."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


def asked_of(query: Any, variables: Any, operation_name: Any, extensions: Any) -> Asked:
    """Check the four parts of a request. Raises BadRequest."""
    if not isinstance(query, str) or not query:
        raise BadRequest("`query` must be a GraphQL document.")
    if not isinstance(variables, dict | None):
        raise BadRequest("`variables` must be an object.")
    if not isinstance(operation_name, str | None):
        raise BadRequest("`operationName` must be a string.")
    if not isinstance(extensions, dict | None):
        raise BadRequest("`extensions` must be an object.")
    if "\0" in query or _NUL_IN_DOCUMENT.search(query) or _holds_nul(variables):
        raise BadRequest("No text may hold the character U+0000.")
    return Asked(query, variables, operation_name)


def _holds_nul(value: Any) -> bool:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if "\0" in each:
                return True
        elif isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return False
