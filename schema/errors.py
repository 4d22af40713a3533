"""What can go wrong with a mutation, as its payload says it."""

import strawberry

from schema.enums import enum_of
from schema.fields import column
from services.errors import ErrorCode

enum_of(
    ErrorCode,
    "Why something was refused. Codes are added to, never renamed.",
    {
        "ALREADY_EXISTS": "There is one already.",
        "BAD_CURSOR": "The cursor is of another list, or was edited.",
        "BAD_ID": "That is not an id of this graph.",
        "BAD_INPUT": "A value is not of the form that is asked for.",
        "BAD_PAGE": "A page's size or direction makes no sense.",
        "EVENT_CONFLICT": "The same event id was used before, with another content.",
        "FORBIDDEN": "This is not for you.",
        "INSUFFICIENT_SCOPE": "The token's scopes do not open this.",
        "INTERNAL": "A bug of ours; the reference finds it in the log.",
        "IN_THE_FUTURE": "The moment lies more than 5 minutes ahead.",
        "NOT_FOUND": "There is no such thing, or you may not see it.",
        "QUERY_TOO_COMPLEX": "The document is too deep or asks for too many fields.",
        "TOO_MANY_ITEMS": "More at once than is taken.",
        "UNAUTHENTICATED": "Sign in or send a token.",
        "UNKNOWN_ACTIVITY": "There is no such row in the point tables.",
        "UNKNOWN_SCOPE": "There is no such scope.",
    },
)


@strawberry.interface(description="Something that kept a mutation from being carried out; nothing was changed.")
class UserError:
    code: ErrorCode = column("For programs.")
    message: str = column("For people, in English.")
    path: list[str] | None = column("Where in the input it is; null when it is about all of it.")


@strawberry.type(description="An error that needs no further facts.")
class PlainError(UserError):
    pass
