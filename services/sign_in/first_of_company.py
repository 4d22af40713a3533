"""The first member of a company who verifies an address there gets points. Rule: docs/rules/points.md#first-of-company."""

from models.accounts import Account, AccountKind
from models.companies import Company
from models.transactions import require_transaction
from services.core import clock
from services.points.ledger import SYSTEM_SOURCE, ActivityEvent, record_many


async def would_be_first(company_id: int | None) -> bool:
    """
    True if the company has no verified member except admins (an operator appointed the first). Locks the company:
    others who verify there wait for this transaction.
    Requires a transaction.
    """
    require_transaction()
    if company_id is None:
        return False
    await Company.select_for_update(no_key=True).get(id=company_id)
    members = Account.filter(company_id=company_id, kind=AccountKind.PERSON, verified_at__not_isnull=True)
    return not await members.filter(company_admin=False).exists()


async def award(account: Account) -> None:
    """Record the points of the first member. Requires a transaction."""
    require_transaction()
    event = ActivityEvent(
        activity="FIRST_OF_COMPANY",
        profile_id=account.own_profile_id,
        occurred_at=clock.now(),
        source=SYSTEM_SOURCE,
        external_id=f"first-of-company:{account.company_id}",
    )
    await record_many([event])  # once per company: a second event would be a conflict
