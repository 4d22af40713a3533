"""The viewer's own picture, and where pictures are."""

from typing import Any

from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from services.profiles import avatars


async def upload(context: Context, *, input: Any) -> Row:
    """The person, with the new picture."""
    await avatars.put(context.viewer.own_profile, input.image.content, actor=actor_of(context))
    return {"profile_id": context.viewer.profile_id}


async def remove(context: Context, *, input: Any) -> Row:
    """The person, without a picture."""
    await avatars.remove(context.viewer.own_profile, actor=actor_of(context))
    return {"profile_id": context.viewer.profile_id}


def small(row: Row) -> str | None:
    """Where the picture of 64 pixels is, relative to this server; None where none is stored."""
    return _address(row, 64)


def medium(row: Row) -> str | None:
    """Where the picture of 256 pixels is."""
    return _address(row, 256)


def large(row: Row) -> str | None:
    """Where the picture of 512 pixels is."""
    return _address(row, 512)


def _address(row: Row, side: int) -> str | None:
    return f"/avatars/{row['avatar']}/{side}.webp" if row["avatar"] else None
