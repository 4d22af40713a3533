"""Pictures of projects: whole, in two sizes, seen by whom the project is seen by."""

from asyncio import gather
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from models.database import Database
from models.portfolio import ProjectImage
from models.profiles import Profile
from services.core import clock, rate_limits
from services.core.audit import OPERATOR
from services.media import image_cleanup, image_store, images
from services.media.images import PICTURE_SIZES, PROJECT_IMAGE_SIZES
from services.portfolio import project_images, projects
from services.profiles import avatars, publishing
from tests.helpers.profile_editing import picture
from tests.helpers.projects import actor, id_of, make_project, people, problems, project_of


async def add(account: Any, project_id: int, *, content: bytes = b"", caption: str = "") -> int:
    return await project_images.add(
        id_of(account), project_id, content or picture(), caption=caption, actor=actor(account)
    )


async def key_of(image_id: int) -> str:
    return (await ProjectImage.get(id=image_id)).image


async def stored() -> set[str]:
    return {key async for key, _ in image_store.files()}


@pytest.mark.parametrize(
    ("size", "large", "small"),
    [
        ((3200, 1600), (1600, 800), (400, 200)),
        ((600, 1200), (600, 1200), (200, 400)),
        ((30, 20), (30, 20), (30, 20)),
        ((9000, 16), (1600, 3), (400, 1)),
        ((5000, 5000), (1600, 1600), (400, 400)),
    ],
)
def test_a_picture_keeps_its_shape(size: tuple[int, int], large: tuple[int, int], small: tuple[int, int]) -> None:
    for kind in ("PNG", "JPEG"):
        files = images.whole_of(picture(kind, size))
        assert set(files) == set(PROJECT_IMAGE_SIZES)
        found = [Image.open(BytesIO(files[side])) for side in (1600, 400)]
        for image, wanted in zip(found, (large, small), strict=True):
            assert image.format == "WEBP" and not image.getexif()
            assert all(abs(a - b) <= 1 for a, b in zip(image.size, wanted, strict=True)), (kind, image.size)


def test_a_turned_picture_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    files = images.whole_of(picture("JPEG", (800, 400), exif=exif))
    assert Image.open(BytesIO(files[400])).size == (200, 400)


async def test_pictures_are_added_and_removed(database: Database) -> None:
    # given
    [ada] = await people("Ada")
    number = await make_project(ada)
    # when
    one = await add(ada, number, caption=" The <b>map</b> ")
    two = await add(ada, number)
    # then
    rows: Any = ProjectImage.filter(project_id=number).order_by("place", "id").values_list("id", "caption", "place")
    assert await rows == [(one, "The <b>map</b>", 1), (two, "", 2)]
    keys = [await key_of(one), await key_of(two)]
    assert [await image_store.get(keys[0], size) is not None for size in PROJECT_IMAGE_SIZES] == [True, True]
    assert (await project_of(number)).version == 4
    # when
    assert await project_images.remove(id_of(ada), one) == number
    assert await problems(project_images.remove(id_of(ada), one)) == [("NOT_FOUND", ("imageId",))]
    assert await stored() == {keys[1]}
    await projects.delete(id_of(ada), number, actor=actor(ada))
    assert (await stored(), await ProjectImage.all().count()) == (set(), 0)


async def test_what_is_refused_leaves_nothing_behind(database: Database) -> None:
    ada, eve = await people("Ada", "Eve")
    number = await make_project(ada)
    image = await add(ada, number)
    kept = await stored()
    assert await problems(add(eve, number)) == [("NOT_FOUND", ("projectId",))]
    assert await problems(project_images.remove(id_of(eve), image)) == [("NOT_FOUND", ("imageId",))]
    assert await problems(add(ada, number, content=b"<svg/>")) == [("BAD_PICTURE", ())]
    assert await problems(add(ada, number, caption="x" * 201)) == [("BAD_INPUT", ("caption",))]
    assert await problems(add(ada, number, caption="nul\0")) == [("BAD_INPUT", ("caption",))]
    for _ in range(5):
        await add(ada, number)
    assert await problems(add(ada, number)) == [("TOO_MANY_ITEMS", ("image",))]
    assert (len(await stored()), await ProjectImage.all().count()) == (6, 6)
    assert kept < await stored()
    await rate_limits.charge("upload-project-image", by=[f"account:{ada.id}"], cost=60)
    assert await problems(add(ada, number)) == [("RATE_LIMITED", ())]


@pytest.mark.postgres_only
async def test_of_uploads_at_once_six_stay(database: Database) -> None:
    [ada] = await people("Ada")
    number = await make_project(ada)
    found = await gather(*(problems(add(ada, number)) for _ in range(9)))
    assert sorted(map(bool, found)) == [False] * 6 + [True] * 3
    assert (len(await stored()), await ProjectImage.all().count()) == (6, 6)


async def test_a_picture_is_seen_by_whom_the_project_is_seen_by(database: Database) -> None:
    # given
    ada, ben = await people("Ada", "Ben")
    number = await make_project(ada, publish=False, collaborator_ids=[id_of(ben)])
    key = await key_of(await add(ada, number))

    async def seen(size: int = 400) -> list[bool | None]:
        """Whether it is there for nobody, a collaborator, the owner; and if so, whether for all."""
        found = [
            await project_images.content_of(key, size, viewer_profile=each) for each in (0, id_of(ben), id_of(ada))
        ]
        return [None if each is None else each[1] for each in found]

    # then
    assert await seen() == [None, None, False]
    await projects.publish(id_of(ada), number, actor=actor(ada))
    assert await seen() == await seen(1600) == [True, True, True]
    assert await seen(64) == [None, None, None]
    await publishing.unpublish(id_of(ada), actor=OPERATOR)
    assert await seen() == [None, None, False]
    assert await project_images.content_of("../" + key[3:], 400) is None
    # a project's picture is no avatar, and the other way round
    assert await avatars.content_of(key, 64, viewer_profile=id_of(ada)) is None


async def test_the_sweep_leaves_pictures_of_projects(database: Database) -> None:
    # given
    [ada] = await people("Ada")
    key = await key_of(await add(ada, await make_project(ada)))
    await avatars.put(id_of(ada), picture(), actor=actor(ada))
    orphan = image_store.new_key()
    await image_store.put(orphan, dict.fromkeys(PICTURE_SIZES + PROJECT_IMAGE_SIZES, b"x"))
    # when
    assert await image_cleanup.sweep(clock.now() + timedelta(hours=2)) == 1
    # then
    assert await stored() == {key, (await Profile.get(id=id_of(ada))).avatar}
