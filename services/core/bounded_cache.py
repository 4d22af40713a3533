"""The cache to use wherever requests add entries: bounded by bytes, so that no mix of entries can fill the memory."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

ENTRY_OVERHEAD = 200
"""Bytes that holding an entry takes beside its key and value."""
LARGEST_SHARE = 8
"""An entry larger than this part of the whole cache is not kept: it would push out too many others."""


class BoundedByBytes(Generic[K, V]):
    """
    Keeps the entries that were used last, `max_bytes` of them together.

    Whoever puts an entry says how many bytes its key and value hold; the overhead of an entry is added here. Values are
    never None.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        """What is held now."""
        self._held: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, key: K) -> bool:
        return key in self._held

    @property
    def largest(self) -> int:
        """Bytes of the largest entry that is kept."""
        return self.max_bytes // LARGEST_SHARE

    def values(self) -> list[V]:
        """What is held, what was unused the longest first."""
        return [value for value, _ in self._held.values()]

    def get(self, key: K) -> V | None:
        """The entry, which now counts as just used; None when it is not held."""
        held = self._held.get(key)
        if held is None:
            return None
        self._held.move_to_end(key)
        return held[0]

    def put(self, key: K, value: V, size: int) -> bool:
        """
        Hold an entry of `size` bytes in place of the one with the same key; returns whether it is held.

        Entries that were unused the longest leave until there is room. One that is larger than `largest` is not held.
        """
        self.discard(key)
        size += ENTRY_OVERHEAD
        if size > self.largest:
            return False
        while self._held and self.bytes + size > self.max_bytes:
            _, (_, gone) = self._held.popitem(last=False)
            self.bytes -= gone
        self._held[key] = value, size
        self.bytes += size
        return True

    def discard(self, key: K) -> None:
        """Let go of an entry, if it is held."""
        held = self._held.pop(key, None)
        if held is not None:
            self.bytes -= held[1]

    def clear(self) -> None:
        """Let go of everything."""
        self._held.clear()
        self.bytes = 0
