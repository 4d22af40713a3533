"""
Format of tokens and API keys: a prefix, 32 random characters and a checksum of 6.

The checksum (CRC-32 of the rest, in base 62) detects mistyped and invented secrets without a query, and lets scanners
recognise leaked ones. Only the SHA-256 is stored: 190 random bits need no slow hash.
"""

import re
import secrets
import string
import zlib

RANDOM_CHARACTERS = 32
CHECKSUM_CHARACTERS = 6
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(CHECKSUM_CHARACTERS):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits


def new(prefix: str) -> str:
    """A new random secret."""
    body = prefix + "".join(secrets.choice(DIGITS) for _ in range(RANDOM_CHARACTERS))
    return body + _checksum(body)


def well_formed(prefix: str, secret: str) -> bool:
    """True if the secret has the right format and checksum."""
    shape = rf"{re.escape(prefix)}[0-9A-Za-z]{{{RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}}"
    return (
        re.fullmatch(shape, secret) is not None
        and _checksum(secret[:-CHECKSUM_CHARACTERS]) == secret[-CHECKSUM_CHARACTERS:]
    )
