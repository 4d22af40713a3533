"""Companies."""

from collections.abc import Sequence
from typing import Any

from models.accounts import Account
from models.companies import Company, CompanyDomain
from models.statements import Statement
from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order
from services.accounts import companies
from services.errors import ErrorCode, refused

BY_ID = Statement.of("SELECT id, name FROM company WHERE id = ANY($1)")


@columns("id", "name", positional=True)
async def by_id(company_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Companies by number. SQL of its own: every list of people reads it."""
    database = context.database
    return in_order(company_ids, await database.fetch(BY_ID, company_ids), by="id")


async def own(context: Context) -> Row | None:
    """The company of the viewer's account; None if it belongs to none."""
    account: Any = await Account.get_or_none(id=context.viewer.account_id).values("company_id")
    company = await Company.get_or_none(id=account["company_id"] if account else None)
    return None if company is None else await _company_row(company)


async def is_admin(context: Context) -> bool:
    """True if the viewer is the admin of a company."""
    return context.viewer.company_admin


async def set_password_expiry(context: Context, *, input: Any) -> Row:
    """Set after how many days the passwords of members expire; null means never and has to be explicit."""
    if input.days is not None and not isinstance(input.days, int):  # absent
        raise refused(ErrorCode.BAD_INPUT, "`days` is required; use null for never.", path=("days",))
    admin_id = context.viewer.account_id or 0
    changed = await companies.set_password_expiry(admin_id, input.days, actor=actor_of(context))
    return {"company": await _company_row(changed)}


async def set_sso(context: Context, *, input: Any) -> Row:
    """Set whether members sign in at their own identity provider."""
    return {
        "company": await _company_row(await companies.set_sso(context.viewer.account_id or 0, enabled=input.enabled))
    }


async def _company_row(company: Company) -> Row:
    domains: Any = CompanyDomain.filter(company_id=company.id).order_by("domain").values_list("domain", flat=True)
    return {
        "id": company.id,
        "name": company.name,
        "domains": list(await domains),
        "password_days": company.password_days,
        "sso": company.sso,
    }
