"""
Avatars: an image is checked, re-encoded in three sizes and stored under a random key; the profile stores the key.

Files are written before the profile refers to them, and deleted after it no longer does, so a profile never refers to
missing files. services/media/image_cleanup.py deletes what an interrupted upload leaves behind.
"""

from typing import Any

from tortoise.transactions import in_transaction

from models.profile_changes import ChangedField
from models.profiles import Profile
from services.core import audit, rate_limits
from services.core.audit import Actor, Change
from services.core.visibility import is_visible
from services.errors import Refused
from services.media import image_cleanup, image_store, images
from services.media.images import PICTURE_SIZES
from services.profiles import profile_changes, publishing
from services.profiles.profile_editing import touch


async def put(profile_id: int, content: bytes, *, actor: Actor) -> None:
    """
    Replace the profile's avatar by this file; the former avatar is deleted.

    Raises Refused: RATE_LIMITED, BAD_PICTURE, PICTURE_TOO_LARGE, NOT_FOUND.
    """
    await rate_limits.spend("upload-avatar", by=[f"account:{actor.account_id}"])
    files = await images.squares(content)
    key = image_store.new_key()
    await image_store.put(key, files)
    try:
        before = await _set_key(profile_id, key, actor)
    except Refused:
        await image_cleanup.discard([key])  # after other errors, the commit is in doubt: image_cleanup decides later
        raise
    await image_cleanup.discard([before])


async def remove(profile_id: int, *, actor: Actor) -> None:
    """
    Delete the profile's avatar, if it has one.

    Raises Refused: CHECKLIST_ITEM_REQUIRED (the profile is public), NOT_FOUND.
    """
    await image_cleanup.discard([await _set_key(profile_id, None, actor)])


async def content_of(
    key: str, size: int, *, viewer_profile: int = 0, signed: bool = False
) -> tuple[bytes, bool] | None:
    """
    The image file, and True if everyone may see it. None if there is no such avatar for this viewer: only the owner sees
    the avatar of a hidden profile. `signed`: the viewer has an address that the owner was given, which works while the
    profile is active. Index: profile (avatar).
    """
    if size not in PICTURE_SIZES or not image_store.KEY.fullmatch(key):
        return None
    rows: Any = await Profile.filter(avatar=key).values("id", "listed", "active")
    visible = [
        row for row in rows if is_visible(row["listed"], row["id"], viewer_profile) or (signed and row["active"])
    ]
    content = await image_store.get(key, size) if visible else None
    return None if content is None else (content, any(row["listed"] for row in visible))


async def _set_key(profile_id: int, key: str | None, actor: Actor) -> str | None:
    """Store the key of the avatar, or None; returns the former key."""
    async with in_transaction():
        profile = await publishing.lock_profile(profile_id)
        former_key, before = profile.avatar, await publishing.read_completed_items(profile)
        if former_key == key:
            return None
        profile.avatar = key
        after = await publishing.read_completed_items(profile)
        if lost := publishing.lost_items(profile, before, after):
            raise Refused(*(publishing.item_required(item) for item in lost))
        await touch(profile, ["avatar"])
        change = Change(former_key, key)
        await profile_changes.record(profile_id, {ChangedField.AVATAR: change}, actor=actor)
        await publishing.reward_completion(profile, after)
        await audit.record("profile.updated", actor=actor, account_id=actor.account_id, fields=["avatar"])
        return former_key
