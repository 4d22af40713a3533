"""Bytes as text that says how it is written: Multibase with base58btc (`z`) and base64url (`u`), as W3C's documents use it."""

from base64 import urlsafe_b64encode
from typing import Final

_DIGITS: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = {digit: value for value, digit in enumerate(_DIGITS)}
MAX_CHARACTERS: Final = 200
"""Of a base58 text that is read: its cost grows with the square of its length."""


def base58(content: bytes) -> str:
    """The bytes in base58btc, with its mark."""
    number, digits = int.from_bytes(content), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _DIGITS[digit] + digits
    zeros = len(content) - len(content.lstrip(b"\0"))
    return "z" + _DIGITS[0] * zeros + digits


def from_base58(text: str) -> bytes:
    """The bytes of a base58btc text with its mark. Raises ValueError."""
    digits = text.removeprefix("z")
    if digits == text or len(digits) > MAX_CHARACTERS or not _VALUES.keys() >= set(digits):
        raise ValueError("That is no base58btc of a reasonable length.")
    number = 0
    for digit in digits:
        number = number * 58 + _VALUES[digit]
    zeros = len(digits) - len(digits.lstrip(_DIGITS[0]))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def base64url(content: bytes) -> str:
    """The bytes in base64url without padding, with its mark."""
    return "u" + urlsafe_b64encode(content).decode().rstrip("=")
