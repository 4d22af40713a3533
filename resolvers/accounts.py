"""Accounts, as their owners and company admins see them."""

from collections.abc import Sequence
from typing import Any

from models.accounts import Account, AccountKind
from resolvers.base.context import Context
from resolvers.base.permissions import managed_company
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order

ACCOUNT = (
    "id",
    "kind",
    "status",
    "email",
    "name",
    "profile_id",
    "company_id",
    "company_admin",
    "created_at",
    "last_sign_in_at",
    "marketing",
)  # fmt: skip
MAX_ACCOUNTS_SHOWN = 100
"""Accounts of one profile in a list. A person has a few; more come from merging only."""


@columns("__typename", "is_current", *ACCOUNT)
async def by_id(account_ids: Sequence[int], context: Context) -> list[Row | None]:
    """
    The accounts that the viewer may see: the one of this request, those of the same profile, and for a company admin those
    of the members. None for any other. Primary key.
    """
    rows: Any = Account.filter(id__in=account_ids).values(*ACCOUNT)
    visible = [account_row(row, context) for row in await rows if is_own(row, context) or is_managed(row, context)]
    return in_order(account_ids, visible, by="id")


@columns("__typename", "is_current", *ACCOUNT)
async def of_profiles(profile_ids: Sequence[int], context: Context) -> list[list[Row]]:
    """The accounts of the viewer's profile, oldest first, deactivated ones too; none of any other. Index profile_id."""
    own = context.viewer.profile_id
    if own not in profile_ids:
        return [[] for _ in profile_ids]
    rows: Any = Account.filter(profile_id=own).order_by("created_at", "id").limit(MAX_ACCOUNTS_SHOWN).values(*ACCOUNT)
    shown = [account_row(row, context) for row in await rows]
    return [shown if profile_id == own else [] for profile_id in profile_ids]


async def using_sso(account_ids: Sequence[int], context: Context) -> list[bool]:
    """
    True for each account whose company uses single sign-on. The caller has checked that the viewer may see the accounts.
    Primary key.
    """
    found: Any = Account.filter(id__in=account_ids, company__sso=True).values_list("id", flat=True)
    using = set(await found)
    return [account_id in using for account_id in account_ids]


async def service(context: Context) -> Row | None:
    """The service account of this request's token; None for people and anonymous callers."""
    principal = context.viewer
    if principal.account_id is None or principal.profile_id is not None:
        return None
    return (await by_id([principal.account_id], context))[0]


def account_row(row: Row, context: Context) -> Row:
    """
    The row of an account that the viewer may see. Others than its owner do not learn which profile it belongs to, when it was
    last used, and whether news may be mailed to it.
    """
    private = {} if is_own(row, context) else {"profile_id": None, "last_sign_in_at": None, "marketing": None}
    return {
        **row,
        **private,
        "__typename": "PersonAccount" if row["kind"] is AccountKind.PERSON else "ServiceAccount",
        "company_admin": bool(row["company_admin"]),
        "is_current": row["id"] == context.viewer.account_id,
    }


def is_own(row: Row, context: Context) -> bool:
    """True for the account of this request, and for those of the same profile."""
    viewer = context.viewer
    return row["id"] == viewer.account_id or (viewer.profile_id is not None and row["profile_id"] == viewer.profile_id)


def is_managed(row: Row, context: Context) -> bool:
    """True for the accounts of the company whose admin the viewer is."""
    company_id = managed_company(context)
    return company_id is not None and row["company_id"] == company_id
