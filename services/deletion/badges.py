"""Badges: issued copies of a credential cannot be recalled, so each is revoked, and its random id stays known."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from models.badges import BadgeAward
from models.transactions import require_transaction
from services.deletion.plan import Going, TablePlan
from services.open_badges import credential_status


async def plan(_going: Going) -> Sequence[TablePlan]:
    """The general rules count the awards."""
    return ()


async def apply(going: Going, now: datetime) -> None:
    """Revoke the credentials that are valid. Requires a transaction, with the score row locked."""
    require_transaction()
    if going.profile_id:
        valid: Any = BadgeAward.filter(profile_id=going.profile_id, revoked_at=None).values_list("id", "credential")
        await credential_status.revoke(await valid, at=now)
