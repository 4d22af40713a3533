"""
Avatars: a picture is checked, made anew in three sizes and kept under a random key; the profile holds the key.

Files are written before the profile names them and deleted after it does not any more, so a profile never names files
that are not there. What a broken-off upload leaves behind is swept up.
"""

from typing import Any

from tortoise.transactions import in_transaction

from models.profiles import Profile
from services.core import audit, rate_limits
from services.core.audit import Actor
from services.core.visibility import is_visible
from services.errors import Refused
from services.media import image_cleanup, image_store, images
from services.media.images import PICTURE_SIZES
from services.profiles import publishing
from services.profiles.profile_editing import touch


async def put(profile_id: int, content: bytes, *, actor: Actor) -> None:
    """
    Make a file's content the profile's picture; the one before is deleted.

    Raises Refused: RATE_LIMITED, BAD_PICTURE, PICTURE_TOO_LARGE, NOT_FOUND.
    """
    await rate_limits.spend("upload-avatar", by=[f"account:{actor.account_id}"])
    files = await images.squares(content)
    key = image_store.new_key()
    await image_store.put(key, files)
    try:
        before = await _name(profile_id, key, actor)
    except Refused:
        await image_cleanup.discard([key])  # after anything else it is not known what was written: the sweep will see
        raise
    await image_cleanup.discard([before])


async def remove(profile_id: int, *, actor: Actor) -> None:
    """
    Delete the profile's picture; nothing happens where there is none.

    Raises Refused: CHECKLIST_ITEM_REQUIRED (the profile is public), NOT_FOUND.
    """
    await image_cleanup.discard([await _name(profile_id, None, actor)])


async def content_of(key: str, size: int, *, viewer_profile: int = 0) -> tuple[bytes, bool] | None:
    """
    A picture, and whether everybody may see it; None: there is none for this viewer. A hidden profile's picture is for
    its owner alone. Index: profile (avatar).
    """
    if size not in PICTURE_SIZES or not image_store.KEY.fullmatch(key):
        return None
    rows: Any = await Profile.filter(avatar=key).values("id", "listed")
    seen = [row for row in rows if is_visible(row["listed"], row["id"], viewer_profile)]
    content = await image_store.get(key, size) if seen else None
    return None if content is None else (content, any(row["listed"] for row in seen))


async def _name(profile_id: int, key: str | None, actor: Actor) -> str | None:
    """Let the profile name this picture, or none; returns the key of the one before."""
    async with in_transaction():
        profile = await publishing.locked(profile_id)
        before, there = profile.avatar, await publishing.done(profile)
        if before == key:
            return None
        profile.avatar = key
        after = await publishing.done(profile)
        if lost := publishing.undone(profile, there, after):
            raise Refused(*(publishing.still_needed(item) for item in lost))
        await touch(profile, ["avatar"])
        await publishing.reward_completion(profile, after)
        await audit.record("profile.updated", actor=actor, account_id=actor.account_id, fields=["avatar"])
        return before
