"""Rows of errors, from which `UserError` and its types are answered, and the places where each code can appear."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any, Final

import structlog

from catalogue.languages import translate
from services.errors import ErrorCode, Problem

log = structlog.get_logger(__name__)

ERROR_TYPES: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.CHECKLIST_ITEM_MISSING: "ChecklistError",
    ErrorCode.CHECKLIST_ITEM_REQUIRED: "ChecklistError",
    ErrorCode.INSUFFICIENT_CREDITS: "InsufficientCreditsError",
    ErrorCode.PROJECT_FIELD_MISSING: "ProjectFieldError",
    ErrorCode.PROJECT_FIELD_REQUIRED: "ProjectFieldError",
    ErrorCode.PROOF_REQUIRED: "ProofRequiredError",
    ErrorCode.RATE_LIMITED: "RateLimitError",
    ErrorCode.VERSION_CONFLICT: "VersionConflictError",
}
"""GraphQL types of errors with further fields, which are the problem's facts. All other codes are `PlainError`."""


class Place(Enum):
    """Where an answer can have a code."""

    REQUEST = "request"
    TOP_LEVEL = "top level"
    PAYLOAD = "payload"


_REQUEST, _TOP_LEVEL, PAYLOAD_ONLY = (Place.REQUEST,), (Place.TOP_LEVEL,), (Place.PAYLOAD,)
_NOT_IN_PAYLOADS: Final = (Place.REQUEST, Place.TOP_LEVEL)
_FIELDS: Final = (Place.TOP_LEVEL, Place.PAYLOAD)
_EVERYWHERE: Final = tuple(Place)

PLACES: Final[Mapping[ErrorCode, tuple[Place, ...]]] = {
    ErrorCode.BAD_CURSOR: _TOP_LEVEL,
    ErrorCode.BAD_ID: _FIELDS,
    ErrorCode.BAD_INPUT: _EVERYWHERE,
    ErrorCode.BAD_PAGE: _TOP_LEVEL,
    ErrorCode.BAD_QUERY: _REQUEST,
    ErrorCode.DOCUMENT_NOT_TRUSTED: _REQUEST,
    ErrorCode.ELEVATION_REQUIRED: _TOP_LEVEL,
    ErrorCode.FORBIDDEN: _NOT_IN_PAYLOADS,
    ErrorCode.INSUFFICIENT_SCOPE: _TOP_LEVEL,
    ErrorCode.INTERNAL: _NOT_IN_PAYLOADS,
    ErrorCode.IN_THE_FUTURE: _FIELDS,
    ErrorCode.NOT_FOUND: _EVERYWHERE,
    ErrorCode.PASSWORD_EXPIRED: _TOP_LEVEL,
    ErrorCode.PERSISTED_QUERY_MISMATCH: _REQUEST,
    ErrorCode.PERSISTED_QUERY_NOT_FOUND: _REQUEST,
    ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED: _REQUEST,
    ErrorCode.SNAPSHOT_EXPIRED: _TOP_LEVEL,
    ErrorCode.QUERY_TOO_COMPLEX: _REQUEST,
    ErrorCode.RATE_LIMITED: _EVERYWHERE,
    ErrorCode.TOO_MANY_ITEMS: _FIELDS,
    ErrorCode.UNAUTHENTICATED: _NOT_IN_PAYLOADS,
    ErrorCode.UNAVAILABLE: _NOT_IN_PAYLOADS,
    ErrorCode.UNKNOWN_TERM: _FIELDS,
}
"""The places of each code. A code that is not listed appears in payloads only."""
TOP_LEVEL_ONLY: Final = frozenset(code for code, places in PLACES.items() if Place.PAYLOAD not in places)
"""Codes of rights, limits of a whole request, and bugs: no payload has them."""


def codes_sentence(codes: Iterable[ErrorCode]) -> str:
    """
    Return the sentence of a mutation's description that lists the codes of its payload's errors. Raises ValueError for a
    code that no payload has.
    """
    names = sorted(each.value for each in codes)
    if wrong := sorted(each.value for each in TOP_LEVEL_ONLY.intersection(codes)):
        raise ValueError(f"{', '.join(wrong)}: only a top-level error has this code.")
    return f"Codes: {', '.join(f'`{name}`' for name in names)}." if names else "Codes: none."


def error_row(problem: Problem) -> dict[str, Any]:
    """Return the row of one entry of `errors`, with its message in the language of the answer."""
    return {
        **problem.facts,
        "__typename": ERROR_TYPES.get(problem.code, "PlainError"),
        "code": problem.code,
        "message": translate(problem.message),
        "path": list(problem.path) or None,
    }


def error_rows(problems: Sequence[Problem], declared: AbstractSet[ErrorCode], mutation: str) -> list[dict[str, Any]]:
    """
    Return the rows of a refused mutation's `errors`. A code that the mutation does not declare is logged as an error:
    clients do not expect it.
    """
    if undeclared := {each.code for each in problems} - declared:
        log.error("mutation.undeclared_codes", mutation=mutation, codes=sorted(each.value for each in undeclared))
    return [error_row(each) for each in problems]
