"""Expected failures, as types with a code. Anything that is not one of these is a bug and is answered as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class ErrorCode(Enum):
    """Why something was refused. Codes are part of the contract: they are added to, never renamed."""

    ACCOUNT_DEACTIVATED = "ACCOUNT_DEACTIVATED"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    BADGE_NOT_EARNED = "BADGE_NOT_EARNED"
    BADGE_REPEATED = "BADGE_REPEATED"
    BAD_CODE = "BAD_CODE"
    BAD_CREDENTIALS = "BAD_CREDENTIALS"
    BAD_CURSOR = "BAD_CURSOR"
    BAD_ID = "BAD_ID"
    BAD_INPUT = "BAD_INPUT"
    BAD_PAGE = "BAD_PAGE"
    BAD_PICTURE = "BAD_PICTURE"
    BAD_QUERY = "BAD_QUERY"
    BLOCKED = "BLOCKED"
    CHECKLIST_ITEM_MISSING = "CHECKLIST_ITEM_MISSING"
    CHECKLIST_ITEM_REQUIRED = "CHECKLIST_ITEM_REQUIRED"
    ELEVATION_REQUIRED = "ELEVATION_REQUIRED"
    EVENT_CONFLICT = "EVENT_CONFLICT"
    FORBIDDEN = "FORBIDDEN"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    INSUFFICIENT_CREDITS = "INSUFFICIENT_CREDITS"
    INSUFFICIENT_SCOPE = "INSUFFICIENT_SCOPE"
    INTERNAL = "INTERNAL"
    INVITE_NOT_OPEN = "INVITE_NOT_OPEN"
    IN_THE_FUTURE = "IN_THE_FUTURE"
    LAST_ADMIN = "LAST_ADMIN"
    MANAGED_BY_IDP = "MANAGED_BY_IDP"
    NOT_COMPLETED = "NOT_COMPLETED"
    NOT_FOR_SALE = "NOT_FOR_SALE"
    NOT_FOUND = "NOT_FOUND"
    NOT_PUBLIC = "NOT_PUBLIC"
    NOT_REPORTABLE = "NOT_REPORTABLE"
    NOT_TAGGABLE = "NOT_TAGGABLE"
    NOT_YOURSELF = "NOT_YOURSELF"
    ORDER_NOT_OPEN = "ORDER_NOT_OPEN"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    PASSWORD_CONTAINS_EMAIL = "PASSWORD_CONTAINS_EMAIL"
    PASSWORD_EXPIRED = "PASSWORD_EXPIRED"
    PASSWORD_NEEDS_DIGIT = "PASSWORD_NEEDS_DIGIT"
    PASSWORD_NEEDS_LOWERCASE = "PASSWORD_NEEDS_LOWERCASE"
    PASSWORD_NEEDS_SPECIAL = "PASSWORD_NEEDS_SPECIAL"
    PASSWORD_NEEDS_UPPERCASE = "PASSWORD_NEEDS_UPPERCASE"
    PASSWORD_REUSED = "PASSWORD_REUSED"
    PASSWORD_TOO_LONG = "PASSWORD_TOO_LONG"
    PASSWORD_TOO_SHORT = "PASSWORD_TOO_SHORT"
    PICTURE_TOO_LARGE = "PICTURE_TOO_LARGE"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    PIN_EXPIRED = "PIN_EXPIRED"
    PROJECT_FIELD_MISSING = "PROJECT_FIELD_MISSING"
    PROJECT_FIELD_REQUIRED = "PROJECT_FIELD_REQUIRED"
    PROJECT_PUBLISHED = "PROJECT_PUBLISHED"
    PROOF_REQUIRED = "PROOF_REQUIRED"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    RATE_LIMITED = "RATE_LIMITED"
    SECOND_FACTOR_ALREADY_ON = "SECOND_FACTOR_ALREADY_ON"
    SECOND_FACTOR_OFF = "SECOND_FACTOR_OFF"
    TOO_FEW_REFERRALS = "TOO_FEW_REFERRALS"
    TOO_MANY_ITEMS = "TOO_MANY_ITEMS"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    UNAVAILABLE = "UNAVAILABLE"
    UNCLAIMED = "UNCLAIMED"
    UNKNOWN_ACTIVITY = "UNKNOWN_ACTIVITY"
    UNKNOWN_SCOPE = "UNKNOWN_SCOPE"
    UNKNOWN_TERM = "UNKNOWN_TERM"
    VERSION_CONFLICT = "VERSION_CONFLICT"


class Unavailable(Exception):
    """
    Something this server needs does not work now, such as the database: nothing is wrong with the request, and the same
    one may succeed later.

    `reason` is for the log: what is away and how, never a value of a row or a setting.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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


def named(error: BaseException) -> str:
    """How a failure is called in the log: by its kind alone, since its text may hold people's data."""
    return error.reason if isinstance(error, Unavailable) else type(error).__name__
