"""
Ids of nodes: a short prefix for the type and the number of the row, for example `prf_123`.

Clients treat them as opaque. A well-formed id of something that the viewer may not see is answered like one that never
existed; a malformed one is BAD_ID.
"""

import re
from typing import Final

from services.errors import ErrorCode, refused

PREFIXES: Final = {
    "Account": "acc",
    "ApiKey": "key",
    "AuditEntry": "aud",
    "Company": "cmp",
    "ConnectionRequest": "crq",
    "CreditEntry": "crd",
    "Invite": "inv",
    "PersonalAccessToken": "pat",
    "PointEntry": "pnt",
    "Profile": "prf",
    "Project": "prj",
    "ProjectImage": "img",
    "Session": "ses",
    "ShopOrder": "ord",
    "Viewer": "vwr",
}
TYPES: Final = {prefix: name for name, prefix in PREFIXES.items()}
_PATTERN = re.compile(r"([a-z]{3})_([1-9][0-9]{0,17})")


def encode(type_name: str, number: int) -> str:
    """Return the id of a row of this type."""
    return f"{PREFIXES[type_name]}_{number}"


def decode(text: str, *path: str) -> tuple[str, int]:
    """Return type and number of an id. Raises Refused: BAD_ID; `path` is the id's path in the input (default: `id`)."""
    found = _PATTERN.fullmatch(text)
    if found is None or found[1] not in TYPES:
        raise refused(ErrorCode.BAD_ID, "That is not an id of this API.", path=path or ("id",))
    return TYPES[found[1]], int(found[2])


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
