"""Phone numbers for text messages. They are personal data: stored encrypted, compared by a keyed hash."""

from typing import Final

import phonenumbers

from services.core.crypto import PHONE_NUMBER, keyed_digest, seal, unseal
from services.errors import ErrorCode, Refused, refused

MAX_PHONE_CHARACTERS: Final = 40


def number_of(text: str) -> str:
    """Parse a number; returns E.164: `+`, the country code, digits. Raises Refused: BAD_INPUT."""
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
    """Encrypt a number for storing."""
    return seal(PHONE_NUMBER, number)


def opened(stored: str) -> str:
    """Decrypt a stored number. Raises CannotOpen."""
    return unseal(PHONE_NUMBER, stored)


def digest(number: str) -> str:
    """Return a keyed hash that identifies a number without revealing it."""
    return keyed_digest(PHONE_NUMBER, number)


def _bad() -> Refused:
    return refused(
        ErrorCode.BAD_INPUT,
        "This is not a phone number. Write +, the country code and the number.",
        path=("phoneNumber",),
    )
