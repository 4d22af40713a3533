"""Finds rows that repeat the key of an earlier row: equal rows are allowed, different ones are reported."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from tempfile import TemporaryDirectory
from typing import Generic, TypeVar

import orjson

ROWS_PER_LOOKUP = 1_000
"""Rows that are looked up and stored together."""
FILTER_BITS = 2**25
"""Bits of the filter before the table (4 MB). Below a million rows, few new keys cause a needless look-up."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """One row of a file: its value, or `why` it cannot be imported."""

    line: int
    value: T | None
    why: str = ""


def with_repeats_refused(rows: Iterable[Read[T]], key: Callable[[T], str]) -> Iterator[Read[T]]:
    """
    Yield the rows in order. A row whose `key` occurred before with other content becomes a bad row, with the line of the
    first one. `key` returns the subject of that sentence, such as `profile 'p1'`.

    Keys are stored in a temporary SQLite file, about 60 bytes for each row, so that memory does not grow with the file.
    """
    source = iter(rows)
    with TemporaryDirectory(prefix="import-rows-") as folder, closing(_Seen(f"{folder}/seen.sqlite3")) as seen:
        while chunk := list(islice(source, ROWS_PER_LOOKUP)):
            yield from _checked(chunk, key, seen)


def _checked(chunk: list[Read[T]], key: Callable[[T], str], seen: "_Seen") -> list[Read[T]]:
    new: dict[str, tuple[int, int]] = {}
    checked = []
    for row in chunk:
        if row.value is not None:
            subject = key(row.value)
            content = hash(orjson.dumps(row.value))  # 64 bits, of this process alone
            before = seen.find(subject) or new.setdefault(subject, (content, row.line))
            if before[0] != content:
                why = f"{subject} is in line {before[1]} already, with other content"
                checked.append(replace(row, value=None, why=why))
                continue
        checked.append(row)
    seen.add(new)
    return checked


class _Seen:
    """
    The keys of earlier rows, each with the hash of its content and its line. Almost every key is new, so a filter of fixed
    size is checked first. The table gets its index at the first look-up.
    """

    def __init__(self, path: str) -> None:
        self._filter = bytearray(FILTER_BITS // 8)
        self._indexed = False
        self._table = sqlite3.connect(path, isolation_level=None)
        self._table.execute("PRAGMA journal_mode = OFF")
        self._table.execute("PRAGMA synchronous = OFF")
        self._table.execute("CREATE TABLE seen (key TEXT, content INTEGER, line INTEGER)")

    def find(self, key: str) -> tuple[int, int] | None:
        """Return content and line of a key; None if it is new."""
        bit = hash(key) % FILTER_BITS
        if not self._filter[bit >> 3] & 1 << (bit & 7):
            return None
        if not self._indexed:
            self._table.execute("CREATE INDEX seen_key ON seen (key)")
            self._indexed = True
        found: tuple[int, int] | None = self._table.execute(
            "SELECT content, line FROM seen WHERE key = ?", (key,)
        ).fetchone()
        return found

    def add(self, new: Mapping[str, tuple[int, int]]) -> None:
        """Store new keys."""
        for key in new:
            bit = hash(key) % FILTER_BITS
            self._filter[bit >> 3] |= 1 << (bit & 7)
        self._table.execute("BEGIN")
        self._table.executemany(
            "INSERT INTO seen VALUES (?, ?, ?)", [(key, content, line) for key, (content, line) in new.items()]
        )
        self._table.execute("COMMIT")

    def close(self) -> None:
        self._table.close()
