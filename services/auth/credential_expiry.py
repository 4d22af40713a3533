"""When a password expires. Rule: docs/rules/sign-in.md#password-expiry."""

from datetime import datetime, timedelta

DEFAULT_DAYS = 90


def expiry(changed_at: datetime | str | None, company_id: int | None, password_days: int | None) -> datetime | None:
    """
    The moment from which a password is too old: exactly so many days after it was set. None: it never is.

    `password_days` is the company's rule (None: never); without a company it is 90 days. Without a password there is
    nothing to expire. `changed_at` may be the text that SQLite stores.
    """
    days = DEFAULT_DAYS if company_id is None else password_days
    if changed_at is None or days is None:
        return None
    return moment(changed_at) + timedelta(days=days)


def moment(stored: datetime | str) -> datetime:
    """A moment as either database gives it in a statement of one's own: SQLite stores text."""
    return datetime.fromisoformat(stored) if isinstance(stored, str) else stored
