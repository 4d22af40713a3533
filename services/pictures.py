"""
Pictures that people upload: told by their content, decoded within bounds, and made anew, so that nothing of the file
itself (place, camera, comments, scripts) is kept.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

from services.errors import ErrorCode, refused

SIZES: Final = (64, 256, 512)
"""Sides of the squares that are made of a picture, in pixels."""
WITHIN: Final = (400, 1600)
"""Longest sides of the pictures of projects, which keep their shape, in pixels."""
MAX_PIXELS: Final = 25_000_000
"""Decoding takes 8 bytes of memory for each (PNG), up to 16 (WebP)."""
MIN_SIDE: Final = 16
MAX_SCANS: Final = 32
"""Of a JPEG: each goes over all of its pixels, and a small file can hold thousands."""
AT_ONCE: Final = 2
"""Pictures decoded at a time."""
QUALITY: Final = 84

# How a file of each format begins. Nothing else is looked at: neither its name nor the type that the client gives it.
_FORMATS: Final = {
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "GIF": re.compile(rb"GIF8[79]a"),
    "WEBP": re.compile(rb"RIFF....WEBP(?:VP8X....(?P<extended>.{10})|VP8L....\x2f(?P<lossless>.{4})|VP8 ....(?P<lossy>.{10}))", re.DOTALL),
}  # fmt: skip
_SCAN: Final = b"\xff\xda"

# Pillow itself refuses twice as many; what lies between is refused below.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pictures")


async def squares(content: bytes) -> Mapping[int, bytes]:
    """
    The middle of a picture as WebP squares, by their side: upright, the first frame of a moving one, without metadata.

    Raises Refused: BAD_PICTURE (no PNG, JPEG, WebP or GIF that can be read, or under 16 pixels), PICTURE_TOO_LARGE.
    Takes up to a second of a worker thread; others wait their turn.
    """
    return await asyncio.get_running_loop().run_in_executor(_threads, made_of, content)


async def whole(content: bytes) -> Mapping[int, bytes]:
    """
    All of a picture as WebP, by the length that its longest side has at most; otherwise like `squares`. A small one is
    not made larger.
    """
    return await asyncio.get_running_loop().run_in_executor(_threads, whole_of, content)


def made_of(content: bytes) -> Mapping[int, bytes]:
    """`squares`, in this thread."""
    largest = _decoded(content, _middle)
    return {side: _written(largest, side) for side in SIZES}


def whole_of(content: bytes) -> Mapping[int, bytes]:
    """`whole`, in this thread."""
    largest = _decoded(content, _all)
    return {side: _written_within(largest, side) for side in WITHIN}


def _decoded(content: bytes, make: Callable[[Image.Image], Image.Image]) -> Image.Image:
    kind = format_of(content)
    if kind is None:
        raise refused(ErrorCode.BAD_PICTURE, "That is no picture: a PNG, JPEG, WebP or GIF is.")
    _check_before_decoding(kind, content)
    try:
        with Image.open(BytesIO(content), formats=[kind]) as opened:
            _check_size(*opened.size)
            return make(opened)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except (
        MemoryError,
        ArithmeticError,
        AttributeError,
        LookupError,
        OSError,
        SyntaxError,
        TypeError,
        ValueError,
        EOFError,
    ):
        # A decoder fails in as many ways as a file can be broken.
        raise refused(ErrorCode.BAD_PICTURE, "That picture cannot be read: it is damaged.") from None


def format_of(content: bytes) -> str | None:
    """What kind of picture the content begins like, as Pillow names it; None: none that is taken."""
    return next((kind for kind, beginning in _FORMATS.items() if beginning.match(content)), None)


def _check_before_decoding(kind: str, content: bytes) -> None:
    if kind == "WEBP" and (size := _webp_size(content)):
        _check_size(*size)  # Pillow makes room for all of it before it tells the size
    if kind == "JPEG" and content.count(_SCAN) > MAX_SCANS:
        raise _too_large()


def _webp_size(content: bytes) -> tuple[int, int] | None:
    found = _FORMATS["WEBP"].match(content)
    if found is None:
        return None
    if header := found["extended"]:
        return int.from_bytes(header[4:7], "little") + 1, int.from_bytes(header[7:10], "little") + 1
    if header := found["lossless"]:
        bits = int.from_bytes(header, "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    header = found["lossy"]
    return int.from_bytes(header[6:8], "little") & 0x3FFF, int.from_bytes(header[8:10], "little") & 0x3FFF


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_large()
    if min(width, height) < MIN_SIDE:
        raise refused(ErrorCode.BAD_PICTURE, f"That picture is too small: it has at least {MIN_SIDE} pixels each way.")


def _too_large() -> Exception:
    return refused(ErrorCode.PICTURE_TOO_LARGE, f"That picture has more than {MAX_PIXELS // 1_000_000} million pixels.")


def _middle(opened: Image.Image) -> Image.Image:
    """The square of a picture's middle at the largest size, upright and in plain colours."""
    side = max(SIZES)
    opened.draft(None, (2 * side, 2 * side))  # a JPEG is decoded at a fraction of its size, where that is enough
    exif = opened.getexif()
    width, height = opened.size
    edge = min(width, height)
    left, top = (width - edge) // 2, (height - edge) // 2
    box = (left, top, left + edge, top + edge)  # the middle stays the middle however the picture is turned
    plain = _in_plain_colours(opened)
    # First by a whole number, which needs no copy of all of it.
    shrink = edge // (2 * side)
    square = plain.reduce(shrink, box) if shrink > 1 else plain.crop(box)
    square.info.clear()
    largest = square.resize((side, side), Image.Resampling.LANCZOS)
    largest.getexif()[_ORIENTATION] = exif.get(_ORIENTATION, 1)
    return ImageOps.exif_transpose(largest)


def _all(opened: Image.Image) -> Image.Image:
    """All of a picture at the largest size it may have, upright and in plain colours."""
    side = max(WITHIN)
    opened.draft(None, (side, side))
    exif = opened.getexif()
    plain = _in_plain_colours(opened)
    shrink = max(plain.size) // (2 * side)
    # Never to nothing: a picture may be very long and narrow.
    small = plain.reduce((min(shrink, plain.width), min(shrink, plain.height))) if shrink > 1 else plain.copy()
    small.info.clear()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    small.getexif()[_ORIENTATION] = exif.get(_ORIENTATION, 1)
    return ImageOps.exif_transpose(small)


_ORIENTATION: Final = 0x0112


def _in_plain_colours(opened: Image.Image) -> Image.Image:
    image = opened
    if image.mode.startswith("I"):  # 16 bits a pixel
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    transparent = image.mode in {"LA", "La", "PA", "RGBA", "RGBa"} or "transparency" in image.info
    wanted = "RGBA" if transparent else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def _written(largest: Image.Image, side: int) -> bytes:
    return _encoded(largest if largest.width == side else largest.resize((side, side), Image.Resampling.LANCZOS))


def _written_within(largest: Image.Image, side: int) -> bytes:
    small = largest.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return _encoded(small)


def _encoded(small: Image.Image) -> bytes:
    into = BytesIO()
    # Named, because Pillow would else write what it remembers of the file.
    small.save(into, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return into.getvalue()
