"""Changing the viewer's picture, and the paths of pictures."""

from typing import Any

from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from resolvers.viewer import viewer_and_profile
from services.profiles import avatars


async def upload(context: Context, *, input: Any) -> Row:
    """Store a new picture for the viewer's profile."""
    await avatars.put(context.viewer.own_profile, input.image.content, actor=actor_of(context))
    return viewer_and_profile(context)


async def remove(context: Context) -> Row:
    """Remove the picture of the viewer's profile."""
    await avatars.remove(context.viewer.own_profile, actor=actor_of(context))
    return viewer_and_profile(context)


def small(row: Row) -> str | None:
    """The path of the picture of 64 pixels on this server; None if the profile has no picture."""
    return _path(row, 64)


def medium(row: Row) -> str | None:
    """The path of the picture of 256 pixels, like `small`."""
    return _path(row, 256)


def large(row: Row) -> str | None:
    """The path of the picture of 512 pixels, like `small`."""
    return _path(row, 512)


def _path(row: Row, side: int) -> str | None:
    return f"/avatars/{row['avatar']}/{side}.webp" if row["avatar"] else None
