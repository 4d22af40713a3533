"""The runtime of a test: other settings, other counts."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.core import runtime
from services.core.rate_limit_stores import Store
from services.core.rate_limits import RateLimits
from settings import Settings


@contextmanager
def using_settings(settings: Settings) -> Iterator[None]:
    """Let the rules, and a server on the same database, use these settings inside the block."""
    here = runtime.current()
    before, here.settings = here.settings, settings
    try:
        yield
    finally:
        here.settings = before


@contextmanager
def counting_in(store: Store) -> Iterator[Store]:
    """Count rate limits in this store inside the block, as a server on the same database does too."""
    limits = runtime.current().part(RateLimits, RateLimits)
    before, limits.store = limits.store, store
    try:
        yield store
    finally:
        limits.store = before


def forget_limits() -> None:
    """Count from zero in this process, with the catalogue's limits as they are now."""
    runtime.current()._parts.pop(RateLimits, None)
