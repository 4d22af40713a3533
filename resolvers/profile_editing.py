"""Editing the viewer's profile. No input can name another profile."""

from typing import Any

from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from resolvers.viewer import viewer_and_profile
from services.media.social_accounts import SERVICES
from services.profiles import profile_editing
from services.profiles.profile_editing import FIELDS, LookingFor


async def update(context: Context, *, input: Any) -> Row:
    """Edit the viewer's profile."""
    profile_id = context.viewer.own_profile
    edit = {name: field.value for name in FIELDS if (field := getattr(input, name, None)) is not None}
    if (looking_for := edit.get("looking_for")) is not None:
        edit["looking_for"] = LookingFor(looking_for.job, looking_for.project)
    if input.socials is not None:
        edit |= _socials(input.socials.value)
    await profile_editing.update(
        profile_id,
        edit,
        actor=actor_of(context),
        expected_version=input.expected_version if isinstance(input.expected_version, int) else None,
    )
    return viewer_and_profile(context)


def _socials(accounts: Any) -> dict[str, str | None]:
    """The social accounts to set. Null for `socials` clears all of them; absent ones stay."""
    if accounts is None:
        return dict.fromkeys(SERVICES)
    return {name: field.value for name in SERVICES if (field := getattr(accounts, name)) is not None}
