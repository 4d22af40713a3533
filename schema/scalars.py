"""Scalars of our own: they print the stored forms of both databases alike."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError

MAX_SHOWN = 60
"""Characters of a bad value that a message repeats."""


def print_moment(value: Any) -> str:
    """Print a moment as ISO 8601 in UTC with `Z`: a datetime, or the text that SQLite stores."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def read_moment(value: Any) -> datetime:
    """Read a moment; one without an offset is refused rather than guessed."""
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise GraphQLError(f"{_typed(value)} is not a moment in ISO 8601 with `Z` or an offset.")


def print_day(value: Any) -> str:
    """Print a calendar day as ISO 8601."""
    return value if isinstance(value, str) else value.isoformat()


def read_day(value: Any) -> date:
    """Read a calendar day."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError(f"{_typed(value)} is not a calendar day in ISO 8601.") from None


def _typed(value: Any) -> str:
    """What a client typed, for a message: only a text, since anything else may be an object of ours."""
    return repr(value[:MAX_SHOWN]) if isinstance(value, str) else "That"


@dataclass(frozen=True, slots=True, repr=False)
class UploadedFile:
    """A file that came with the request. Only the HTTP edge makes these: no JSON and no document can."""

    content: bytes

    def __repr__(self) -> str:
        """What messages of libraries may repeat: neither the content nor an address in memory."""
        return "a file"


def read_upload(value: Any) -> UploadedFile:
    """Take the file that was put in the variable's place."""
    if not isinstance(value, UploadedFile):
        raise GraphQLError("A file is sent as a part of a multipart request, and its variable is null there.")
    return value


def refuse_upload(*_: Any) -> Any:
    """Refuse a file that stands in a document, and never print one."""
    raise GraphQLError("A file is sent as a part of a multipart request, and its variable is null there.")


DateTime = NewType("DateTime", datetime)
Day = NewType("Day", date)
Upload = NewType("Upload", UploadedFile)

_DATE: Any = strawberry.scalar(
    name="Date",
    description="A calendar day (UTC), ISO 8601: `2026-05-01`.",
    specified_by_url="https://scalars.graphql.org/andimarek/local-date",
    serialize=print_day,
    parse_value=read_day,
)

SCALARS: dict[object, Any] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description="A moment, ISO 8601 in UTC: `2026-05-01T12:00:00Z`.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=print_moment,
        parse_value=read_moment,
    ),
    Day: _DATE,
    date: _DATE,  # as the arguments of readers say it, which do not know these scalars
    Upload: strawberry.scalar(
        name="Upload",
        description="A file, sent as the GraphQL multipart request has it: the variable is null, `map` names its place.",
        specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
        serialize=refuse_upload,
        parse_value=read_upload,
        parse_literal=refuse_upload,
    ),
}
