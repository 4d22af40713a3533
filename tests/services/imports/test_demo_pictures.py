"""Pictures of the demo: everyone has initials on a colour, published projects have screens."""

from io import BytesIO

import pytest
from PIL import Image

from models.database import Database
from models.portfolio import Project, ProjectImage, ProjectState
from models.profiles import Profile
from services.imports import demo_pictures
from services.imports.demo import SOURCE
from services.media import image_store
from services.media.images import PICTURE_SIZES, PROJECT_IMAGE_SIZES
from tests.helpers.factories import make_person, make_profile
from tests.helpers.projects import make_project


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Ada Okafor", "AO"),
        ("Ana Maria de Souza", "AS"),
        ("\u00c9lodie \u00d6berg", "EO"),
        ("Cher", "C"),
        ("\u674e \u5c0f\u9f99", "?"),
        ("", "?"),
    ],
)
def test_initials_are_plain_letters(name: str, initials: str) -> None:
    assert demo_pictures.initials_of(name) == initials


async def stored(key: str, size: int) -> Image.Image:
    content = await image_store.get(key, size)
    assert content is not None
    return Image.open(BytesIO(content))


async def test_each_person_without_a_picture_gets_one_in_every_size(database: Database) -> None:
    # given
    ada, ben, has_one = await make_profile("Ada Okafor"), await make_profile("Ben Ito"), await make_profile("Cleo")
    await Profile.filter(id__in=[ada, ben]).update(avatar=None)
    await Profile.filter(id=has_one).update(avatar="a" * 32)
    # when, then: a second run adds none
    assert await demo_pictures.add_avatars([ada, ben, has_one]) == 2
    assert await demo_pictures.add_avatars([ada, ben, has_one]) == 0
    keys = {each.id: each.avatar for each in await Profile.all()}
    assert keys[has_one] == "a" * 32 and len(set(keys.values())) == 3
    for number in (ada, ben):
        for side in PICTURE_SIZES:
            picture = await stored(keys[number] or "", side)
            assert picture.size == (side, side) and picture.format == "WEBP"
            # not one colour only: the initials are there
            assert len(picture.convert("L").getcolors(65_536) or []) > 10


async def test_published_projects_of_the_demo_get_images_and_no_others(database: Database) -> None:
    # given
    ada = await make_person()
    shown, draft, _ = [await make_project(ada, title=f"Project {nth}") for nth in range(3)]
    await Project.filter(id__in=[shown, draft]).update(source=SOURCE)
    await Project.filter(id=draft).update(state=ProjectState.DRAFT)
    # when, then
    added = await demo_pictures.add_project_images()
    assert 1 <= added <= 3 and await demo_pictures.add_project_images() == 0
    images = await ProjectImage.all()
    assert {each.project_id for each in images} == {shown} and len({each.image for each in images}) == added
    for size in PROJECT_IMAGE_SIZES:
        assert max((await stored(images[0].image, size)).size) == size
    assert images[0].caption
