"""
Ids of the graph and of commands: a short prefix for the type, and ten characters that a row's number is turned into.

They are opaque: neither the number of rows nor their order shows. The same row has the same id for as long as its database
lives; another database gives other ids. Decision: docs/decisions/0004-ids-and-cursors.md.
"""

from typing import Final

from services.core.runtime import current

PREFIXES: Final = {
    "Account": "acc",
    "ApiKey": "key",
    "AuditEntry": "aud",
    "Company": "cmp",
    "ConnectionRequest": "crq",
    "CreditEntry": "crd",
    "Invite": "inv",
    "PersonalAccessToken": "pat",
    "PersonalDataDownload": "dwn",
    "PointEntry": "pnt",
    "Profile": "prf",
    "ProfileMerge": "mrg",
    "Project": "prj",
    "ProjectImage": "img",
    "Session": "ses",
    "ShirtClaim": "tee",
    "ShopOrder": "ord",
    "Viewer": "vwr",
}
TYPES: Final = {prefix: name for name, prefix in PREFIXES.items()}
PREFIX_LENGTH: Final = 3


def encode(type_name: str, number: int) -> str:
    """Return the id of a row of this type. Raises ValueError if the number is not in 0 … 2**48 - 1."""
    return current().ids[PREFIXES[type_name]].encode(number)


def decode(text: str) -> tuple[str, int] | None:
    """Return type and number of an id; None if it is malformed or has an unknown prefix."""
    prefix, separator, body = text[:PREFIX_LENGTH], text[PREFIX_LENGTH : PREFIX_LENGTH + 1], text[PREFIX_LENGTH + 1 :]
    number = current().ids[prefix].decode(body) if prefix in TYPES and separator == "_" else None
    return None if number is None else (TYPES[prefix], number)
