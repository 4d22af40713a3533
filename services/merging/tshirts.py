"""The T-shirt: one claim stays, a shipped one, else the older one. Rule: docs/rules/accounts.md#merging-who-wins."""

from collections.abc import Sequence
from datetime import datetime

from models.referrals import ShirtClaim, ShirtState
from models.transactions import require_transaction
from services.merging.plan import Pair, StepPlan, TablePlan


async def plan(pair: Pair) -> StepPlan:
    """Count the claims. Unique (profile_id)."""
    claims = await ShirtClaim.filter(profile_id__in=pair)
    owners = {each.profile_id for each in claims}
    return StepPlan(
        [
            TablePlan(
                "shirt_claim",
                kept=int(pair.survivor in owners),
                moved=int(owners == {pair.source}),
                combined=int(owners == set(pair)),
            )
        ]
    )


async def apply(pair: Pair, _now: datetime) -> None:
    """Delete the other claim, and give the survivor the one that stays. Requires a transaction."""
    require_transaction()
    # Operators lock only the claim that they ship.
    claims = await ShirtClaim.filter(profile_id__in=pair).order_by("id").select_for_update()
    if claims:
        stays = _first(claims)
        await ShirtClaim.filter(id__in=[each.id for each in claims if each is not stays]).delete()
        await ShirtClaim.filter(id=stays.id).update(profile_id=pair.survivor)


def _first(claims: Sequence[ShirtClaim]) -> ShirtClaim:
    return min(claims, key=lambda each: (each.state is not ShirtState.SHIPPED, each.claimed_at, each.id))
