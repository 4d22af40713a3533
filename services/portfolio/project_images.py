"""
Images of projects: stored like avatars, but not cropped; visible to everyone who can see the project.

A file is written before a project refers to it, and deleted after the project no longer does.
services/media/image_cleanup.py deletes the files that remain.
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
MAX_CAPTION: Final = 200


async def add(owner_id: int, project_id: int, content: bytes, *, caption: str, actor: Actor) -> int:
    """
    Add an image after the other images of a project; returns its id.

    Raises Refused: RATE_LIMITED, NOT_FOUND (no such project of this owner), TOO_MANY_ITEMS (the project has six images),
    BAD_INPUT (the caption), BAD_PICTURE, PICTURE_TOO_LARGE.
    """
    await rate_limits.spend("upload-project-image", by=[f"account:{actor.account_id}"])
    try:
        checked_caption = plain(caption, Text("A caption"), MAX_CAPTION, lines=False)
    except NotFit as error:
        raise refused(ErrorCode.BAD_INPUT, error.message, path=("caption",)) from None
    async with in_transaction():  # fail early: decoding and storing are expensive
        await _lock_with_next_place(owner_id, project_id)
    files = await images.whole(content)
    key = image_store.new_key()
    await image_store.put(key, files)
    try:
        async with in_transaction():
            project, place = await _lock_with_next_place(owner_id, project_id)
            image = await ProjectImage.create(project_id=project_id, image=key, caption=checked_caption, place=place)
            await projects.touch(project)
    except Refused:
        # After any other error it is unknown if the row was committed: image_cleanup decides later.
        await image_cleanup.discard([key], PROJECT_IMAGE_SIZES)
        raise
    return image.id


async def remove(owner_id: int, image_id: int) -> int:
    """
    Delete an image of one's own project; returns the project's id. Raises Refused: NOT_FOUND (no such image of this
    owner's projects).
    """
    async with in_transaction():
        image = await ProjectImage.get_or_none(id=image_id, project__owner_id=owner_id)
        if image is None:
            raise _image_not_found()
        project_id: int = image.project_id
        project = await projects.lock_project(owner_id, project_id)
        if not await ProjectImage.filter(id=image_id).delete():
            raise _image_not_found()  # a concurrent call deleted it
        await projects.touch(project)
    await image_cleanup.discard([image.image], PROJECT_IMAGE_SIZES)
    return project_id


async def content_of(
    key: str, size: int, *, viewer_profile: int = 0, signed: bool = False
) -> tuple[bytes, bool] | None:
    """
    The image file, and True if everyone may see it. None if there is no such image for this viewer: only the owner sees
    images of a draft or of a hidden owner's project. `signed`: the viewer has an address that the owner was given, which works
    while the owner is active. Unique (image).
    """
    if size not in PROJECT_IMAGE_SIZES or not image_store.KEY.fullmatch(key):
        return None
    rows: Any = ProjectImage.filter(image=key).values(
        "project__state", "project__owner_id", "project__owner__listed", "project__owner__active"
    )
    found = next(iter(await rows), None)
    if found is None:
        return None
    public = found["project__state"] is ProjectState.PUBLISHED and bool(found["project__owner__listed"])
    own = found["project__owner_id"] == viewer_profile or (signed and found["project__owner__active"])
    if not (public or own):
        return None
    content = await image_store.get(key, size)
    return None if content is None else (content, public)


async def _lock_with_next_place(owner_id: int, project_id: int) -> tuple[Project, int]:
    """
    Lock the project; returns it and the place for one more image. Raises Refused: NOT_FOUND, TOO_MANY_ITEMS.
    Requires a transaction.
    """
    require_transaction()
    project = await projects.lock_project(owner_id, project_id)
    rows: Any = ProjectImage.filter(project_id=project_id).values_list("place", flat=True)
    places = list(await rows)
    if len(places) >= MAX_IMAGES:
        raise refused(
            ErrorCode.TOO_MANY_ITEMS,
            Text("A project can have at most {most} pictures.", most=MAX_IMAGES),
            path=("image",),
        )
    return project, max(places, default=0) + 1


def _image_not_found() -> Refused:
    return refused(ErrorCode.NOT_FOUND, "There is no such picture.", path=("imageId",))
