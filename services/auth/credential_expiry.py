"""When a password expires. Rule: docs/rules/sign-in.md#password-expiry."""

from datetime import datetime, timedelta

from models.statements import read_datetime

DEFAULT_DAYS = 90


def expiry(changed_at: datetime | str | None, company_id: int | None, password_days: int | None) -> datetime | None:
    """
    When a password expires: so many days after it was set. None: never, or there is no password.

    `password_days` is the company's rule (None: never); without a company it is 90 days. `changed_at` may be the text
    that SQLite stores.
    """
    days = DEFAULT_DAYS if company_id is None else password_days
    if changed_at is None or days is None:
        return None
    return read_datetime(changed_at) + timedelta(days=days)
