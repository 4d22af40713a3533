"""
Colours of uploaded pictures: every mode of a decoder becomes 8 bits per channel, and the picture's own colour profile is
applied, so that the result has the same colours without a profile.
"""

from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageChops, ImageCms

_ALPHA_MODES: Final = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_GREY_MODES: Final = frozenset({"1", "L", "LA", "La"})
_GREY_STEPS: Final = {"L;2": 85, "L;4": 17}
"""Difference of two neighbouring greys of 2 and of 4 bits, in 8 bits."""
_PROFILE_CHANNELS: Final = {"GRAY": 1, "RGB": 3, "CMYK": 4}
"""Channels without alpha, by the colour space of a profile."""


def fit_transparency(opened: Image.Image) -> None:
    """
    Convert the one transparent colour of a PNG to the depth of its decoded pixels, before they are decoded. Pillow
    converts only the pixels.
    """
    transparent, stored = opened.info.get("transparency"), _stored_mode(opened)
    if stored in _GREY_STEPS and isinstance(transparent, int):
        opened.info["transparency"] = min(transparent * _GREY_STEPS[stored], 255)
    elif stored == "RGB;16B" and isinstance(transparent, tuple):
        opened.info["transparency"] = tuple(each >> 8 for each in transparent)


def with_channels(opened: Image.Image) -> Image.Image:
    """
    Return the decoded picture with 8 bits per channel as L, LA, RGB, RGBA or CMYK: its stored colours, before its profile
    is applied. Transparency is preserved.
    """
    if opened.mode.startswith("I"):
        return _from_16_bits(opened)
    if opened.mode == "CMYK":
        return opened
    transparent = opened.mode in _ALPHA_MODES or "transparency" in opened.info
    wanted = ("L" if opened.mode in _GREY_MODES else "RGB") + ("A" if transparent else "")
    return opened if opened.mode == wanted else opened.convert(wanted)


def in_standard_colours(image: Image.Image, profile: Any) -> Image.Image:
    """
    Convert a picture (a result of `with_channels`) to RGB or RGBA in sRGB. `profile` is the ICC profile of its file; it is
    ignored, as in browsers, if it is missing, broken or for other channels.
    """
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    colours = image.convert(image.mode.removesuffix("A")) if alpha else image
    standard = _by_profile(colours, profile) if isinstance(profile, bytes) and profile else None
    result = standard or colours.convert("RGB")
    if alpha:
        result.putalpha(alpha)
    return result


def _stored_mode(opened: Image.Image) -> str:
    tiles = getattr(opened, "tile", ())
    return tiles[0].args if tiles and isinstance(tiles[0].args, str) else ""


def _by_profile(colours: Image.Image, profile: bytes) -> Image.Image | None:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if _PROFILE_CHANNELS.get(source.profile.xcolor_space.strip()) != len(colours.getbands()):
            return None
        return ImageCms.profileToProfile(colours, source, _standard(), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


@lru_cache(maxsize=1)
def _standard() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _from_16_bits(opened: Image.Image) -> Image.Image:
    """
    Convert grey of 16 bits. The upper and the lower bytes are read as two pictures, which takes a quarter of the memory
    of a picture of integers.
    """
    stored = opened if opened.mode == "I;16" else opened.convert("I").convert("I;16")
    content = stored.tobytes()
    upper, lower = (Image.frombytes("L", stored.size, content[start::2]) for start in (1, 0))
    transparent = opened.info.get("transparency")
    if not isinstance(transparent, int):
        return upper
    unlike = (_unlike(upper, transparent >> 8), _unlike(lower, transparent & 0xFF))
    return Image.merge("LA", (upper, ImageChops.lighter(*unlike)))


def _unlike(image: Image.Image, value: int) -> Image.Image:
    """Return 255 where the picture has another value, else 0."""
    table: Iterable[int] = (255 * (each != value) for each in range(256))
    return image.point(list(table))
