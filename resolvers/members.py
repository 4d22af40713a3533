"""A company's members, as its admin sees and manages them: account rows, never profiles."""

from collections.abc import Sequence
from typing import Any

from models.accounts import Account, AccountKind
from resolvers import accounts
from resolvers.audit import actor_of
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.keyset import QuerysetList, SortKey
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.permissions import forbidden_to_members
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row
from services.accounts import members

MEMBERS = QuerysetList("members", order=[SortKey("email_key", value_type=str, ascending=True)])


@columns("edges", "page_info", "company_id")
@paged
async def of_companies(company_ids: Sequence[int], context: Context, *, page: Page) -> list[Row | Exception | None]:
    """
    The members of a company by address, deactivated ones too, for its admins. NotAllowed, FORBIDDEN, for other members;
    None for a company that is not the viewer's. Raises Refused: BAD_PAGE, BAD_CURSOR. Index company_id.
    """
    found: list[Row | Exception | None] = []
    for company_id in company_ids:
        if company_id != context.viewer.company_id:
            found.append(None)
        elif refusal := forbidden_to_members(company_id, context):
            found.append(refusal)
        else:
            rows = await MEMBERS.page(_members(company_id), page, *accounts.ACCOUNT, "email_key")
            edges = [accounts.account_row(row, context) for row in rows]
            found.append(connection(page, edges, cursor_of, company_id=company_id))
    return found


async def totals(company_ids: Sequence[int], context: Context) -> list[int]:
    """How many members each company has. The caller has checked that the viewer may see them. Index company_id."""
    return [await _members(company_id).count() for company_id in company_ids]


cursor_of = MEMBERS.cursor_of


async def deactivate(context: Context, *, input: Any) -> Row:
    """Deactivate a member's account."""
    member_id = ids.require_number("Account", input.account_id, "accountId")
    return _payload(await members.deactivate_member(_admin_id(context), member_id, actor=actor_of(context)))


async def reactivate(context: Context, *, input: Any) -> Row:
    """Reactivate a member's account."""
    member_id = ids.require_number("Account", input.account_id, "accountId")
    return _payload(await members.reactivate_member(_admin_id(context), member_id, actor=actor_of(context)))


async def make_admin(context: Context, *, input: Any) -> Row:
    """Make a member a company admin."""
    member_id = ids.require_number("Account", input.account_id, "accountId")
    return _payload(await members.set_admin(_admin_id(context), member_id, admin=True, actor=actor_of(context)))


async def remove_admin(context: Context, *, input: Any) -> Row:
    """Take the role of company admin from a member."""
    member_id = ids.require_number("Account", input.account_id, "accountId")
    return _payload(await members.set_admin(_admin_id(context), member_id, admin=False, actor=actor_of(context)))


def _members(company_id: int) -> Any:
    return Account.filter(company_id=company_id, kind=AccountKind.PERSON)


def _admin_id(context: Context) -> int:
    return context.viewer.account_id or 0


def _payload(account: Account) -> Row:
    return {"account_id": account.id}
