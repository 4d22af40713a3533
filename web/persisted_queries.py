"""
The store of automatic persisted queries: documents by their SHA-256, so that clients send a hash in place of a document.

Each process has its own store. A client whose document is not stored is told so and sends the document again.
"""

from sys import getsizeof

from execution.documents import MAX_CACHED_TEXT
from services.core import runtime
from services.core.bounded_cache import BoundedByBytes

MAX_BYTES = 8 * 1024 * 1024
"""Bytes of all stored documents of a process; the least recently used ones are dropped."""


class PersistedQueries:
    """The stored documents of one server. Nothing of a viewer is stored with them."""

    def __init__(self) -> None:
        self.texts: BoundedByBytes[bytes, str] = BoundedByBytes(MAX_BYTES)


def find(digest: bytes) -> str | None:
    """Return the document with this SHA-256; None if it is not stored."""
    return _store().texts.get(digest)


def register(digest: bytes, text: str) -> None:
    """Store a document under its SHA-256, unless it is too long to be cached as a document."""
    texts = _store().texts
    if len(text) <= MAX_CACHED_TEXT and texts.get(digest) is None:
        texts.put(digest, text, getsizeof(text) + getsizeof(digest))


def _store() -> PersistedQueries:
    return runtime.current().part(PersistedQueries, PersistedQueries)
