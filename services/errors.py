"""Expected failures, as exceptions with a code. Any other exception is a bug and is answered as INTERNAL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class ErrorCode(Enum):
    """Why a request was refused. Codes are part of the public contract: new ones are added, none is renamed."""

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
    COOKIE_NOT_POSSIBLE = "COOKIE_NOT_POSSIBLE"
    DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
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
    MERGE_IN_PROGRESS = "MERGE_IN_PROGRESS"
    MERGE_NOT_OPEN = "MERGE_NOT_OPEN"
    MERGE_NOT_VERIFIED = "MERGE_NOT_VERIFIED"
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
    PERSISTED_QUERY_MISMATCH = "PERSISTED_QUERY_MISMATCH"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    PREVIEW_OUTDATED = "PREVIEW_OUTDATED"
    PROJECT_FIELD_MISSING = "PROJECT_FIELD_MISSING"
    PROJECT_FIELD_REQUIRED = "PROJECT_FIELD_REQUIRED"
    PROOF_REQUIRED = "PROOF_REQUIRED"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    RATE_LIMITED = "RATE_LIMITED"
    SAME_PROFILE = "SAME_PROFILE"
    SECOND_FACTOR_ALREADY_ON = "SECOND_FACTOR_ALREADY_ON"
    SECOND_FACTOR_OFF = "SECOND_FACTOR_OFF"
    SECOND_FACTOR_REQUIRED = "SECOND_FACTOR_REQUIRED"
    SNAPSHOT_EXPIRED = "SNAPSHOT_EXPIRED"
    TOO_FEW_REFERRALS = "TOO_FEW_REFERRALS"
    TOO_MANY_ITEMS = "TOO_MANY_ITEMS"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    UNAVAILABLE = "UNAVAILABLE"
    UNCLAIMED = "UNCLAIMED"
    UNKNOWN_ACTIVITY = "UNKNOWN_ACTIVITY"
    UNKNOWN_TERM = "UNKNOWN_TERM"
    VERSION_CONFLICT = "VERSION_CONFLICT"


class Unavailable(Exception):
    """
    Something that this server needs does not work now, such as the database. Nothing is wrong with the request: it may
    succeed later.

    `reason` is for the log: what is unavailable and how, never a value of a row or a setting.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProfilesMerged(Unavailable):
    """Profiles of a call were merged while it ran, and nothing was changed: call again with `current`, the profiles that they lead to."""

    def __init__(self, current: Mapping[int, int]) -> None:
        super().__init__("profiles are merged")
        self.current = current


@dataclass(frozen=True)
class Problem:
    """One reason of a refusal: a code for programs, a sentence for people, and the path in the input."""

    code: ErrorCode
    message: str
    path: Sequence[str] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


class Refused(Exception):
    """
    A service refuses a call and has changed nothing. It has one problem or more.

    For a mutation these are the payload's `errors`; for an argument of a query, a top-level error.
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class NotAllowed(Refused):
    """The viewer may not request this. Always a top-level error, also for a mutation."""

    def __init__(self, code: ErrorCode, message: str, **facts: object) -> None:
        super().__init__(Problem(code, message, facts=facts))


def refused(code: ErrorCode, message: str, *, path: Sequence[str] = (), **facts: object) -> Refused:
    """Return a Refused with one problem."""
    return Refused(Problem(code, message, tuple(path), facts))


def failure_name(error: BaseException) -> str:
    """Return the name of a failure for the log: its type only, because its text may contain personal data."""
    return error.reason if isinstance(error, Unavailable) else type(error).__name__
