"""
From numbers of rows to opaque ids, and back: a keyed permutation of 48 bits, written in Crockford's base32.

The permutation is a Feistel network of six rounds. The function of a round XORs one entry of each of three tables, which are
random: they are made from the key and the prefix with SHAKE256, so each type has a permutation of its own. A new id takes
about 1 µs, a repeated one 0.1 µs. It hides how many rows there are and in which order they were made; it does not protect
anything else. Decision: docs/decisions/0004-ids-and-cursors.md.
"""

import re
import struct
from collections.abc import Callable
from functools import lru_cache
from hashlib import shake_256
from typing import Final

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's: without i, l, o and u, which are easily misread."""
BODY: Final = re.compile(f"[{ALPHABET[:8]}][{ALPHABET}]{{9}}")
"""Ten characters; the first has three bits, the others five."""
MAX_NUMBER: Final = (1 << 48) - 1
DOUBLE_ROUNDS: Final = 3
TABLES_PER_DOUBLE_ROUND: Final = 6
SHUFFLE_DOUBLE_ROUNDS: Final = 4
MAX_CACHED_IDS_PER_TYPE: Final = 8_192
"""About 1.5 MB for each type, if all of them are used."""

_PAIRS: Final = tuple(first + second for first in ALPHABET for second in ALPHABET)
_VALUES: Final = {text: value for value, text in enumerate(_PAIRS)}

Tables = tuple[tuple[int, ...], ...]


class Permutation:
    """The permutation of one key and one prefix. `encode` and `decode` undo each other."""

    def __init__(self, key: bytes, prefix: str) -> None:
        self._start = f"{prefix}_"
        self._double_rounds = _double_rounds(key, prefix)
        self.encode: Callable[[int], str] = lru_cache(MAX_CACHED_IDS_PER_TYPE)(self._encode)
        """Return the id of a row number, with the prefix. Raises ValueError if the number is not in 0 … 2**48 - 1."""

    def _encode(self, number: int) -> str:
        if not 0 <= number <= MAX_NUMBER:
            raise ValueError(f"{number} is not a row number below 2**48.")
        left, right = number >> 24, number & 0xFFFFFF
        for a, b, c, d, e, f in self._double_rounds:
            left ^= a[right & 255] ^ b[right >> 8 & 255] ^ c[right >> 16]
            right ^= d[left & 255] ^ e[left >> 8 & 255] ^ f[left >> 16]
        middle = (left & 63) << 4 | right >> 20
        return (
            f"{self._start}{_PAIRS[left >> 16]}{_PAIRS[left >> 6 & 1023]}{_PAIRS[middle]}"
            f"{_PAIRS[right >> 10 & 1023]}{_PAIRS[right & 1023]}"
        )

    def decode(self, body: str) -> int | None:
        """Return the row number in the ten characters after the prefix; None if they are malformed."""
        if not BODY.fullmatch(body):
            return None
        value = 0
        for start in range(0, 10, 2):
            value = value << 10 | _VALUES[body[start : start + 2]]
        left, right = value >> 24, value & 0xFFFFFF
        for a, b, c, d, e, f in reversed(self._double_rounds):
            right ^= d[left & 255] ^ e[left >> 8 & 255] ^ f[left >> 16]
            left ^= a[right & 255] ^ b[right >> 8 & 255] ^ c[right >> 16]
        return left << 24 | right


def _double_rounds(key: bytes, prefix: str) -> tuple[Tables, ...]:
    """Three tables of 256 entries of 24 bits for each round, always the same for this key and prefix."""
    count = DOUBLE_ROUNDS * TABLES_PER_DOUBLE_ROUND
    random = struct.unpack(f"<{count * 256}I", shake_256(key + prefix.encode()).digest(count * 256 * 4))
    entries = tuple(value & 0xFFFFFF for value in random)
    tables = tuple(entries[start : start + 256] for start in range(0, len(entries), 256))
    return tuple(tables[start : start + TABLES_PER_DOUBLE_ROUND] for start in range(0, count, TABLES_PER_DOUBLE_ROUND))


class IdCodec(dict[str, Permutation]):
    """The permutations of one database by prefix, each made when it is first used."""

    def __init__(self, key: bytes) -> None:
        super().__init__()
        self.key = key

    def __missing__(self, prefix: str) -> Permutation:
        made = self[prefix] = Permutation(self.key, prefix)
        return made


class Shuffle:
    """A permutation of the numbers below 2**17, of one key and one label: like `Permutation`, with halves of 9 and 8 bits."""

    def __init__(self, key: bytes, label: str) -> None:
        size = SHUFFLE_DOUBLE_ROUNDS * (256 + 512)
        random = struct.unpack(f"<{size}H", shake_256(key + label.encode()).digest(size * 2))
        self._double_rounds = [
            (random[start : start + 256], random[start + 256 : start + 768]) for start in range(0, size, 768)
        ]

    def __getitem__(self, number: int) -> int:
        left, right = number >> 8, number & 255
        for wide, narrow in self._double_rounds:
            left ^= wide[right] & 511
            right ^= narrow[left] & 255
        return left << 8 | right
