"""
Pictures of projects: kept like avatars, but whole; seen by whom the project is seen by.

Files are written before a project names them and deleted after it does not any more (services/media/image_cleanup.py sweeps up
what is left).
"""

from typing import Any, Final

from tortoise.transactions import in_transaction

from catalogue.languages import Text
from models.portfolio import Project, ProjectImage, ProjectState
from models.transactions import require_transaction
from services.core import rate_limits
from services.core.audit import Actor
from services.errors import ErrorCode, Refused, refused
from services.media import image_cleanup, image_store, images
from services.media.images import PROJECT_IMAGE_SIZES
from services.media.text_rules import NotFit, plain
from services.portfolio import projects

MAX_IMAGES: Final = 6
LONGEST_CAPTION: Final = 200


async def add(owner_id: int, project_id: int, content: bytes, *, caption: str, actor: Actor) -> int:
    """
    Add a picture behind a project's others; returns its number.

    Raises Refused: RATE_LIMITED, NOT_FOUND (also a project of somebody else), TOO_MANY_ITEMS (it has six), BAD_INPUT (the
    caption), BAD_PICTURE, PICTURE_TOO_LARGE.
    """
    await rate_limits.spend("upload-project-image", by=[f"account:{actor.account_id}"])
    try:
        words = plain(caption, Text("A caption"), LONGEST_CAPTION, lines=False)
    except NotFit as why:
        raise refused(ErrorCode.BAD_INPUT, why.message, path=("caption",)) from None
    async with in_transaction():  # before anything is decoded and stored for nothing
        await _room(owner_id, project_id)
    files = await images.whole(content)
    key = image_store.new_key()
    await image_store.put(key, files)
    try:
        async with in_transaction():
            project, place = await _room(owner_id, project_id)
            image = await ProjectImage.create(project_id=project_id, image=key, caption=words, place=place)
            await projects.touch(project)
    except Refused:
        await image_cleanup.discard(
            [key], PROJECT_IMAGE_SIZES
        )  # after anything else it is not known what was written: the sweep will see
        raise
    return image.id


async def remove(owner_id: int, image_id: int) -> int:
    """
    Delete a picture of one's own project; returns the project. Raises Refused: NOT_FOUND (also a picture of somebody
    else's).
    """
    async with in_transaction():
        image = await ProjectImage.get_or_none(id=image_id, project__owner_id=owner_id)
        if image is None:
            raise _none()
        project_id: int = image.project_id
        project = await projects.locked(owner_id, project_id)
        if not await ProjectImage.filter(id=image_id).delete():
            raise _none()  # somebody was faster
        await projects.touch(project)
    await image_cleanup.discard([image.image], PROJECT_IMAGE_SIZES)
    return project_id


async def content_of(key: str, size: int, *, viewer_profile: int = 0) -> tuple[bytes, bool] | None:
    """
    A picture, and whether everybody may see it; None: there is none for this viewer. That of a draft, or of a hidden owner's
    project, is for the owner alone. Unique (image).
    """
    if size not in PROJECT_IMAGE_SIZES or not image_store.KEY.fullmatch(key):
        return None
    rows: Any = ProjectImage.filter(image=key).values("project__state", "project__owner_id", "project__owner__listed")
    found = next(iter(await rows), None)
    if found is None:
        return None
    public = found["project__state"] is ProjectState.PUBLISHED and bool(found["project__owner__listed"])
    if not public and found["project__owner_id"] != viewer_profile:
        return None
    content = await image_store.get(key, size)
    return None if content is None else (content, public)


async def _room(owner_id: int, project_id: int) -> tuple[Project, int]:
    """
    The project, locked, and the place of a further picture. Raises Refused: NOT_FOUND, TOO_MANY_ITEMS.
    Requires a transaction.
    """
    require_transaction()
    project = await projects.locked(owner_id, project_id)
    rows: Any = ProjectImage.filter(project_id=project_id).values_list("place", flat=True)
    places = list(await rows)
    if len(places) >= MAX_IMAGES:
        raise refused(
            ErrorCode.TOO_MANY_ITEMS,
            Text("A project can have at most {most} pictures.", most=MAX_IMAGES),
            path=("image",),
        )
    return project, max(places, default=0) + 1


def _none() -> Refused:
    return refused(ErrorCode.NOT_FOUND, "There is no such picture.", path=("image",))
