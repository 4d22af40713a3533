"""The log's side of what is away: one line for each reason every few seconds, however many requests meet it."""

from time import monotonic

import structlog

from services.core import runtime
from services.errors import Unavailable

RETRY_SECONDS = 5
"""What clients are told to wait."""
QUIET_SECONDS = 10.0
"""Time in which the same reason is not logged again."""
MAX_REASONS = 100

log = structlog.get_logger(__name__)


class _LoggedAt(dict[str, float]):
    """When each reason was last logged (`time.monotonic`)."""


def note(error: Unavailable) -> None:
    """Log the reason, unless it was logged a moment ago."""
    now, logged_at = monotonic(), runtime.current().part(_LoggedAt, _LoggedAt)
    if now - logged_at.get(error.reason, -QUIET_SECONDS) < QUIET_SECONDS:
        return
    if len(logged_at) >= MAX_REASONS:
        logged_at.clear()
    logged_at[error.reason] = now
    log.error("unavailable", reason=error.reason)
