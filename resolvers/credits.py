"""Credits: what there is to spend, and how it came and went. Nobody sees another's."""

from collections.abc import Sequence
from typing import Any

from models.credits import CreditBalance, CreditEntry
from resolvers.base import cursors
from resolvers.base.context import Context
from resolvers.base.pagination import Page, connection, newest, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from services.credits import credit_ledger

CURSOR = "credit-history"
ENTRY = ("id", "kind", "amount", "balance_after", "reference", "reason", "at")


async def of_profiles(profile_ids: Sequence[int], context: Context) -> list[int | None]:
    """What the accounts of each profile have together; None for any but the viewer's own."""
    own = [number for number in profile_ids if number == context.viewer.profile_id]
    found = await credit_ledger.totals(own) if own else {}
    return [found.get(number) for number in profile_ids]


async def of_accounts(account_ids: Sequence[int], context: Context) -> list[int | None]:
    """What each account can spend; None for any but the one that asks. Primary key."""
    own = [number for number in account_ids if number == context.viewer.account_id]
    rows: Any = CreditBalance.filter(account_id__in=own).values_list("account_id", "balance")
    held = dict(await rows) if own else {}
    return [held.get(number, 0) if number in own else None for number in account_ids]


@columns("edges", "page_info")
@paged
async def history(account_ids: Sequence[int], context: Context, *, page: Page) -> list[Row | None]:
    """
    How each account's credits came and went, newest first; None for any but the one that asks.
    Raises Refused: BAD_PAGE, BAD_CURSOR. Index (account_id, id), read backwards.
    """
    own = context.viewer.account_id
    return [
        connection(page, await newest(CreditEntry.filter(account_id=number), page, CURSOR, ENTRY), cursor_of)
        if number == own
        else None
        for number in account_ids
    ]


def cursor_of(row: Row) -> str:
    """Where an entry stands in its account's history."""
    return cursors.encode(CURSOR, row["id"])


def challenge_of(row: Row) -> str | None:
    """The challenge whose credits were claimed; None for whatever is no claim."""
    return row["reference"] if row["kind"].value == "CLAIM" else None


def order_of(row: Row) -> int | None:
    """The order that took the credits or gave them back; None where it was none."""
    return int(row["reference"]) if row["kind"].value in {"ORDER", "REFUND"} else None
