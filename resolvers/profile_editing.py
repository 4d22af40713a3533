"""Editing one's own profile: there is no way to name another's."""

from typing import Any

from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from services.media.social_accounts import SERVICES
from services.profiles import profile_editing
from services.profiles.profile_editing import FIELDS, LookingFor


async def update(context: Context, *, input: Any) -> Row:
    """The person, as edited."""
    profile_id = context.viewer.own_profile
    edit = {name: said.value for name in FIELDS if (said := getattr(input, name, None)) is not None}
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
    return {"profile_id": profile_id}


def _socials(given: Any) -> dict[str, str | None]:
    """Null for all of them clears each; else those that are named."""
    if given is None:
        return dict.fromkeys(SERVICES)
    return {name: said.value for name in SERVICES if (said := getattr(given, name)) is not None}
