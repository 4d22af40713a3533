"""
Credits: the balance of each account, and the ledger of every change.

The balance row is the lock that serialises an account's claims, orders and refunds. Each adds one entry with the balance
after it. No balance is below 0: a database constraint enforces it too. Rule: docs/rules/challenges.md#credits.
"""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from tortoise.functions import Sum
from tortoise.transactions import in_transaction

from catalogue.languages import Text
from models.accounts import Account, AccountKind, AccountStatus
from models.credits import CreditBalance, CreditEntry, CreditKind
from models.transactions import require_transaction
from services.auth.account_lookup import account_by_email
from services.core import audit, clock
from services.core.audit import OPERATOR
from services.errors import ErrorCode, refused

MAX_REASON: Final = 500
MAX_BALANCE: Final = 1_000_000_000
"""Maximum credits of one account."""
ACCOUNTS_PER_BATCH: Final = 1_000
"""Accounts per transaction of `differences`."""


@dataclass(frozen=True)
class Difference:
    """A balance that is not the sum of its entries, or an entry whose `balance_after` is not the sum so far."""

    account_id: int
    entry_id: int | None
    """The first wrong entry; None if the balance itself is wrong."""
    stored: int | None
    expected: int


async def change_balance(
    account_id: int, kind: CreditKind, amount: int, *, reference: str, reason: str = ""
) -> CreditEntry:
    """
    Add `amount` (negative: subtract) to an account's credits; locks the balance until the transaction ends. `reference` is
    the id of the claim, order or correction: each pair of kind and reference changes an account's balance once.

    Raises Refused: INSUFFICIENT_CREDITS, with `needed` and `available`; BAD_INPUT (over 1,000,000,000).
    Requires a transaction.
    """
    require_transaction()
    if not await CreditBalance.exists(account_id=account_id):
        # Two first changes at once: the second waits here, then finds the row.
        await CreditBalance.bulk_create([CreditBalance(account_id=account_id, balance=0)], ignore_conflicts=True)
    row = await CreditBalance.select_for_update().get(account_id=account_id)
    after = row.balance + amount
    if after < 0:
        text = Text(
            "This needs {needed:,} credits, but the account has {balance:,}.", needed=-amount, balance=row.balance
        )
        raise refused(ErrorCode.INSUFFICIENT_CREDITS, text, needed=-amount, available=row.balance)
    if after > MAX_BALANCE:
        raise refused(ErrorCode.BAD_INPUT, Text("An account can have at most {most:,} credits.", most=MAX_BALANCE))
    row.balance = after
    await row.save(update_fields=["balance"])
    return await CreditEntry.create(
        account_id=account_id,
        kind=kind,
        amount=amount,
        balance_after=after,
        reference=reference,
        reason=reason,
        at=clock.now(),
    )


async def balance_of(account_id: int) -> int:
    """Current balance of the account."""
    found = await CreditBalance.get_or_none(account_id=account_id)
    return found.balance if found else 0


async def active_account(account_id: int) -> Account:
    """Return the account if it is active. Raises Refused: NOT_FOUND, ACCOUNT_DEACTIVATED."""
    found = await Account.get_or_none(id=account_id)
    if found is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such account.")
    if found.status is not AccountStatus.ACTIVE:
        raise refused(ErrorCode.ACCOUNT_DEACTIVATED, "The account is deactivated.")
    return found


async def correct(email: str, amount: int, *, reason: str) -> CreditEntry:
    """
    Add or subtract credits as an operator; the owner sees the reason.

    Raises Refused: BAD_INPUT (no amount, no reason, a service account), NOT_FOUND, INSUFFICIENT_CREDITS.
    """
    reason = reason.strip()
    if not amount or abs(amount) > MAX_BALANCE or not 0 < len(reason) <= MAX_REASON or not reason.isprintable():
        text = Text(
            "A correction adds or removes 1 to {most:,} credits and needs a reason of 1 to {max_reason} characters.",
            most=MAX_BALANCE,
            max_reason=MAX_REASON,
        )
        raise refused(ErrorCode.BAD_INPUT, text)
    async with in_transaction():
        account = await account_by_email(email)
        if account.kind is not AccountKind.PERSON:
            raise refused(ErrorCode.BAD_INPUT, "A service account has no credits.", path=("email",))
        reference = f"correction:{secrets.token_hex(8)}"
        entry = await change_balance(account.id, CreditKind.CORRECTION, amount, reference=reference, reason=reason)
        await audit.record(
            "credits.corrected",
            actor=OPERATOR,
            account_id=account.id,
            amount=amount,
            balance=audit.Change(entry.balance_after - amount, entry.balance_after),
            reason=reason,
        )
        return entry


async def differences(*, repair: bool = False) -> AsyncIterator[Difference]:
    """
    Yield each account whose balance is not the sum of its entries, in order of account. `repair` sets the balance to that
    sum in the same transaction; entries are never changed.
    """
    last = 0
    while True:
        async with in_transaction():
            accounts: Any = (
                Account.filter(id__gt=last).order_by("id").limit(ACCOUNTS_PER_BATCH).values_list("id", flat=True)
            )
            ids = list(await accounts)
            found = await _differences(ids, repair=repair)
        for each in found:
            yield each
        if not ids:
            return
        last = ids[-1]


async def _differences(ids: list[int], *, repair: bool) -> list[Difference]:
    if not ids:
        return []
    balances = {
        row.pk: row for row in await CreditBalance.filter(account_id__in=ids).order_by("account_id").select_for_update()
    }
    found: dict[int, Difference] = {}
    sums = dict.fromkeys(ids, 0)
    rows: Any = CreditEntry.filter(account_id__in=ids).order_by("account_id", "id")  # index (account_id, id)
    for account_id, entry_id, amount, after in await rows.values_list("account_id", "id", "amount", "balance_after"):
        sums[account_id] += amount
        if after != sums[account_id]:
            found.setdefault(account_id, Difference(account_id, entry_id, after, sums[account_id]))
    for account_id, total in sums.items():
        row = balances.get(account_id)
        if total == (row.balance if row else 0):
            continue
        found[account_id] = Difference(account_id, None, row.balance if row else None, total)
        if repair and total >= 0:
            if row is None:
                await CreditBalance.create(account_id=account_id, balance=total)
            else:
                row.balance = total
                await row.save(update_fields=["balance"])
    return [found[account_id] for account_id in sorted(found)]


async def totals(profile_ids: list[int]) -> dict[int, int]:
    """Return the sum over all accounts of each profile, including deactivated ones. Index: account (profile_id)."""
    found: Any = (
        CreditBalance.filter(account__profile_id__in=profile_ids)
        .annotate(total=Sum("balance"))
        .group_by("account__profile_id")
        .values_list("account__profile_id", "total")
    )
    return {**dict.fromkeys(profile_ids, 0), **dict(await found)}
