"""Expected failures, as types with a code. Anything that is not one of these is a bug and is answered as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class ErrorCode(Enum):
    """Why something was refused. Codes are part of the contract: they are added to, never renamed."""

    ALREADY_EXISTS = "ALREADY_EXISTS"
    BAD_CURSOR = "BAD_CURSOR"
    BAD_ID = "BAD_ID"
    BAD_INPUT = "BAD_INPUT"
    BAD_PAGE = "BAD_PAGE"
    EVENT_CONFLICT = "EVENT_CONFLICT"
    FORBIDDEN = "FORBIDDEN"
    INSUFFICIENT_SCOPE = "INSUFFICIENT_SCOPE"
    INTERNAL = "INTERNAL"
    IN_THE_FUTURE = "IN_THE_FUTURE"
    NOT_FOUND = "NOT_FOUND"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
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
