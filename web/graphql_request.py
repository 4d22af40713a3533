"""A GraphQL request, as HTTP and WebSockets transport it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from services.errors import ErrorCode
from web import persisted_queries, trusted_documents
from web.trusted_documents import TrustedDocuments

MAX_VALUES = 10_000
"""Values in the variables of one request, at any depth: each is converted before any other limit applies."""
PERSISTED_QUERY_VERSION = 1
"""The version of automatic persisted queries that Apollo's and urql's clients send."""

_SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE | re.ASCII)


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
    digest: bytes | None = None
    """SHA-256 of `query` if the client sent both, to have the document stored."""

    def register(self) -> None:
        """Store the document if the client sent its hash. Call it after the document was run: then it is valid."""
        if self.digest is not None:
            persisted_queries.register(self.digest, self.query)


def request_of(parts: Mapping[str, Any]) -> GraphQLRequest:
    """Check the parts of a request, and find its document if the client sent a hash or an id. Raises BadRequest."""
    query, variables, operation_name, extensions = (
        parts.get(name) for name in ("query", "variables", "operationName", "extensions")
    )
    if not isinstance(extensions, dict | None):
        raise BadRequest("`extensions` must be an object.")
    digest = None
    if trusted := trusted_documents.current():
        query = _trusted_query(trusted, query, parts.get("documentId"), extensions or {})
    elif extensions:
        digest = _persisted_digest(extensions, has_query=bool(query))
    if digest is not None and not query:
        query, digest = persisted_queries.find(digest), None
        if query is None:
            # Clients recognise this message and expect a 200; then they send the document with its hash.
            raise BadRequest("PersistedQueryNotFound", 200, ErrorCode.PERSISTED_QUERY_NOT_FOUND)
    if not isinstance(query, str) or not query:
        raise BadRequest("`query` must be a GraphQL document.")
    if not isinstance(variables, dict | None):
        raise BadRequest("`variables` must be an object.")
    if not isinstance(operation_name, str | None):
        raise BadRequest("`operationName` must be a string.")
    if digest is not None and sha256(query.encode(errors="replace")).digest() != digest:
        raise BadRequest("`sha256Hash` is not the SHA-256 of `query`.", code=ErrorCode.PERSISTED_QUERY_MISMATCH)
    return GraphQLRequest(query, variables, operation_name, _count_values(variables), digest)


def _trusted_query(trusted: TrustedDocuments, query: Any, document_id: Any, extensions: dict[str, Any]) -> str:
    """Return the trusted document that the client sent or named. Raises BadRequest if it is not trusted."""
    persisted = extensions.get("persistedQuery")
    name = document_id or (persisted.get("sha256Hash") if isinstance(persisted, dict) else None)
    if isinstance(query, str) and query:
        found = query if query in trusted else None
    else:
        found = trusted.find(name) if isinstance(name, str) else None
    if found is None:
        raise BadRequest("This server runs only the documents of its clients.", code=ErrorCode.DOCUMENT_NOT_TRUSTED)
    return found


def _persisted_digest(extensions: dict[str, Any], *, has_query: bool) -> bytes | None:
    """Return the SHA-256 in `extensions.persistedQuery`; None if there is none to use. Raises BadRequest."""
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or "version" not in persisted:
        raise BadRequest("`persistedQuery` must be an object with `version` and `sha256Hash`.")
    version = persisted["version"]
    if type(version) is not int or version != PERSISTED_QUERY_VERSION:
        if has_query:
            return None
        # Clients recognise this message and expect a 200; from then on they send documents without a hash.
        raise BadRequest("PersistedQueryNotSupported", 200, ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED)
    named = persisted.get("sha256Hash")
    if not isinstance(named, str) or not _SHA256.fullmatch(named):
        raise BadRequest("`sha256Hash` must be 64 hexadecimal digits.")
    return bytes.fromhex(named)


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
