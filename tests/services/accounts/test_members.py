"""Members and admins, above all when two admins act at the same moment. docs/rules/accounts.md#company-admins."""

import asyncio

import pytest

from models.accounts import Account, AccountStatus
from models.audit import AuditEntry, Origin
from models.outbox import OutboxMessage
from services.accounts import members
from services.core.audit import OPERATOR, Actor
from services.errors import ErrorCode, Refused
from tests.helpers.factories import make_service, make_token
from tests.helpers.people import make_company_with_admin, make_member

pytestmark = pytest.mark.usefixtures("database")


def acting(account: Account) -> Actor:
    return Actor(account.id, Origin.SESSION, "192.0.2.7")


async def test_two_admins_who_deactivate_each_other_at_once_leave_one() -> None:
    for round_ in range(5):
        # given
        company, ada = await make_company_with_admin(domain=f"harbor{round_}.example")
        ben = await make_member(company, f"ben@harbor{round_}.example", admin=True)
        # when
        outcomes = await asyncio.gather(
            members.deactivate_member(ada.id, ben.id, actor=acting(ada)),
            members.deactivate_member(ben.id, ada.id, actor=acting(ben)),
            return_exceptions=True,
        )
        # then
        refusals = [each for each in outcomes if isinstance(each, Refused)]
        assert [each.problems[0].code for each in refusals] == [ErrorCode.FORBIDDEN]
        assert await Account.filter(company_id=company.id, status=AccountStatus.ACTIVE, company_admin=True).count() == 1


async def test_two_admins_who_step_down_at_once_leave_one() -> None:
    company, ada = await make_company_with_admin()
    ben = await make_member(company, "ben@harbor.example", admin=True)
    outcomes = await asyncio.gather(
        members.set_admin(ada.id, ada.id, admin=False, actor=acting(ada)),
        members.set_admin(ben.id, ben.id, admin=False, actor=acting(ben)),
        return_exceptions=True,
    )
    refusals = [each for each in outcomes if isinstance(each, Refused)]
    assert [each.problems[0].code for each in refusals] == [ErrorCode.LAST_ADMIN]
    assert await Account.filter(company_id=company.id, company_admin=True).count() == 1


async def test_a_repeat_changes_nothing_and_tells_nobody() -> None:
    company, ada = await make_company_with_admin()
    ben = await make_member(company, "ben@harbor.example")
    for _ in range(2):
        await members.deactivate_member(ada.id, ben.id, actor=acting(ada))
    for _ in range(2):
        await members.reactivate_member(ada.id, ben.id, actor=acting(ada))
    for _ in range(2):
        await members.set_admin(ada.id, ben.id, admin=True, actor=acting(ada))
    entries = await AuditEntry.all().order_by("id")
    assert [(each.action, each.actor_id, each.company_id) for each in entries] == [
        ("member.deactivated", ada.id, company.id),
        ("member.reactivated", ada.id, company.id),
        ("member.made-admin", ada.id, company.id),
    ]
    assert [each.kind for each in await OutboxMessage.all().order_by("id")] == [
        "account-deactivated",
        "account-reactivated",
    ]


async def test_an_operator_deactivates_anybody_also_a_service_and_the_last_admin() -> None:
    company, ada = await make_company_with_admin()
    service = await make_service()
    await make_token(service, "mx:points:ingest")
    for account in (ada, service):
        changed = await members.deactivate_account(account.id, actor=OPERATOR)
        assert changed.status is AccountStatus.DEACTIVATED
    with pytest.raises(Refused) as why:
        await members.deactivate_account(999, actor=OPERATOR)
    assert why.value.problems[0].code is ErrorCode.NOT_FOUND
    assert (await members.reactivate_account(service.id, actor=OPERATOR)).status is AccountStatus.ACTIVE
    assert company.id
