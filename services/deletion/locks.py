"""
Find what goes, and lock it: everything that a deletion reads or writes, until its transaction ends.

Order: merges that the accounts have started or that would take the profile, sign-ups, companies, score rows by id, orders; for these
it waits. They are the locks that other writers take first. Accounts and the profile come last and are never waited for: a writer that
inserts a row with an account holds that account, and may be waiting for the score row. If one of them is taken, all locks are given
back, and the deletion begins again. So it can be in no deadlock.

Score rows of others are locked too, if a row names both people: writers of such rows lock both, and so do merges and other deletions.
"""

from typing import Any, Final

from tortoise.expressions import Q

from models.accounts import Account
from models.companies import Company
from models.profile_merges import ProfileMerge
from models.profiles import Profile
from models.shop import OrderState, ShopOrder
from models.statements import Statement, execute, try_lock_rows
from models.transactions import require_transaction
from models.verification_codes import SignUp
from services.deletion.addresses import sign_up_ids
from services.deletion.plan import Going
from services.progress.scores import lock_score_rows

_AROUND: Final = Statement.of("""
    SELECT other_id AS id FROM connection WHERE profile_id = $1
    UNION SELECT sender_id FROM connection_request WHERE receiver_id = $1
    UNION SELECT receiver_id FROM connection_request WHERE sender_id = $1
    UNION SELECT blocker_id FROM block WHERE blocked_id = $1
    UNION SELECT blocked_id FROM block WHERE blocker_id = $1
    UNION SELECT profile_id FROM dismissed_suggestion WHERE other_id = $1
    UNION SELECT other_id FROM dismissed_suggestion WHERE profile_id = $1
    UNION SELECT profile_id FROM point_entry WHERE counterpart_id = $1
    UNION SELECT p.owner_id FROM project_collaborator c JOIN project p ON p.id = c.project_id WHERE c.profile_id = $1
    UNION SELECT c.profile_id FROM project p JOIN project_collaborator c ON c.project_id = p.id WHERE p.owner_id = $1
    UNION SELECT sender_id FROM invite WHERE email_key = ANY($3) OR accepted_by_id = ANY($2)
    UNION SELECT referrer_id FROM referral WHERE account_id = ANY($2)
""")
"""The people who share a row with what goes. Each part has an index."""


class Changed(Exception):
    """Something changed or is in use: all locks must be given back before the next attempt."""


async def of_account(account_id: int) -> Going | None:
    """Return what goes with an account: the account, and its profile if it has no other one. None if there is no such account."""
    account = await Account.get_or_none(id=account_id)
    if account is None:
        return None
    if account.profile_id is None:
        return Going((account_id,), 0, (account.email_key,))
    if await Account.filter(profile_id=account.profile_id).exclude(id=account_id).exists():
        return Going((account_id,), 0, (account.email_key,), stays_id=account.profile_id)
    return await of_profile(account.profile_id)


async def of_profile(profile_id: int) -> Going | None:
    """Return what goes with a profile: everything. None if there is no such profile."""
    profile = await Profile.get_or_none(id=profile_id)
    if profile is None:
        return None
    accounts: Any = Account.filter(profile_id=profile_id).order_by("id").values_list("id", "email_key")
    found = await accounts
    addresses = {key for _, key in found} | ({profile.recovery_email_key} if profile.recovery_email_key else set())
    return Going(tuple(number for number, _ in found), profile_id, tuple(sorted(addresses)))


async def lock(going: Going) -> None:
    """
    Lock everything. The caller must find again what goes, and compare: it may have changed before the locks were taken.
    Raises Changed: give back the locks and begin again.
    Requires a transaction.
    """
    require_transaction()
    owner = going.profile_id or going.stays_id
    # services/merging/completion.py holds the merge when it waits for the account.
    merges = ProfileMerge.filter(Q(account_id__in=going.account_ids) | Q(source_id=going.profile_id))
    await merges.order_by("id").select_for_update()
    await SignUp.filter(id__in=await sign_up_ids(going)).order_by("id").select_for_update()
    companies: Any = Account.filter(id__in=going.account_ids, company_id__not_isnull=True)
    numbers = set(await companies.values_list("company_id", flat=True))
    await Company.filter(id__in=numbers).order_by("id").select_for_update(no_key=True)
    around = await _around(going)
    await lock_score_rows({*around, owner})
    await ShopOrder.filter(account_id__in=going.account_ids, state=OrderState.PLACED).order_by("id").select_for_update()
    all_of_profile: Any = Account.filter(profile_id=owner).values_list("id", flat=True) if owner else ()
    accounts = {*going.account_ids, *(await all_of_profile if owner else ())}
    locked = await try_lock_rows("account", "id", accounts)
    if not locked or (owner and not await try_lock_rows("profile", "id", [owner])):
        raise Changed
    now: Any = Account.filter(profile_id=owner).values_list("id", flat=True) if owner else ()
    if not {*(await now if owner else ())} <= accounts or not await _around(going) <= around:
        raise Changed


async def _around(going: Going) -> set[int]:
    rows = await execute(_AROUND, going.profile_id, list(going.account_ids), list(going.addresses))
    return {row["id"] for row in rows}
