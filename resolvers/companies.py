"""Companies: what everyone sees, and what only their members do."""

from collections.abc import Sequence
from typing import Any

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


@columns("domains", "password_days", "uses_sso")
async def settings(company_ids: Sequence[int], context: Context) -> list[Row | None]:
    """What only members of a company see; None for a company that is not the viewer's. Primary key; index company_id."""
    own = context.viewer.company_id
    company = await Company.get_or_none(id=own) if own in company_ids else None
    if company is None:
        return [None for _ in company_ids]
    domains: Any = CompanyDomain.filter(company_id=company.id).order_by("domain").values_list("domain", flat=True)
    row = {"domains": list(await domains), "password_days": company.password_days, "uses_sso": bool(company.sso)}
    return [row if company_id == own else None for company_id in company_ids]


async def set_password_expiry(context: Context, *, input: Any) -> Row:
    """Set after how many days the passwords of members expire; null means never and has to be explicit."""
    if input.password_days is not None and not isinstance(input.password_days, int):  # absent
        raise refused(ErrorCode.BAD_INPUT, "`passwordDays` is required; use null for never.", path=("passwordDays",))
    admin_id = context.viewer.account_id or 0
    changed = await companies.set_password_expiry(admin_id, input.password_days, actor=actor_of(context))
    return {"company_id": changed.id}
