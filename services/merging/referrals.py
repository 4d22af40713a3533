"""
Referrals, and the codes of referral links.

Referrals become the survivor's. One of an account that is now the person's own is removed, and its points are taken back. The codes
of both work on; the survivor's is displayed. Rules: docs/rules/accounts.md#merging-people, docs/rules/invites.md#attribution.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from models.points import PointEntry
from models.referrals import Referral, ReferralCode
from models.statements import Statement, execute
from models.transactions import require_transaction
from services.invites import referrals
from services.merging.compensations import planned, take_back
from services.merging.plan import CompensationReason, Pair, StepPlan, TablePlan
from services.points.ledger import SYSTEM_SOURCE


async def plan(pair: Pair) -> StepPlan:
    """Count referrals and codes, and the points of referrals between the two."""
    [row] = await execute(_COUNT, *pair)
    compensations = await planned(pair, await taken_back(pair), CompensationReason.SELF)
    codes: Any = ReferralCode.filter(profile_id__in=pair).values_list("profile_id", flat=True)
    owners = list(await codes)
    return StepPlan(
        [
            TablePlan("referral", kept=row["kept"], moved=row["moved"], lost=row["lost"]),
            TablePlan("referral_code", kept=owners.count(pair.survivor), moved=owners.count(pair.source)),
            TablePlan("point_entry", added=sum(each.entries for each in compensations)),
        ],
        compensations=compensations,
    )


async def apply(pair: Pair, now: datetime) -> None:
    """Write the rows and take points back. Requires a transaction, with the score rows of both locked."""
    require_transaction()
    await take_back(await taken_back(pair), CompensationReason.SELF, now)
    await Referral.filter(account_id__in=await _own_accounts(pair)).delete()
    await Referral.filter(referrer_id=pair.source).update(referrer_id=pair.survivor)
    await ReferralCode.filter(profile_id=pair.source).update(profile_id=pair.survivor, merged=True)


async def taken_back(pair: Pair) -> list[int]:
    """Return the ledger entries of referrals between the two. Reads only. Unique (source, external_id)."""
    keys = [each for account_id in await _own_accounts(pair) for each in referrals.event_ids(account_id)]
    found: Any = PointEntry.filter(source=SYSTEM_SOURCE, external_id__in=keys).values_list("id", flat=True)
    return list(await found) if keys else []


async def _own_accounts(pair: Pair) -> Collection[int]:
    """Accounts of the two that one of the two referred. Index: referral (referrer_id, at, id)."""
    rows: Any = Referral.filter(referrer_id__in=pair, account__profile_id__in=pair).values_list("account_id", flat=True)
    return list(await rows)


_COUNT = Statement.of("""
    SELECT COUNT(CASE WHEN a.own = 1 THEN 1 END) AS lost,
        COUNT(CASE WHEN a.own = 0 AND a.referrer_id = $2 THEN 1 END) AS kept,
        COUNT(CASE WHEN a.own = 0 AND a.referrer_id = $1 THEN 1 END) AS moved
    FROM (
        SELECT r.referrer_id, CASE WHEN EXISTS (
            SELECT 1 FROM account a WHERE a.id = r.account_id AND a.profile_id IN ($1, $2)
        ) THEN 1 ELSE 0 END AS own
        FROM referral r WHERE r.referrer_id IN ($1, $2)
    ) a
""")
