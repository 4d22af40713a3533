"""Logs unavailable dependencies: one line per reason every few seconds, however many requests meet it."""

from time import monotonic

import structlog

from services.core import runtime
from services.errors import Unavailable

RETRY_SECONDS = 5
"""Retry-After for clients."""
QUIET_SECONDS = 10.0
"""The same reason is not logged again within this time."""
MAX_REASONS = 100

log = structlog.get_logger(__name__)


class _LoggedAt(dict[str, float]):
    """When each reason was last logged (`time.monotonic`)."""


def log_unavailable(error: Unavailable) -> None:
    """Log the reason, unless it was logged in the last QUIET_SECONDS."""
    now, logged_at = monotonic(), runtime.current().part(_LoggedAt, _LoggedAt)
    if now - logged_at.get(error.reason, -QUIET_SECONDS) < QUIET_SECONDS:
        return
    if len(logged_at) >= MAX_REASONS:
        logged_at.clear()
    logged_at[error.reason] = now
    log.error("dependency.unavailable", reason=error.reason)
