"""
Deactivate, reactivate and promote accounts: members of a company by its admins, any account by an operator.

Every change locks the company (services/accounts/companies.py). If two admins deactivate each other at the same time, the
second one is no longer an active admin and is refused. Rule: docs/rules/accounts.md#company-admins.
"""

from typing import Any

from tortoise.transactions import in_transaction

from models.accounts import Account, AccountKind, AccountStatus
from models.companies import Company
from models.transactions import require_transaction
from services.accounts.companies import company_of_admin
from services.auth import sessions
from services.core import audit
from services.core.audit import Actor
from services.errors import ErrorCode, refused
from services.messages.outbox import send_mail
from services.profiles.profiles import refresh_visibility


async def deactivate_member(admin_id: int, member_id: int, *, actor: Actor) -> Account:
    """
    Deactivate a member of the admin's own company: no sign-in, no tokens, not on boards; nothing is deleted. Repeating it
    changes nothing. Raises Refused: FORBIDDEN, NOT_YOURSELF, NOT_FOUND (no such member of this company).
    """
    async with in_transaction():
        company = await company_of_admin(admin_id)
        if member_id == admin_id:
            raise refused(ErrorCode.NOT_YOURSELF, "You cannot deactivate yourself.", path=("accountId",))
        # No check for the last admin: the caller is an active admin and stays one.
        return await _deactivate(await _lock_member(company, member_id), actor)


async def reactivate_member(admin_id: int, member_id: int, *, actor: Actor) -> Account:
    """Reactivate a member; ended sessions do not come back. Raises Refused: FORBIDDEN, NOT_FOUND."""
    async with in_transaction():
        company = await company_of_admin(admin_id)
        return await _reactivate(await _lock_member(company, member_id), actor)


async def set_admin(admin_id: int, member_id: int, *, admin: bool, actor: Actor) -> Account:
    """
    Grant or remove a member's admin rights, also one's own. Repeating it changes nothing.

    Raises Refused: FORBIDDEN, NOT_FOUND, ACCOUNT_DEACTIVATED (only an active member can become an admin), LAST_ADMIN.
    """
    async with in_transaction():
        company = await company_of_admin(admin_id)
        member = await _lock_member(company, member_id)
        if member.company_admin is admin:
            return member
        if admin and member.status is not AccountStatus.ACTIVE:
            raise refused(ErrorCode.ACCOUNT_DEACTIVATED, "Reactivate the member first.", path=("accountId",))
        if not admin and not await _has_other_admin(company, member_id):
            raise refused(ErrorCode.LAST_ADMIN, "A company must keep at least one admin.", path=("accountId",))
        member.company_admin = admin
        await member.save(update_fields=["company_admin"])
        action = "member.made-admin" if admin else "member.admin-removed"
        await audit.record(action, actor=actor, account_id=member.id)
        return member


async def deactivate_account(account_id: int, *, actor: Actor) -> Account:
    """
    Deactivate any account on behalf of an operator: also the last admin of a company, and service accounts. Repeating it
    changes nothing. Raises Refused: NOT_FOUND.
    """
    async with in_transaction():
        return await _deactivate(await _lock_account(account_id), actor)


async def reactivate_account(account_id: int, *, actor: Actor) -> Account:
    """Reactivate any account on behalf of an operator. Repeating it changes nothing. Raises Refused: NOT_FOUND."""
    async with in_transaction():
        return await _reactivate(await _lock_account(account_id), actor)


async def _deactivate(account: Account, actor: Actor) -> Account:
    if account.status is AccountStatus.DEACTIVATED:
        return account
    account.status = AccountStatus.DEACTIVATED
    await account.save(update_fields=["status"])
    await sessions.end_all(account.id)
    if account.kind is AccountKind.PERSON:
        await refresh_visibility([account.own_profile_id])
        await send_mail("account-deactivated", account)
    await audit.record("member.deactivated", actor=actor, account_id=account.id)
    return account


async def _reactivate(account: Account, actor: Actor) -> Account:
    if account.status is AccountStatus.ACTIVE:
        return account
    account.status = AccountStatus.ACTIVE
    await account.save(update_fields=["status"])
    await sessions.end_all(account.id)  # a session that began concurrently with the deactivation
    if account.kind is AccountKind.PERSON:
        await refresh_visibility([account.own_profile_id])
        await send_mail("account-reactivated", account)
    await audit.record("member.reactivated", actor=actor, account_id=account.id)
    return account


async def _lock_account(account_id: int) -> Account:
    """Lock an account after its company, the lock order of this module. Requires a transaction."""
    require_transaction()
    found: Any = await Account.get_or_none(id=account_id)
    if found is not None and found.company_id is not None:
        await Company.select_for_update(no_key=True).get(id=found.company_id)
    account = await Account.select_for_update(no_key=True).get_or_none(id=account_id)
    if account is None:
        raise refused(ErrorCode.NOT_FOUND, "There is no such account.", path=("accountId",))
    return account


async def _lock_member(company: Company, member_id: int) -> Account:
    member = await Account.select_for_update(no_key=True).get_or_none(
        id=member_id, company_id=company.id, kind=AccountKind.PERSON
    )
    if member is None:
        raise refused(ErrorCode.NOT_FOUND, "Your company has no such member.", path=("accountId",))
    return member


async def _has_other_admin(company: Company, account_id: int) -> bool:
    admins = Account.filter(company_id=company.id, company_admin=True, status=AccountStatus.ACTIVE)
    return bool(await admins.exclude(id=account_id).exists())
