"""Mails 14 days and 1 day before a password expires. Rule: docs/rules/sign-in.md#password-expiry."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from models.accounts import AccountStatus
from models.companies import Company
from models.passwords import Password
from services.auth.credential_expiry import DEFAULT_DAYS, expiry
from services.messages import outbox

WARNING_DAYS = (1, 14)
"""Days before expiry; only the nearest due warning is mailed."""


async def mail_expiring(now: datetime) -> int:
    """
    Mail each person whose password expires within 14 days or 1 day and who has no mail for that yet; returns the number of
    mails. A second run, or one in another process, sends none twice.
    """
    rules: Any = (
        Company.filter(password_days__not_isnull=True, sso=False).distinct().values_list("password_days", flat=True)
    )
    sent = 0
    for days in sorted({DEFAULT_DAYS, *await rules}):
        for account_id in await _accounts_to_check(days, now):
            sent += await _mail_if_due(account_id, now)
    return sent


async def _accounts_to_check(days: int, now: datetime) -> Sequence[int]:
    """Accounts whose password lasts this many days and that may need a mail."""
    since = now - timedelta(days=days)
    rule = Q(account__company__password_days=days, account__company__sso=False)
    if days == DEFAULT_DAYS:
        rule |= Q(account__company_id=None)
    found: Any = Password.filter(
        rule,
        Q(warned_days=None) | Q(warned_days__gt=min(WARNING_DAYS)),
        account__status=AccountStatus.ACTIVE,
        changed_at__gt=since,
        changed_at__lte=since + timedelta(days=max(WARNING_DAYS)),
    )
    return await found.order_by("account_id").values_list("account_id", flat=True)


async def _mail_if_due(account_id: int, now: datetime) -> int:
    async with in_transaction():
        password = await Password.select_for_update().get_or_none(account_id=account_id)
        if password is None:
            return 0
        await password.fetch_related("account__company")
        account = password.account
        company = account.company
        ends = expiry(password.changed_at, company.id if company else None, company.password_days if company else None)
        left = None if ends is None else ends - now
        if left is None or left <= timedelta():
            return 0
        due = next((days for days in WARNING_DAYS if left <= timedelta(days=days)), None)
        if due is None or (password.warned_days is not None and password.warned_days <= due):
            return 0
        password.warned_days = due
        await password.save(update_fields=["warned_days"])
        days_left = -(-left // timedelta(days=1))
        await outbox.send_mail("password-expires", account, days=days_left, link=outbox.client_link("/change-password"))
    return 1
