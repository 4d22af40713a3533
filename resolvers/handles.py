"""Changing the viewer's handle."""

from typing import Any

from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from services.profiles import handle_changes


async def change(context: Context, *, input: Any) -> Row:
    """Give the viewer's profile a new handle."""
    profile_id = context.viewer.own_profile
    await handle_changes.change(profile_id, input.handle, actor=actor_of(context))
    return {"profile_id": profile_id}
