"""The viewer: the person who makes a request."""

from collections.abc import Sequence
from typing import Any

from models.profiles import Profile
from resolvers.base.context import Context
from resolvers.base.rows import Row


async def viewer(context: Context) -> Row | None:
    """The person who makes this request; None for anonymous callers and service accounts."""
    return None if context.viewer.profile_id is None else viewer_row(context)


def viewer_row(context: Context) -> Row:
    """The row of the viewer, who is a person: of `Query.viewer`, and of payloads."""
    principal = context.viewer
    return {
        "account_id": principal.account_id,
        "profile_id": principal.profile_id,
        "company_id": principal.company_id,
    }


def viewer_and_profile(context: Context) -> Row:
    """The row of a payload of a mutation that changes the viewer's profile and what the viewer sees of it."""
    return {"viewer": viewer_row(context), "profile_id": context.viewer.profile_id}


async def by_id(account_ids: Sequence[int], context: Context) -> list[Row | None]:
    """The viewer by the number of the account; None for everyone else. Reads nothing."""
    found = await viewer(context)
    return [found if each == context.viewer.account_id else None for each in account_ids]


async def unpublished_edits(profile_ids: Sequence[int], context: Context) -> list[bool]:
    """True for each profile that is private and was edited since its creation: its person is invited to publish it."""
    rows: Any = Profile.filter(id__in=profile_ids, visibility="PRIVATE", edited_at__not_isnull=True)
    private = set(await rows.values_list("id", flat=True))
    return [profile_id in private for profile_id in profile_ids]
