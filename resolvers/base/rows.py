"""Results of batch readers: one per key, in the order of the keys."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

Row = Any
"""A light row: dict, sqlite3.Row or asyncpg.Record. The reader declares its columns (resolvers/base/reader_columns.py)."""


def in_order(keys: Sequence[Hashable], rows: Iterable[Row], *, by: str) -> list[Row | None]:
    """Return the row of each key, None for a key without one; `by` is the key's column."""
    found = {row[by]: row for row in rows}
    return [found.get(key) for key in keys]


def grouped(keys: Sequence[Hashable], rows: Iterable[Row], *, by: str) -> list[list[Row]]:
    """Return the rows of each key, in the order of `rows`; `by` is the key's column."""
    groups: defaultdict[Hashable, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[by]].append(row)
    return [groups.get(key, []) for key in keys]
