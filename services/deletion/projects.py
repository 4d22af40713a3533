"""Projects go with their images, skills, words and tags. The files of the images are deleted after the commit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from models.portfolio import ProjectImage
from models.profiles import Profile
from models.transactions import require_transaction
from services.deletion.plan import Going, Leftovers, TablePlan
from services.media import image_cleanup
from services.media.images import PROJECT_IMAGE_SIZES


async def plan(_going: Going) -> Sequence[TablePlan]:
    """The general rules count the rows."""
    return ()


async def apply(_going: Going, _now: datetime) -> None:
    """The general rules delete the rows. Requires a transaction."""
    require_transaction()


async def pictures(going: Going) -> Leftovers:
    """Return the pictures of the profile and its projects, read before their rows go."""
    if not going.profile_id:
        return Leftovers()
    avatar: Any = Profile.filter(id=going.profile_id, avatar__not_isnull=True).values_list("avatar", flat=True)
    images: Any = ProjectImage.filter(project__owner_id=going.profile_id).values_list("image", flat=True)
    return Leftovers(avatars=await avatar, project_images=await images)


async def delete_pictures(leftovers: Leftovers) -> None:
    """Delete the files; the sweep deletes what fails here. Call it after the commit."""
    await image_cleanup.discard(leftovers.avatars)
    await image_cleanup.discard(leftovers.project_images, PROJECT_IMAGE_SIZES)
