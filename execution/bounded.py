"""A small cache that cannot grow without end."""

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """Keeps the `keep` entries that were used last."""

    def __init__(self, keep: int) -> None:
        self.keep = keep
        self._held: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: K) -> V | None:
        """The entry, which now counts as just used; None when it is not held."""
        value = self._held.get(key)
        if value is not None:
            self._held.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Hold an entry; the one that was unused the longest leaves when there are too many."""
        self._held[key] = value
        self._held.move_to_end(key)
        if len(self._held) > self.keep:
            self._held.popitem(last=False)
