"""
Uploaded pictures: recognised by their content, decoded within bounds, and encoded again, so that nothing else of the file
(place, camera, comments, scripts) is stored. Colours are converted to sRGB (services/media/image_colours.py).
"""

import asyncio
import re
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Final

import structlog
from PIL import Image

from catalogue.languages import Text
from services.errors import ErrorCode, Refused, refused
from services.media.image_colours import fit_transparency, in_standard_colours, with_channels

PICTURE_SIZES: Final = (64, 256, 512)
"""Sides of the square copies of a picture, in pixels."""
PROJECT_IMAGE_SIZES: Final = (400, 1600)
"""Longest sides of the copies of a project's picture, which keeps its shape, in pixels."""
MAX_PIXELS: Final = 25_000_000
"""Decoding takes 8 bytes of memory per pixel (PNG), up to 16 (WebP)."""
MIN_SIDE: Final = 16
MAX_SCANS: Final = 32
"""Scans of a JPEG: each processes all of its pixels, and a small file can contain thousands."""
MAX_CONCURRENT_DECODES: Final = 2
"""Pictures decoded at the same time."""
QUALITY: Final = 84

# The first bytes of each format. The name of a file and the type that the client states are ignored.
_FORMATS: Final = {
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "GIF": re.compile(rb"GIF8[79]a"),
    "WEBP": re.compile(rb"RIFF....WEBP(?:VP8X....(?P<extended>.{10})|VP8L....\x2f(?P<lossless>.{4})|VP8 ....(?P<lossy>.{10}))", re.DOTALL),
}  # fmt: skip
_SCAN: Final = b"\xff\xda"

# Pillow refuses only twice as many pixels; pictures in between are refused below.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
log = structlog.get_logger(__name__)
# Pillow warns of broken metadata, which is dropped anyway; uploads must not fill the log.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
_threads = ThreadPoolExecutor(MAX_CONCURRENT_DECODES, thread_name_prefix="pictures")


async def squares(content: bytes) -> Mapping[int, bytes]:
    """
    Return the middle of a picture as WebP squares, by their side: upright, the first frame of an animation, no metadata.

    Raises Refused: BAD_PICTURE (no readable PNG, JPEG, WebP or GIF, or under 16 pixels), PICTURE_TOO_LARGE. Takes up to a
    second of a worker thread; other calls wait for a thread.
    """
    return await asyncio.get_running_loop().run_in_executor(_threads, squares_of, content)


async def whole(content: bytes) -> Mapping[int, bytes]:
    """
    Return a whole picture as WebP, by the maximum length of its longest side; otherwise like `squares`. A small picture
    is not enlarged.
    """
    return await asyncio.get_running_loop().run_in_executor(_threads, whole_of, content)


def squares_of(content: bytes) -> Mapping[int, bytes]:
    """`squares`, in this thread."""
    largest = _decoded(content, _middle)
    return {side: _written(largest, side) for side in PICTURE_SIZES}


def whole_of(content: bytes) -> Mapping[int, bytes]:
    """`whole`, in this thread."""
    largest = _decoded(content, _all)
    return {side: _written_within(largest, side) for side in PROJECT_IMAGE_SIZES}


def _decoded(content: bytes, make: Callable[[Image.Image], Image.Image]) -> Image.Image:
    kind = format_of(content)
    if kind is None:
        raise refused(ErrorCode.BAD_PICTURE, "This is not a picture. Use a PNG, JPEG, WebP or GIF file.")
    _check_before_decoding(kind, content)
    try:
        with Image.open(BytesIO(content), formats=[kind]) as opened:
            _check_size(*opened.size)
            return make(opened)
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except Exception as why:  # noqa: BLE001 - decoders raise many kinds of errors for broken files
        # Logged by type, so that a bug of this server is not mistaken for a damaged picture.
        log.info("image.not_decoded", format=kind, error=type(why).__name__)
        raise refused(ErrorCode.BAD_PICTURE, "This picture cannot be read: it is damaged.") from None


def format_of(content: bytes) -> str | None:
    """Return the format that the content begins with, as Pillow names it; None if it is not supported."""
    return next((kind for kind, beginning in _FORMATS.items() if beginning.match(content)), None)


def _check_before_decoding(kind: str, content: bytes) -> None:
    if kind == "WEBP" and (size := _webp_size(content)):
        _check_size(*size)  # Pillow allocates memory for all pixels before it reports the size
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
        raise refused(
            ErrorCode.BAD_PICTURE,
            Text("This picture is too small: each side needs at least {min_side} pixels.", min_side=MIN_SIDE),
        )


def _too_large() -> Exception:
    return refused(
        ErrorCode.PICTURE_TOO_LARGE,
        Text("This picture has more than {millions} million pixels.", millions=MAX_PIXELS // 1_000_000),
    )


def _middle(opened: Image.Image) -> Image.Image:
    """Return the square in the middle of a picture at the largest size, upright and in sRGB."""
    side = max(PICTURE_SIZES)
    opened.draft(None, (2 * side, 2 * side))  # decodes a JPEG at a fraction of its size if that is enough
    turn = _turn_of(_loaded(opened))
    width, height = opened.size
    edge = min(width, height)
    left, top = (width - edge) // 2, (height - edge) // 2
    box = (left, top, left + edge, top + edge)  # turning the picture later does not move its middle
    plain = with_channels(opened)
    # First reduce by an integer, which needs no copy of the whole picture.
    shrink = edge // (2 * side)
    square = plain.reduce(shrink, box) if shrink > 1 else plain.crop(box)
    largest = square.resize((side, side), Image.Resampling.LANCZOS)
    return _finished(largest, opened, turn)


def _all(opened: Image.Image) -> Image.Image:
    """Return a whole picture at the largest size that is stored, upright and in sRGB."""
    side = max(PROJECT_IMAGE_SIZES)
    opened.draft(None, (side, side))
    turn = _turn_of(_loaded(opened))
    plain = with_channels(opened)
    shrink = max(plain.size) // (2 * side)
    # At least one pixel each way: a picture may be very long and narrow.
    small = plain.reduce((min(shrink, plain.width), min(shrink, plain.height))) if shrink > 1 else plain.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return _finished(small, opened, turn)


def _loaded(opened: Image.Image) -> Image.Image:
    """Decode the picture. It must be done before its EXIF is read, which may be at the end of a PNG."""
    fit_transparency(opened)
    opened.load()
    return opened


def _finished(small: Image.Image, opened: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    coloured = in_standard_colours(small, opened.info.get("icc_profile"))
    upright = coloured if turn is None else coloured.transpose(turn)
    upright.info.clear()
    return upright


_ORIENTATION: Final = 0x0112
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How to turn a picture upright, by the orientation in its EXIF (CIPA DC-008, tag 0112)."""


def _turn_of(opened: Image.Image) -> Image.Transpose | None:
    """
    Return how to turn the picture. None if it is upright, or if its EXIF is missing or broken: like a browser, this server
    then leaves it as it is stored.
    """
    try:
        orientation = opened.getexif().get(_ORIENTATION)
        return _TURNS.get(orientation) if isinstance(orientation, int) else None
    except Exception:  # noqa: BLE001 - broken EXIF raises struct.error, SyntaxError, ValueError and others
        return None


def _written(largest: Image.Image, side: int) -> bytes:
    return _encoded(largest if largest.width == side else largest.resize((side, side), Image.Resampling.LANCZOS))


def _written_within(largest: Image.Image, side: int) -> bytes:
    small = largest.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return _encoded(small)


def _encoded(small: Image.Image) -> bytes:
    into = BytesIO()
    # Explicitly empty, because Pillow would otherwise write the metadata of the original file.
    small.save(into, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return into.getvalue()
