"""A company's members, as its admin sees and manages them: account rows, never profiles."""

from typing import Any

from models.accounts import Account, AccountKind
from resolvers.audit import actor_of
from resolvers.base import ids
from resolvers.base.context import Context
from resolvers.base.keyset import QuerysetList, SortKey
from resolvers.base.pagination import Page, connection, paged
from resolvers.base.rows import Row
from services.accounts import members

MEMBER = ("id", "email", "email_key", "name", "status", "company_admin", "created_at", "verified_at")
MEMBERS = QuerysetList("members", order=[SortKey("email_key", value_type=str, ascending=True)])


@paged
async def of_company(context: Context, *, page: Page) -> Row:
    """The members of the viewer's company by address, deactivated ones too. Raises Refused: BAD_PAGE, BAD_CURSOR."""
    found = Account.filter(company_id=context.viewer.company_id or 0, kind=AccountKind.PERSON)
    return connection(page, await MEMBERS.page(found, page, *MEMBER), cursor_of)


cursor_of = MEMBERS.cursor_of


async def deactivate(context: Context, *, input: Any) -> Row:
    """Deactivate a member's account."""
    member_id = ids.require_number("Account", input.account, "account")
    return _member_payload(await members.deactivate_member(_admin_id(context), member_id, actor=actor_of(context)))


async def reactivate(context: Context, *, input: Any) -> Row:
    """Reactivate a member's account."""
    member_id = ids.require_number("Account", input.account, "account")
    return _member_payload(await members.reactivate_member(_admin_id(context), member_id, actor=actor_of(context)))


async def make_admin(context: Context, *, input: Any) -> Row:
    """Make a member a company admin."""
    member_id = ids.require_number("Account", input.account, "account")
    return _member_payload(await members.set_admin(_admin_id(context), member_id, admin=True, actor=actor_of(context)))


async def remove_admin(context: Context, *, input: Any) -> Row:
    """Take the role of company admin from a member."""
    member_id = ids.require_number("Account", input.account, "account")
    return _member_payload(await members.set_admin(_admin_id(context), member_id, admin=False, actor=actor_of(context)))


def _admin_id(context: Context) -> int:
    return context.viewer.account_id or 0


def _member_payload(account: Account) -> Row:
    return {"member": {name: getattr(account, name) for name in MEMBER}}
