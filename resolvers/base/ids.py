"""
Ids in the input of clients.

A well-formed id of something that the viewer may not see is answered like one that never existed; a malformed one is
BAD_ID. services/core/ids.py makes and reads the ids.
"""

from services.core import ids
from services.errors import ErrorCode, refused

encode = ids.encode


def decode(text: str, *path: str) -> tuple[str, int]:
    """Return type and number of an id. Raises Refused: BAD_ID; `path` is the id's path in the input (default: `id`)."""
    found = ids.decode(text)
    if found is None:
        raise refused(ErrorCode.BAD_ID, "That is not an id of this API.", path=path or ("id",))
    return found


def require_number(type_name: str, text: str, *path: str) -> int:
    """Return the number in an id of this type. Raises Refused: BAD_ID, NOT_FOUND (it is an id of another type)."""
    number = number_of(type_name, text, *path)
    if number is None:
        raise refused(ErrorCode.NOT_FOUND, "That id belongs to another type.", path=path or ("id",))
    return number


def number_of(type_name: str, text: str, *path: str) -> int | None:
    """Return the number in an id; None if it is an id of another type. Raises Refused: BAD_ID, like `decode`."""
    name, number = decode(text, *path)
    return number if name == type_name else None
