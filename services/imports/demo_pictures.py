"""Avatars of the demo, drawn while it loads, so that every public profile has a complete checklist."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageDraw
from tortoise.transactions import in_transaction

from models.profiles import Profile
from services.media import image_store, images

COLOURS: Final = ("#2f6f8f", "#8f4a2f", "#3f7d4e", "#6b4f94", "#9a7b2d", "#4a5a6a")
SHAPES: Final = 2
"""Drawings of each colour."""
SIDE: Final = 256


async def add_avatars(profile_ids: Sequence[int]) -> int:
    """Add an avatar to each of these profiles that has none; returns how many."""
    rows: Any = Profile.filter(id__in=list(profile_ids), avatar=None).order_by("id").values_list("id", flat=True)
    missing = list(await rows)
    drawn = [await images.squares(_draw(number)) for number in range(len(COLOURS) * SHAPES)] if missing else []
    keys = {number: await _store(drawn[number % len(drawn)]) for number in missing}
    # Files are written first, as in services/profiles/avatars.py.
    async with in_transaction():
        for number, key in keys.items():
            await Profile.filter(id=number, avatar=None).update(avatar=key)
    return len(keys)


async def _store(files: Mapping[int, bytes]) -> str:
    key = image_store.new_key()
    await image_store.put(key, files)
    return key


def _draw(number: int) -> bytes:
    """A head and shoulders in one colour, or a few rings, as PNG."""
    picture = Image.new("RGB", (SIDE, SIDE), COLOURS[number % len(COLOURS)])
    draw = ImageDraw.Draw(picture)
    if number < len(COLOURS):
        draw.ellipse((88, 52, 168, 132), fill="#f4f1ea")
        draw.ellipse((48, 148, 208, 340), fill="#f4f1ea")
    else:
        for inset in (32, 64, 96):
            draw.ellipse((inset, inset, SIDE - inset, SIDE - inset), outline="#f4f1ea", width=12)
    content = BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
