"""The settings that rules need: set once where a process, a command or a test begins."""

from collections.abc import Iterator
from contextlib import contextmanager

from settings import Settings

_current: list[Settings] = []


def current() -> Settings:
    """The settings in force."""
    return _current[-1] if _current else Settings()


@contextmanager
def using(settings: Settings) -> Iterator[None]:
    """Let the rules go by these settings inside."""
    _current.append(settings)
    try:
        yield
    finally:
        _current.remove(settings)
