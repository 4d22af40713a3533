"""Multibase: bytes as text with a prefix for the encoding, base58btc (`z`) and base64url (`u`), as W3C documents use it."""

from base64 import urlsafe_b64encode
from typing import Final

_DIGITS: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = {digit: value for value, digit in enumerate(_DIGITS)}
MAX_CHARACTERS: Final = 200
"""Characters of a base58 text that is decoded: the cost grows with the square of its length."""


def base58(content: bytes) -> str:
    """Encode bytes in base58btc, with its prefix."""
    number, digits = int.from_bytes(content), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _DIGITS[digit] + digits
    zeros = len(content) - len(content.lstrip(b"\0"))
    return "z" + _DIGITS[0] * zeros + digits


def from_base58(text: str) -> bytes:
    """Decode a base58btc text with its prefix. Raises ValueError."""
    digits = text.removeprefix("z")
    if digits == text or len(digits) > MAX_CHARACTERS or not _VALUES.keys() >= set(digits):
        raise ValueError("This is not base58btc of a reasonable length.")
    number = 0
    for digit in digits:
        number = number * 58 + _VALUES[digit]
    zeros = len(digits) - len(digits.lstrip(_DIGITS[0]))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def base64url(content: bytes) -> str:
    """Encode bytes in base64url without padding, with its prefix."""
    return "u" + urlsafe_b64encode(content).decode().rstrip("=")
