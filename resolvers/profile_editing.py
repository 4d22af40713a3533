"""Editing the viewer's profile. No input can name another profile."""

from typing import Any

from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from resolvers.viewer import viewer_and_profile
from services.profiles import profile_editing
from services.profiles.profile_editing import FIELDS, SocialAccount

CODES = {"country": "country_code", "skills": "skill_codes", "industries": "industry_codes"}
"""Fields that have another name in the input, because they are codes there."""


async def update(context: Context, *, input: Any) -> Row:
    """Edit the viewer's profile."""
    given = {name: getattr(input, CODES.get(name, name)) for name in FIELDS}
    edit = {name: field.value for name, field in given.items() if field is not None}
    if edit.get("socials") is not None:
        edit["socials"] = [SocialAccount(each.service, each.handle) for each in edit["socials"]]
    await profile_editing.update(
        context.viewer.own_profile,
        edit,
        actor=actor_of(context),
        expected_version=input.expected_version if isinstance(input.expected_version, int) else None,
    )
    return viewer_and_profile(context)
