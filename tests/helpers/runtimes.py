"""The runtime of a test: other settings, other counts."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.core import runtime
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
