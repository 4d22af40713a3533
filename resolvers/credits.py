"""Credits: balances and history, private to their account."""

from collections.abc import Sequence
from typing import Any

from models.credits import CreditBalance, CreditEntry
from resolvers import challenges
from resolvers.base.context import Context
from resolvers.base.keyset import QuerysetList, SortKey
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.credits import credit_ledger

ENTRY = ("id", "kind", "amount", "balance_after", "reference", "reason", "at")
HISTORY = QuerysetList("credit-history", order=[SortKey("id")])


async def of_profiles(profile_ids: Sequence[int], context: Context) -> list[int | None]:
    """The credits of all accounts of each profile; None for any but the viewer's own."""
    own = [number for number in profile_ids if number == context.viewer.profile_id]
    found = await credit_ledger.totals(own) if own else {}
    return [found.get(number) for number in profile_ids]


async def of_accounts(account_ids: Sequence[int], context: Context) -> list[int | None]:
    """The balance of each account; None for any but the viewer's own. Primary key."""
    own = [number for number in account_ids if number == context.viewer.account_id]
    rows: Any = CreditBalance.filter(account_id__in=own).values_list("account_id", "balance")
    balances = dict(await rows) if own else {}
    return [balances.get(number, 0) if number in own else None for number in account_ids]


@columns(*ENTRY)
async def by_id(entry_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Entries of the viewer's account; None for any other. Primary key."""
    rows: Any = CreditEntry.filter(id__in=entry_ids, account_id=context.viewer.account_id or 0).values(*ENTRY)
    return in_order(entry_ids, await rows, by="id")


@columns("edges", "page_info", "account_id")
@paged
async def history(account_ids: Sequence[int], context: Context, *, page: Page) -> list[Row | None]:
    """
    The entries of each account, newest first; None for any but the viewer's own.
    Raises Refused: BAD_PAGE, BAD_CURSOR. Index (account_id, id), read backwards.
    """
    own = context.viewer.account_id
    return [
        connection(
            page, await HISTORY.page(CreditEntry.filter(account_id=number), page, *ENTRY), cursor_of, account_id=number
        )
        if number == own
        else None
        for number in account_ids
    ]


cursor_of = HISTORY.cursor_of


async def history_totals(account_ids: Sequence[int], context: Context) -> list[int]:
    """How many entries each account has; 0 for any but the viewer's own. Index (account_id, id)."""
    own = context.viewer.account_id
    return [await CreditEntry.filter(account_id=number).count() if number == own else 0 for number in account_ids]


def challenge_of(row: Row) -> Row | None:
    """The challenge of a claim; None for other kinds of entries, and if it is no longer in the catalogue."""
    return challenges.by_code(row["reference"]) if row["kind"].value == "CLAIM" else None


def order_of(row: Row) -> int | None:
    """The order of a payment or refund; None for other kinds of entries."""
    return int(row["reference"]) if row["kind"].value in {"ORDER", "REFUND"} else None
