"""Rows that a file has twice under one key: the same again does no harm, other content is a mistake that must be named."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import islice
from tempfile import TemporaryDirectory
from typing import Generic, TypeVar

import orjson

CHUNK = 1_000
"""Rows that are looked up at a time."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """One row as it was read: what it says, or why it cannot be taken in."""

    line: int
    value: T | None
    why: str = ""


def named(rows: Iterable[Read[T]], key: Callable[[T], str]) -> Iterator[Read[T]]:
    """
    The rows in order; one whose `key` came before with other content comes as a bad one, which names the first one's line.
    `key` is a sentence's subject, such as `profile 'p1'`.

    What was seen is kept in a temporary SQLite file, about 60 bytes a row, so that memory does not grow with the file.
    """
    source = iter(rows)
    with (
        TemporaryDirectory(prefix="import-rows-") as folder,
        closing(sqlite3.connect(f"{folder}/seen.sqlite3")) as seen,
    ):
        seen.isolation_level = None
        seen.execute("PRAGMA journal_mode = OFF")
        seen.execute("PRAGMA synchronous = OFF")
        seen.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, content BLOB, line INTEGER) WITHOUT ROWID")
        while chunk := list(islice(source, CHUNK)):
            yield from _checked(chunk, key, seen)


def _checked(chunk: list[Read[T]], key: Callable[[T], str], seen: sqlite3.Connection) -> list[Read[T]]:
    subjects = [key(row.value) if row.value is not None else "" for row in chunk]
    keys = [_digest(subject.encode()) for subject in subjects]
    marks = ", ".join("?" * len(keys))
    known = seen.execute(f"SELECT key, content, line FROM seen WHERE key IN ({marks})", keys)  # noqa: S608 - marks only
    first = {each: (content, line) for each, content, line in known}
    new: dict[bytes, tuple[bytes, int]] = {}
    checked = []
    for row, subject, digest in zip(chunk, subjects, keys, strict=True):
        if row.value is not None:
            content = _digest(orjson.dumps(row.value))
            before = first.get(digest) or new.setdefault(digest, (content, row.line))
            if before[0] != content:
                checked.append(
                    replace(row, value=None, why=f"{subject} is in line {before[1]} already, with other content")
                )
                continue
        checked.append(row)
    seen.execute("BEGIN")
    seen.executemany("INSERT INTO seen VALUES (?, ?, ?)", [(each, *what) for each, what in new.items()])
    seen.execute("COMMIT")
    return checked


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()
