"""Changing the viewer's handle."""

from typing import Any

from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from resolvers.viewer import viewer_and_profile
from services.profiles import handle_changes


async def change(context: Context, *, input: Any) -> Row:
    """Give the viewer's profile a new handle."""
    await handle_changes.change(context.viewer.own_profile, input.handle, actor=actor_of(context))
    return viewer_and_profile(context)
