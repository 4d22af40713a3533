"""Expected failures, as types with a code. Anything that is not one of these is a bug and is answered as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class ErrorCode(Enum):
    """Why something was refused. Codes are part of the contract: they are added to, never renamed."""

    ACCOUNT_DEACTIVATED = "ACCOUNT_DEACTIVATED"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    BAD_CODE = "BAD_CODE"
    BAD_CREDENTIALS = "BAD_CREDENTIALS"
    BAD_CURSOR = "BAD_CURSOR"
    BAD_ID = "BAD_ID"
    BAD_INPUT = "BAD_INPUT"
    BAD_PAGE = "BAD_PAGE"
    ELEVATION_REQUIRED = "ELEVATION_REQUIRED"
    EVENT_CONFLICT = "EVENT_CONFLICT"
    FORBIDDEN = "FORBIDDEN"
    INSUFFICIENT_SCOPE = "INSUFFICIENT_SCOPE"
    INTERNAL = "INTERNAL"
    IN_THE_FUTURE = "IN_THE_FUTURE"
    LAST_ADMIN = "LAST_ADMIN"
    MANAGED_BY_IDP = "MANAGED_BY_IDP"
    NOT_FOUND = "NOT_FOUND"
    NOT_YOURSELF = "NOT_YOURSELF"
    PASSWORD_CONTAINS_EMAIL = "PASSWORD_CONTAINS_EMAIL"  # noqa: S105 - a word, no password
    PASSWORD_EXPIRED = "PASSWORD_EXPIRED"  # noqa: S105 - a word, no password
    PASSWORD_NEEDS_DIGIT = "PASSWORD_NEEDS_DIGIT"  # noqa: S105 - a word, no password
    PASSWORD_NEEDS_LOWERCASE = "PASSWORD_NEEDS_LOWERCASE"  # noqa: S105 - a word, no password
    PASSWORD_NEEDS_SPECIAL = "PASSWORD_NEEDS_SPECIAL"  # noqa: S105 - a word, no password
    PASSWORD_NEEDS_UPPERCASE = "PASSWORD_NEEDS_UPPERCASE"  # noqa: S105 - a word, no password
    PASSWORD_REUSED = "PASSWORD_REUSED"  # noqa: S105 - a word, no password
    PASSWORD_TOO_LONG = "PASSWORD_TOO_LONG"  # noqa: S105 - a word, no password
    PASSWORD_TOO_SHORT = "PASSWORD_TOO_SHORT"  # noqa: S105 - a word, no password
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    RATE_LIMITED = "RATE_LIMITED"
    SECOND_FACTOR_ALREADY_ON = "SECOND_FACTOR_ALREADY_ON"
    SECOND_FACTOR_OFF = "SECOND_FACTOR_OFF"
    TOO_MANY_ITEMS = "TOO_MANY_ITEMS"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    UNKNOWN_ACTIVITY = "UNKNOWN_ACTIVITY"
    UNKNOWN_SCOPE = "UNKNOWN_SCOPE"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: a code for programs, a sentence for people, and where in the input it is."""

    code: ErrorCode
    message: str
    path: Sequence[str] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


class Refused(Exception):
    """
    A service refuses and has changed nothing. Carries one problem or several.

    A mutation answers them in its payload's `errors`; a query's argument answers them as a top-level error.
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class NotAllowed(Refused):
    """The viewer may not ask this. Always a top-level error, also of a mutation."""

    def __init__(self, code: ErrorCode, message: str, **facts: object) -> None:
        super().__init__(Problem(code, message, facts=facts))


def refused(code: ErrorCode, message: str, *, path: Sequence[str] = (), **facts: object) -> Refused:
    """Make the common refusal: one problem."""
    return Refused(Problem(code, message, tuple(path), facts))
