"""
Pictures of the demo, drawn while it loads: people have their initials on a colour, projects have simple screens.

Drawn at their final sizes, without the checks of uploads, in about 7 ms for a person and 25 ms for a screen (2.5 GHz); each drawing
is made once, and shared by all who look the same.
"""

import asyncio
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from itertools import cycle
from typing import Any, Final, TypeVar

from PIL import Image, ImageDraw, ImageFont
from tortoise.transactions import in_transaction

from models.portfolio import Project, ProjectImage, ProjectState
from models.profiles import Profile
from services.core.bulk import insert
from services.imports.demo import SOURCE
from services.media import image_store
from services.media.images import PICTURE_SIZES, PROJECT_IMAGE_SIZES

COLOURS: Final = ("#2f6f8f", "#8f4a2f", "#3f7d4e", "#6b4f94", "#7d6420", "#4a5a6a", "#8a3b5e", "#33689b")
"""White text is readable on each of them."""
PAPER: Final = "#f4f1ea"
SCREENS: Final = ("Overview", "Planning", "Details")
"""Captions of the images of projects; each is a drawing of its own, in four colours."""
QUALITY: Final = 84
Look = TypeVar("Look")
Drawing = Mapping[int, bytes]
"""The files of a picture, by their size."""


async def add_avatars(profile_ids: Sequence[int]) -> int:
    """Add an avatar to each of these profiles that has none; returns how many."""
    rows: Any = Profile.filter(id__in=list(profile_ids), avatar=None).order_by("id").values_list("id", "name")
    initials = {number: initials_of(name) for number, name in await rows}
    drawn = await _drawn(_person, set(initials.values()))
    keys = {number: await _store(drawn[text]) for number, text in initials.items()}
    # Files are written first, as in services/profiles/avatars.py.
    async with in_transaction():
        for number, key in keys.items():
            await Profile.filter(id=number, avatar=None).update(avatar=key)
    return len(keys)


async def add_project_images() -> int:
    """Add one to three images to each published project of the demo that has none; returns how many images."""
    with_images: Any = ProjectImage.filter(project__source=SOURCE).values_list("project_id", flat=True)
    taken = set(await with_images)
    projects: Any = (
        Project.filter(source=SOURCE, state=ProjectState.PUBLISHED).order_by("id").values_list("id", flat=True)
    )
    missing = [number for number in await projects if number not in taken]
    wanted = [
        (number, place, (caption, colour))
        for number, colour in zip(missing, cycle(COLOURS[:4]), strict=False)
        for place, caption in enumerate(SCREENS[: 1 + number % len(SCREENS)])
    ]
    drawn = await _drawn(_screen, {look for _, _, look in wanted})
    images = [
        ProjectImage(project_id=number, image=await _store(drawn[look]), caption=look[0], place=place)
        for number, place, look in wanted
    ]
    async with in_transaction():
        await insert(images)
    return len(images)


def initials_of(name: str) -> str:
    """One or two letters for a name: `ÉO` becomes `EO`, because the built-in font has plain letters only. `?` without any."""
    words = [each for word in name.split() if (each := _plain_letters(word))]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def _plain_letters(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(each for each in decomposed if each.isascii() and each.isalpha())


async def _drawn(draw: Callable[[Look], Drawing], looks: Iterable[Look]) -> dict[Look, Drawing]:
    """Each look drawn once, in worker threads: encoding does not hold the interpreter's lock."""
    wanted = list(looks)
    return dict(zip(wanted, await asyncio.gather(*(asyncio.to_thread(draw, look) for look in wanted)), strict=True))


async def _store(files: Drawing) -> str:
    key = image_store.new_key()
    await image_store.put(key, files)
    return key


def _person(initials: str) -> Drawing:
    """Initials on a colour that depends on them."""
    colour = COLOURS[sum(map(ord, initials)) % len(COLOURS)]
    files = {}
    for side in PICTURE_SIZES:
        picture = Image.new("RGB", (side, side), colour)
        font = ImageFont.load_default(side * 0.42)
        ImageDraw.Draw(picture).text((side / 2, side / 2), initials, fill="white", font=font, anchor="mm")
        files[side] = _encoded(picture)
    return files


def _screen(look: tuple[str, str]) -> Drawing:
    """A window with a title, a menu, and bars, a grid or lines."""
    caption, colour = look
    return {width: _encoded(_window(caption, colour, width)) for width in PROJECT_IMAGE_SIZES}


def _window(caption: str, colour: str, width: int) -> Image.Image:
    height = width * 9 // 16
    picture = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(picture)

    def box(left: float, top: float, right: float, bottom: float, fill: str) -> None:
        draw.rectangle((left * width, top * height, right * width, bottom * height), fill=fill)

    box(0, 0, 1, 0.12, colour)
    draw.text(
        (0.03 * width, 0.06 * height), caption, fill="white", font=ImageFont.load_default(height * 0.06), anchor="lm"
    )
    box(0, 0.12, 0.18, 1, "#dfe3e6")
    for row in range(5):
        box(0.03, 0.2 + row * 0.1, 0.15 - 0.01 * (row % 3), 0.23 + row * 0.1, "#9aa5ad")
    for nth in range(6):
        if caption == SCREENS[0]:
            box(0.24 + nth * 0.12, 0.85 - 0.1 * (1 + nth * 5 % 6), 0.32 + nth * 0.12, 0.85, colour)
        elif caption == SCREENS[1]:
            box(0.24 + nth % 3 * 0.24, 0.22 + nth // 3 * 0.36, 0.44 + nth % 3 * 0.24, 0.5 + nth // 3 * 0.36, colour)
        else:
            box(0.24, 0.22 + nth * 0.12, 0.9 - 0.07 * (nth % 4), 0.28 + nth * 0.12, colour)
    return picture


def _encoded(picture: Image.Image) -> bytes:
    into = BytesIO()
    picture.save(into, "WEBP", quality=QUALITY, method=0)
    return into.getvalue()
