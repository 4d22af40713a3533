"""
Maximum lengths of texts and lists in arguments, checked before anything else is done with them.

Services have their own, tighter limits with better messages. These limits bound the time that a service spends on a
text or list, and keep lookups within the size of the column. A length is the number of characters as sent.
"""

from collections.abc import Mapping
from typing import Any, Final

from strawberry import Some
from strawberry.types.base import has_object_definition
from strawberry.utils.str_converters import to_camel_case

from catalogue.languages import Text
from services.errors import ErrorCode, refused

MAX_TEXT: Final = 1_000
"""Characters of a text that LONGER_TEXTS does not name."""
MAX_ITEMS: Final = 1_000
"""Items of a list."""

LONGER_TEXTS: Final[Mapping[str, int]] = {
    "CreateProjectInput": 20_000,
    "UpdateProjectInput": 20_000,
    "UpdateProfileInput.about": 20_000,
    "SendInvitesInput.note": 5_000,
    "credential": 300_000,  # a picture with an embedded credential
    # Cursors of events name up to twice the transactions that were running: 300 of each.
    "after": 10_000,
}
"""Maximum characters by `Type` or `Type.field` of an input, or by the Python name of an argument."""

JUDGED_ITEM_BY_ITEM: Final = frozenset({"RecordActivityInput"})
"""Inputs whose texts the service checks item by item: a bad text refuses that item instead of the whole call."""


def check(arguments: Mapping[str, Any]) -> None:
    """Raise Refused, BAD_INPUT, for a text or list that is too long, or a text with U+0000, which databases cannot store."""
    for name, value in arguments.items():
        if type(value) is str:
            check_text(name, value)
        elif value is not None:
            _check(value, (name,), LONGER_TEXTS.get(name, MAX_TEXT))


def check_text(name: str, value: str) -> None:
    """Check one argument that is a text. Raises Refused, BAD_INPUT."""
    _check_text(value, (name,), LONGER_TEXTS.get(name, MAX_TEXT))


def _check(value: Any, path: tuple[str, ...], longest: int) -> None:
    if isinstance(value, str):
        _check_text(value, path, longest)
    elif isinstance(value, list):
        if len(value) > MAX_ITEMS:
            raise _bad(
                Text("`{name}` can have at most {max_items} items.", name=_name(path), max_items=MAX_ITEMS), path
            )
        for each in value:
            _check(each, path, longest)
    elif isinstance(value, Some):
        _check(value.value, path, longest)
    elif has_object_definition(value):
        of = value.__strawberry_definition__
        if of.name in JUDGED_ITEM_BY_ITEM:
            return
        above = () if path == ("input",) else path  # paths of errors start inside `input`
        most = LONGER_TEXTS.get(of.name, MAX_TEXT)
        for field in of.fields:
            name = field.python_name
            _check(getattr(value, name), (*above, name), LONGER_TEXTS.get(f"{of.name}.{name}", most))


def _check_text(value: str, path: tuple[str, ...], longest: int) -> None:
    if len(value) > longest:
        raise _bad(Text("`{name}` can have at most {longest} characters.", name=_name(path), longest=longest), path)
    if "\0" in value:
        raise _bad(Text("Texts must not contain the character U+0000."), path)


def _name(path: tuple[str, ...]) -> str:
    return to_camel_case(path[-1])


def _bad(message: str, path: tuple[str, ...]) -> Exception:
    return refused(ErrorCode.BAD_INPUT, message, path=tuple(map(to_camel_case, path)))
