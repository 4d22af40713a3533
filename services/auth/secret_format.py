"""
Secrets that we issue and people keep: a prefix, 32 random characters and a checksum of 6.

The checksum (CRC-32 of what stands before it, in base 62) tells a mistyped or invented secret from a real one without
asking the database, and lets scanners of leaked secrets be sure. Only the SHA-256 is stored: 190 random bits need no
slow hash.
"""

import re
import secrets
import string
import zlib

RANDOM = 32
CHECK = 6
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(CHECK):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits


def new(prefix: str) -> str:
    """A fresh secret, to be shown once."""
    body = prefix + "".join(secrets.choice(DIGITS) for _ in range(RANDOM))
    return body + _checksum(body)


def well_formed(prefix: str, secret: str) -> bool:
    """Whether this could be one of ours: its shape and its checksum are right."""
    shape = rf"{re.escape(prefix)}[0-9A-Za-z]{{{RANDOM + CHECK}}}"
    return re.fullmatch(shape, secret) is not None and _checksum(secret[:-CHECK]) == secret[-CHECK:]
