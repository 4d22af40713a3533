"""
Deletes the files of pictures that no profile and no project names any more: at once where that is known, and by a sweep
of the whole store for what broken-off uploads leave behind.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from models.portfolio import ProjectImage
from models.profiles import Profile
from services.media import image_store
from services.media.images import PICTURE_SIZES, WITHIN

MIN_ORPHAN_AGE = timedelta(hours=1)
"""Files that nothing names are left for this long: an upload may be about to name them."""
KEYS_PER_LOOKUP = 500
log = structlog.get_logger(__name__)


async def discard(keys: Sequence[str | None], sizes: tuple[int, ...] = PICTURE_SIZES) -> None:
    """
    Delete the files of keys that nobody names any more: after the transaction that saw to it. What fails is left to the
    sweep.
    """
    for key in filter(None, keys):
        try:
            await image_store.delete(key, sizes)
        except Exception:  # the person's wish is done already; a folder or bucket may come back
            log.exception("picture_not_deleted")


async def sweep(now: datetime) -> int:
    """Delete the files that no profile and no project names and that are over an hour old; returns of how many pictures."""
    gone = 0
    step: set[str] = set()
    async for key, written_at in image_store.files():
        if written_at < now - MIN_ORPHAN_AGE:
            step.add(key)
        if len(step) >= KEYS_PER_LOOKUP:
            gone += await _sweep(step)
            step = set()
    return gone + await _sweep(step)


async def _sweep(keys: set[str]) -> int:
    if not keys:
        return 0
    people: Any = Profile.filter(avatar__in=keys).values_list("avatar", flat=True)
    projects: Any = ProjectImage.filter(image__in=keys).values_list("image", flat=True)
    orphans = sorted(keys - {*await people, *await projects})
    for key in orphans:
        await image_store.delete(key, PICTURE_SIZES + WITHIN)
    return len(orphans)
