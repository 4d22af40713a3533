"""Custom scalars. They print the stored forms of both databases in the same way."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError

MAX_SHOWN = 60
"""Maximum number of characters of a bad value that a message repeats."""


def print_moment(value: Any) -> str:
    """Format a moment as ISO 8601 in UTC with `Z`. `value` is a datetime, or the text that SQLite stores."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def read_moment(value: Any) -> datetime:
    """Parse a moment. Raises GraphQLError if it has no offset."""
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise GraphQLError(
        f"{_typed(value)} is not a DateTime: use ISO 8601 with `Z` or an offset, like `2026-05-04T10:00:00Z`."
    )


def print_day(value: Any) -> str:
    """Format a calendar day as ISO 8601."""
    return value if isinstance(value, str) else value.isoformat()


def read_day(value: Any) -> date:
    """Parse a calendar day. Raises GraphQLError."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError(f"{_typed(value)} is not a Date: use ISO 8601, like `2026-05-04`.") from None


def _typed(value: Any) -> str:
    """Return a value for an error message. Only texts are repeated, because anything else may be an internal object."""
    return repr(value[:MAX_SHOWN]) if isinstance(value, str) else "That"


@dataclass(frozen=True, slots=True, repr=False)
class UploadedFile:
    """A file of a multipart request. Only the HTTP layer creates it, so that JSON and documents cannot contain one."""

    content: bytes

    def __repr__(self) -> str:
        """Hide the content and the memory address from messages of libraries."""
        return "a file"


def read_upload(value: Any) -> UploadedFile:
    """Return the file that replaced the variable. Raises GraphQLError for anything else."""
    if not isinstance(value, UploadedFile):
        raise GraphQLError("Send a file as a part of a multipart request, with null as the value of its variable.")
    return value


def refuse_upload(*_: Any) -> Any:
    """Reject a file inside a document or an answer."""
    raise GraphQLError("Send a file as a part of a multipart request, with null as the value of its variable.")


DateTime = NewType("DateTime", datetime)
Day = NewType("Day", date)
Upload = NewType("Upload", UploadedFile)

_DATE: Any = strawberry.scalar(
    name="Date",
    description="A calendar day in UTC, ISO 8601, like `2026-05-04`.",
    specified_by_url="https://scalars.graphql.org/andimarek/local-date",
    serialize=print_day,
    parse_value=read_day,
)

SCALARS: dict[object, Any] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description=(
            "A moment, ISO 8601, like `2026-05-04T10:00:00Z`. Answers are always in UTC; inputs need `Z` or an offset."
        ),
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=print_moment,
        parse_value=read_moment,
    ),
    Day: _DATE,
    date: _DATE,  # arguments of readers use `date`, since they cannot import `Day`
    Upload: strawberry.scalar(
        name="Upload",
        description="A file of a GraphQL multipart request: the variable is null, and `map` assigns the file to it.",
        specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
        serialize=refuse_upload,
        parse_value=read_upload,
        parse_literal=refuse_upload,
    ),
}
