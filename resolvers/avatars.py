"""Changing the viewer's picture, and the addresses of pictures."""

from collections.abc import Sequence
from typing import Any, Final

from models.profiles import Visibility
from resolvers.audit import actor_of
from resolvers.base.context import Context
from resolvers.base.rows import Row
from resolvers.viewer import viewer_and_profile
from services.errors import ErrorCode, refused
from services.media import picture_addresses
from services.media.images import PICTURE_SIZES
from services.profiles import avatars

DEFAULT_SIZE: Final = 256


async def upload(context: Context, *, input: Any) -> Row:
    """Store a new picture for the viewer's profile."""
    await avatars.put(context.viewer.own_profile, input.image.content, actor=actor_of(context))
    return viewer_and_profile(context)


async def remove(context: Context) -> Row:
    """Remove the picture of the viewer's profile."""
    await avatars.remove(context.viewer.own_profile, actor=actor_of(context))
    return viewer_and_profile(context)


def key_of(row: Row) -> tuple[str, bool] | None:
    """The key of the picture of a profile's card, and True if the profile is private; None if it has no picture."""
    return (row["avatar"], row["visibility"] not in {"PUBLIC", Visibility.PUBLIC}) if row["avatar"] else None


async def urls(pictures: Sequence[tuple[str, bool]], context: Context, *, size: int = DEFAULT_SIZE) -> list[str]:
    """
    The address of each picture in the smallest size that is at least `size` pixels, or in the largest. That of a private
    profile is signed: only the owner gets the card of one. No statement.

    Raises Refused: BAD_INPUT (`size` below 1).
    """
    if size < 1:
        raise refused(ErrorCode.BAD_INPUT, "A picture has at least 1 pixel.", path=("size",))
    side = next((each for each in PICTURE_SIZES if each >= size), PICTURE_SIZES[-1])
    return [picture_addresses.address_of(f"/avatars/{key}/{side}.webp", signed=private) for key, private in pictures]
