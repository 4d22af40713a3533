"""What a person is shown before a deletion: the records that go, by the titles of the person's data, and what it means."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.accounts import Account
from models.ownership import OWNERSHIP
from models.ownership.rules import Exported
from models.shop import OrderState, ShopOrder
from services.credits.credit_ledger import balance_of
from services.deletion import engine
from services.deletion.engine import DeletionPlan


@dataclass(frozen=True)
class Records:
    """
    Records of one kind: `deleted` go, `detached` stay with others, who see a deleted user. `code` is the table with hyphens, `title`
    English.
    """

    code: str
    title: str
    deleted: int
    detached: int


@dataclass(frozen=True)
class Preview:
    """What deleting would do now. Credits and open orders are those of the accounts that go."""

    plan: DeletionPlan
    accounts: Sequence[str]
    credits: int
    open_orders: int
    is_last_admin: bool
    records: Sequence[Records]


async def read(plan: DeletionPlan) -> Preview:
    """Describe a plan for people. Reads only."""
    ids = list(plan.going.account_ids)
    accounts = await Account.filter(id__in=ids).order_by("id")
    return Preview(
        plan=plan,
        accounts=[each.email for each in accounts],
        credits=sum([await balance_of(each) for each in ids]),
        open_orders=await ShopOrder.filter(account_id__in=ids, state=OrderState.PLACED).count(),
        is_last_admin=await engine.leaves_company_alone(plan.going),
        records=records_of(plan),
    )


def records_of(plan: DeletionPlan) -> list[Records]:
    """Return the records of the plan that a person knows, by title. Secrets, what the person must not know, and what follows from other tables are left out."""
    titles = {each.table: each.export.title for each in OWNERSHIP if isinstance(each.export, Exported)}
    found = [
        Records(
            each.table.replace("_", "-"), titles[each.table], each.deleted - each.hidden, each.cleared + each.anonymised
        )
        for each in plan.tables
        if each.table in titles and each.deleted - each.hidden + each.cleared + each.anonymised
    ]
    return sorted(found, key=lambda each: each.title)
