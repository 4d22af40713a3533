"""
Deletes the files of pictures that no profile and no project uses any more: directly after a change, and by a sweep of the
whole store for files that interrupted uploads have left.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from models.portfolio import ProjectImage
from models.profiles import Profile
from models.transactions import forbid_transaction
from services.media import image_store
from services.media.images import PICTURE_SIZES, PROJECT_IMAGE_SIZES

MIN_ORPHAN_AGE = timedelta(hours=1)
"""Unused files are not deleted before this age: an upload may be about to use them."""
KEYS_PER_LOOKUP = 500
log = structlog.get_logger(__name__)


async def discard(keys: Sequence[str | None], sizes: tuple[int, ...] = PICTURE_SIZES) -> None:
    """
    Delete the files of keys that are no longer used; call it after the transaction that removed them. The sweep deletes
    what fails here.
    Must not run in a transaction.
    """
    forbid_transaction()
    for key in filter(None, keys):
        try:
            await image_store.delete(key, sizes)
        except Exception:  # the change is committed already; the folder or bucket may come back
            log.exception("image.not_deleted")


async def sweep(now: datetime) -> int:
    """Delete files over an hour old that no profile and no project uses; returns the number of pictures."""
    gone = 0
    keys: set[str] = set()
    async for key, written_at in image_store.files():
        if written_at < now - MIN_ORPHAN_AGE:
            keys.add(key)
        if len(keys) >= KEYS_PER_LOOKUP:
            gone += await _delete_orphans(keys)
            keys = set()
    return gone + await _delete_orphans(keys)


async def _delete_orphans(keys: set[str]) -> int:
    if not keys:
        return 0
    people: Any = Profile.filter(avatar__in=keys).values_list("avatar", flat=True)
    projects: Any = ProjectImage.filter(image__in=keys).values_list("image", flat=True)
    orphans = sorted(keys - {*await people, *await projects})
    for key in orphans:
        await image_store.delete(key, PICTURE_SIZES + PROJECT_IMAGE_SIZES)
    return len(orphans)
