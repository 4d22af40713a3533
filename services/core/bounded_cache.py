"""The cache for entries that requests add: bounded by bytes, so that no mix of entries can fill the memory."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

ENTRY_OVERHEAD = 200
"""Bytes of an entry besides its key and value."""
LARGEST_SHARE = 8
"""An entry larger than one part in so many of the cache is not stored: it would evict too many others."""


class BoundedByBytes(Generic[K, V]):
    """
    A cache of at most `max_bytes` that evicts the least recently used entries.

    The caller of `put` states how many bytes key and value have; the overhead of an entry is added here. Values are never
    None.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        """Bytes of all entries."""
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: K) -> bool:
        return key in self._entries

    @property
    def largest(self) -> int:
        """Bytes of the largest entry that is stored."""
        return self.max_bytes // LARGEST_SHARE

    def values(self) -> list[V]:
        """Return all values, the least recently used first."""
        return [value for value, _ in self._entries.values()]

    def get(self, key: K) -> V | None:
        """Return the value and mark it as used; None if the key is not cached."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: K, value: V, size: int) -> bool:
        """
        Store an entry of `size` bytes, replacing the one with the same key; returns False if it is larger than `largest`.

        The least recently used entries are evicted until there is room.
        """
        self.discard(key)
        size += ENTRY_OVERHEAD
        if size > self.largest:
            return False
        while self._entries and self.bytes + size > self.max_bytes:
            _, (_, evicted) = self._entries.popitem(last=False)
            self.bytes -= evicted
        self._entries[key] = value, size
        self.bytes += size
        return True

    def discard(self, key: K) -> None:
        """Remove an entry, if it is cached."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.bytes -= entry[1]

    def clear(self) -> None:
        """Remove all entries."""
        self._entries.clear()
        self.bytes = 0
