"""Accounts, as their owner sees them, and the viewer."""

from collections.abc import Sequence
from typing import Any

from models.accounts import Account
from models.profiles import Profile
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order

ACCOUNT = ("id", "kind", "status", "email", "name", "profile_id", "company_id", "created_at", "marketing")


async def viewer(context: Context) -> Row | None:
    """Whoever asks; None for nobody."""
    who = context.viewer
    if not who.signed_in:
        return None
    return {"account_id": who.account_id, "profile_id": who.profile_id}


@columns(*ACCOUNT)
async def by_id(account_ids: Sequence[int], context: Context) -> list[Row | None]:
    """Accounts that are the viewer's own: the one that asks, and those of the same profile. None for any other."""
    rows: Any = Account.filter(id__in=account_ids).values(*ACCOUNT)
    who = context.viewer
    own = [
        row
        for row in await rows
        if row["id"] == who.account_id or (who.profile_id is not None and row["profile_id"] == who.profile_id)
    ]
    return in_order(account_ids, own, by="id")


async def publish_banners(profile_ids: Sequence[int], context: Context) -> list[bool]:
    """Whether to invite each person to make their profile public: it is private, and edited since creation."""
    rows: Any = Profile.filter(id__in=profile_ids, visibility="PRIVATE", edited_at__not_isnull=True)
    private = set(await rows.values_list("id", flat=True))
    return [profile_id in private for profile_id in profile_ids]
