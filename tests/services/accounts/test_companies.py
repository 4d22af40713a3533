"""What the admin of a company settles for all members."""

from datetime import timedelta

import pytest

from models.accounts import Account
from models.audit import AuditEntry
from models.companies import Company
from models.passwords import Password
from services.accounts import companies
from services.auth import passwords
from services.core import clock
from services.core.audit import OPERATOR
from services.errors import ErrorCode, Refused
from tests.helpers.factories import make_person
from tests.helpers.people import make_company_with_admin, make_member

pytestmark = pytest.mark.usefixtures("database")


async def test_the_expiry_counts_at_once_and_from_when_each_password_was_set() -> None:
    # given
    company, admin = await make_company_with_admin()
    ben = await make_member(company, "ben@harbor.example")
    await Password.create(account_id=ben.id, hash="x", changed_at=clock.now() - timedelta(days=40))
    # when, then
    for days, expired in ((None, False), (41, False), (40, True), (1, True), (90, False)):
        await companies.set_password_expiry(admin.id, days, actor=OPERATOR)
        assert await passwords.expired(ben.id) is expired, days


@pytest.mark.parametrize("days", [0, -1, 3651])
async def test_only_days_that_make_sense_are_taken(days: int) -> None:
    _, admin = await make_company_with_admin()
    with pytest.raises(Refused) as why:
        await companies.set_password_expiry(admin.id, days, actor=OPERATOR)
    assert why.value.problems[0].code is ErrorCode.BAD_INPUT
    assert (await Company.get()).password_days == 90


async def test_a_change_is_noted_with_old_and_new_and_a_repeat_is_not() -> None:
    company, admin = await make_company_with_admin()
    for _ in range(2):
        await companies.set_password_expiry(admin.id, None, actor=OPERATOR)
    entry = await AuditEntry.get()
    assert (entry.action, entry.company_id) == ("company.password-expiry-changed", company.id)
    assert entry.facts == {"password_days": {"old": 90, "new": None}}


async def test_who_is_no_admin_any_more_settles_nothing() -> None:
    company, admin = await make_company_with_admin()
    member, outsider = await make_member(company, "ben@harbor.example"), await make_person()
    await Account.filter(id=admin.id).update(company_admin=False)
    for account in (admin, member, outsider):
        with pytest.raises(Refused) as why:
            await companies.set_password_expiry(account.id, 30, actor=OPERATOR)
        assert why.value.problems[0].code is ErrorCode.FORBIDDEN
    assert (await Company.get()).password_days == 90


async def test_making_a_company_is_noted() -> None:
    await make_person("ada@harbor.example")
    made = await companies.create_company("Harbor Works", domain="harbor.example", admin_email="ada@harbor.example")
    entry = await AuditEntry.get(action="company.created")
    assert (entry.company_id, entry.facts) == (made.id, {"name": "Harbor Works", "domain": "harbor.example"})
