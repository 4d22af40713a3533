"""Rows of errors, from which `UserError` and its types are answered."""

from collections.abc import Mapping
from typing import Any, Final

from catalogue.languages import translate
from services.errors import ErrorCode, Problem

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


def error_row(problem: Problem) -> dict[str, Any]:
    """Return the row of one entry of `errors`, with its message in the language of the answer."""
    return {
        **problem.facts,
        "__typename": ERROR_TYPES.get(problem.code, "PlainError"),
        "code": problem.code,
        "message": translate(problem.message),
        "path": list(problem.path) or None,
    }
