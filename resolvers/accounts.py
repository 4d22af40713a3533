"""Accounts, as their owners see them, and the viewer."""

from collections.abc import Sequence
from typing import Any

from models.accounts import Account
from models.profiles import Profile
from resolvers.base.context import Context
from resolvers.base.reader_columns import columns
from resolvers.base.rows import Row, in_order

ACCOUNT = ("id", "kind", "status", "email", "name", "profile_id", "company_id", "created_at", "marketing")


async def viewer(context: Context) -> Row | None:
    """The viewer's account and profile; None for an anonymous caller."""
    principal = context.viewer
    if not principal.signed_in:
        return None
    return {"account_id": principal.account_id, "profile_id": principal.profile_id}


async def viewer_and_profile(context: Context) -> Row:
    """The payload of a mutation that changes the viewer's profile and what the viewer sees of it."""
    return {"viewer": await viewer(context), "profile_id": context.viewer.profile_id}


@columns(*ACCOUNT)
async def by_id(account_ids: Sequence[int], context: Context) -> list[Row | None]:
    """The viewer's own accounts: the one of this request, and those of the same profile. None for any other."""
    rows: Any = Account.filter(id__in=account_ids).values(*ACCOUNT)
    principal = context.viewer
    own = [
        row
        for row in await rows
        if row["id"] == principal.account_id
        or (principal.profile_id is not None and row["profile_id"] == principal.profile_id)
    ]
    return in_order(account_ids, own, by="id")


async def publish_banners(profile_ids: Sequence[int], context: Context) -> list[bool]:
    """True for each profile that is private and was edited since its creation: its person is invited to publish it."""
    rows: Any = Profile.filter(id__in=profile_ids, visibility="PRIVATE", edited_at__not_isnull=True)
    private = set(await rows.values_list("id", flat=True))
    return [profile_id in private for profile_id in profile_ids]
