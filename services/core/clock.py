"""The clock of all rules, which a test can freeze at any moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from datetime import UTC, date, datetime

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC)


def today() -> date:
    """The present UTC calendar day."""
    return now().date()


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Freeze the clock inside the block; `at` must be aware."""
    token = _frozen.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)


def carry_over(context: Context) -> None:
    """Set the clock of another context to the caller's, frozen or not."""
    context.run(_frozen.set, _frozen.get())
