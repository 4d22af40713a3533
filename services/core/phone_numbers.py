"""Phone numbers that text messages go to. They are personal: stored encrypted, compared by a keyed hash."""

from typing import Final

import phonenumbers

from services.core.crypto import keyed_digest, seal, unseal
from services.errors import ErrorCode, Refused, refused

_SEALED: Final = "phone-number"
MAX_PHONE_CHARACTERS: Final = 40


def number_of(text: str) -> str:
    """Read a number as E.164: `+`, the country's code, digits. Raises Refused: BAD_INPUT."""
    if len(text) > MAX_PHONE_CHARACTERS:
        raise _bad()
    try:
        found = phonenumbers.parse(text.strip(), None)  # None: the country must be in the number
    except phonenumbers.NumberParseException:
        raise _bad() from None
    if not phonenumbers.is_valid_number(found) or found.extension:
        raise _bad()
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def sealed(number: str) -> str:
    """A number as it is stored."""
    return seal(_SEALED, number)


def opened(stored: str) -> str:
    """A number that was stored. Raises CannotOpen."""
    return unseal(_SEALED, stored)


def digest(number: str) -> str:
    """What tells a number from others without showing it."""
    return keyed_digest(_SEALED, number)


def _bad() -> Refused:
    return refused(
        ErrorCode.BAD_INPUT,
        "That is not a phone number. Write it as +, the country's code and the number.",
        path=("phoneNumber",),
    )
