"""
Pictures that people upload: told by their content, decoded within bounds, and made anew, so that nothing of the file
itself (place, camera, comments, scripts) is kept. Colours are converted to sRGB (services/media/image_colours.py).
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
"""Sides of the squares that are made of a picture, in pixels."""
WITHIN: Final = (400, 1600)
"""Longest sides of the pictures of projects, which keep their shape, in pixels."""
MAX_PIXELS: Final = 25_000_000
"""Decoding takes 8 bytes of memory for each (PNG), up to 16 (WebP)."""
MIN_SIDE: Final = 16
MAX_SCANS: Final = 32
"""Of a JPEG: each goes over all of its pixels, and a small file can hold thousands."""
MAX_CONCURRENT_DECODES: Final = 2
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
log = structlog.get_logger(__name__)
# Pillow warns of broken metadata, which is not kept anyway; people's files must not fill the log.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
_threads = ThreadPoolExecutor(MAX_CONCURRENT_DECODES, thread_name_prefix="pictures")


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
    return {side: _written(largest, side) for side in PICTURE_SIZES}


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
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except Exception as why:  # noqa: BLE001 - a decoder fails in as many ways as a file can be broken
        # Named in the log, so that a fault of our own is not taken for a damaged picture unnoticed.
        log.info("picture_not_decoded", format=kind, error=type(why).__name__)
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
        raise refused(
            ErrorCode.BAD_PICTURE,
            Text("That picture is too small: it has at least {min_side} pixels each way.", min_side=MIN_SIDE),
        )


def _too_large() -> Exception:
    return refused(
        ErrorCode.PICTURE_TOO_LARGE,
        Text("That picture has more than {millions} million pixels.", millions=MAX_PIXELS // 1_000_000),
    )


def _middle(opened: Image.Image) -> Image.Image:
    """The square of a picture's middle at the largest size, upright and in sRGB."""
    side = max(PICTURE_SIZES)
    opened.draft(None, (2 * side, 2 * side))  # a JPEG is decoded at a fraction of its size, where that is enough
    turn = _turn_of(_loaded(opened))
    width, height = opened.size
    edge = min(width, height)
    left, top = (width - edge) // 2, (height - edge) // 2
    box = (left, top, left + edge, top + edge)  # the middle stays the middle however the picture is turned
    plain = with_channels(opened)
    # First by a whole number, which needs no copy of all of it.
    shrink = edge // (2 * side)
    square = plain.reduce(shrink, box) if shrink > 1 else plain.crop(box)
    largest = square.resize((side, side), Image.Resampling.LANCZOS)
    return _finished(largest, opened, turn)


def _all(opened: Image.Image) -> Image.Image:
    """All of a picture at the largest size it may have, upright and in sRGB."""
    side = max(WITHIN)
    opened.draft(None, (side, side))
    turn = _turn_of(_loaded(opened))
    plain = with_channels(opened)
    shrink = max(plain.size) // (2 * side)
    # Never to nothing: a picture may be very long and narrow.
    small = plain.reduce((min(shrink, plain.width), min(shrink, plain.height))) if shrink > 1 else plain.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return _finished(small, opened, turn)


def _loaded(opened: Image.Image) -> Image.Image:
    """The picture, decoded. Before its EXIF is looked for, which in a PNG may come last."""
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
"""What makes a picture upright, by the orientation in its EXIF (CIPA DC-008, tag 0112)."""


def _turn_of(opened: Image.Image) -> Image.Transpose | None:
    """
    How the picture has to be turned. None: it is upright, or its EXIF is missing or broken: browsers show such a picture as
    it is stored, and so does this.
    """
    try:
        orientation = opened.getexif().get(_ORIENTATION)
        return _TURNS.get(orientation) if isinstance(orientation, int) else None
    except Exception:  # noqa: BLE001 - struct.error, SyntaxError, ValueError: as many as there are ways to break it
        return None


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
