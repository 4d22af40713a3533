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
    "marketing",
)  # fmt: skip


@columns("__typename", *ACCOUNT)
async def by_id(account_ids: Sequence[int], context: Context) -> list[Row | None]:
    """
    The accounts that the viewer may see: the one of this request, those of the same profile, and for a company admin those
    of the members. None for any other. Primary key.
    """
    rows: Any = Account.filter(id__in=account_ids).values(*ACCOUNT)
    visible = [account_row(row, context) for row in await rows if is_own(row, context) or is_managed(row, context)]
    return in_order(account_ids, visible, by="id")


async def service(context: Context) -> Row | None:
    """The service account of this request's token; None for people and anonymous callers."""
    principal = context.viewer
    if principal.account_id is None or principal.profile_id is not None:
        return None
    return (await by_id([principal.account_id], context))[0]


def account_row(row: Row, context: Context) -> Row:
    """The row of an account that the viewer may see. Others than its owner do not learn which profile it belongs to."""
    return {
        **row,
        "__typename": "PersonAccount" if row["kind"] is AccountKind.PERSON else "ServiceAccount",
        "company_admin": bool(row["company_admin"]),
        "profile_id": row["profile_id"] if is_own(row, context) else None,
    }


def is_own(row: Row, context: Context) -> bool:
    """True for the account of this request, and for those of the same profile."""
    viewer = context.viewer
    return row["id"] == viewer.account_id or (viewer.profile_id is not None and row["profile_id"] == viewer.profile_id)


def is_managed(row: Row, context: Context) -> bool:
    """True for the accounts of the company whose admin the viewer is."""
    company_id = managed_company(context)
    return company_id is not None and row["company_id"] == company_id
