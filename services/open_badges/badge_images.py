"""
Pictures of badges, drawn from the catalogue: the frame has the badge's colour, the emblem is derived from its code, so that
no two badges look alike, and there is one dot per level. The same shapes are written as SVG and painted as PNG.
"""

import asyncio
import hashlib
import math
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw

from catalogue.badges import Rarity

SIZES: Final = (64, 128, 256, 512)
"""Sides of the PNG pictures, in pixels."""
DEFAULT_SIZE: Final = 256
BAKED_SIZE: Final = 256
SIDE: Final = 100
"""Side of the square that shapes are defined in."""
_MAX_CANVAS: Final = 1_024
"""Pixels. PNGs are painted up to four times larger and then reduced, which smooths the edges; at most this size, so that
drawing one takes 25 ms at most."""
_PALETTE_COLOURS: Final = 128
COLOURS: Final = {
    Rarity.GREEN: ("#1c6b45", "#2f9e6b", "#e3f5ec"),
    Rarity.BLUE: ("#1d4f91", "#3a7bd5", "#e2edfb"),
    Rarity.PURPLE: ("#57308a", "#8450c4", "#efe5fa"),
    Rarity.ORANGE: ("#a4510a", "#e58a2b", "#fdf0de"),
}
"""Colours of edge, frame and background."""

Point = tuple[float, float]


class ImageKind(Enum):
    """The format of a badge's picture."""

    PNG = "PNG"
    SVG = "SVG"


@dataclass(frozen=True)
class Picture:
    """The facts of a level of a badge that its picture depends on."""

    code: str
    rarity: Rarity
    level: int


@dataclass(frozen=True)
class Shape:
    """A filled polygon (by its corners) or a disc (by its middle and radius), in units of SIDE."""

    colour: str
    corners: tuple[Point, ...]
    radius: float = 0


async def drawn(picture: Picture, kind: ImageKind, size: int = DEFAULT_SIZE) -> bytes:
    """Return the picture as a file; `size` is its side in pixels, for PNG only. A PNG is painted once, in a thread."""
    if kind is ImageKind.SVG:
        return svg(picture).encode()
    return await asyncio.to_thread(png, picture, size)


@lru_cache(maxsize=1_024)  # all pictures of the catalogue in every size; about 5 kB each
def png(picture: Picture, size: int) -> bytes:
    """`drawn` as PNG, in this thread."""
    edge = min(4 * size, _MAX_CANVAS)
    scale = edge / SIDE
    canvas = Image.new("RGBA", (edge, edge))
    brush = ImageDraw.Draw(canvas)
    for shape in shapes(picture):
        points = [(x * scale, y * scale) for x, y in shape.corners]
        if shape.radius:
            brush.circle(points[0], shape.radius * scale, fill=shape.colour)
        else:
            brush.polygon(points, fill=shape.colour)
    into = BytesIO()
    smooth = canvas.resize((size, size), Image.Resampling.LANCZOS)
    # The picture has few colours: a palette takes a tenth of the bytes.
    smooth.quantize(_PALETTE_COLOURS, Image.Quantize.FASTOCTREE).save(into, "PNG", optimize=True)
    return into.getvalue()


def svg(picture: Picture) -> str:
    """`drawn` as SVG."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="256" height="256" role="img">'
    ]
    for shape in shapes(picture):
        if shape.radius:
            [(x, y)] = shape.corners
            lines.append(f'<circle cx="{x:g}" cy="{y:g}" r="{shape.radius:g}" fill="{shape.colour}"/>')
        else:
            points = " ".join(f"{x:.2f},{y:.2f}" for x, y in shape.corners)
            lines.append(f'<polygon points="{points}" fill="{shape.colour}"/>')
    return "\n".join([*lines, "</svg>\n"])


def shapes(picture: Picture) -> list[Shape]:
    """Return the shapes of the picture, from back to front."""
    edge, frame, ground = COLOURS[picture.rarity]
    look = hashlib.sha256(picture.code.encode()).digest()
    rays, petals = 5 + look[0] % 8, 3 + look[1] % 7
    depth, turn = 0.42 + look[2] / 255 * 0.4, look[3] / 255 * math.tau / rays
    middle = (50.0, 46.0)
    emblem = [
        Shape(frame, _star(middle, 26, 26 * depth, rays, turn)),
        Shape(ground, (middle,), 11 + look[4] % 5),
        *(Shape(edge, (each,), 2.2 + look[5] % 3 * 0.6) for each in _ring(middle, 6 + look[6] % 4, petals, turn)),
    ]
    if look[7] % 2:
        emblem.append(Shape(frame, (middle,), 2.5 + look[8] % 3))
    first = 50 - (picture.level - 1) * 4
    dots = [Shape(edge, ((first + 8.0 * number, 78.5),), 2.8) for number in range(picture.level)]
    return [
        Shape(edge, _ring((50, 50), 49, 6, math.pi / 6)),
        Shape(frame, _ring((50, 50), 45, 6, math.pi / 6)),
        Shape(ground, _ring((50, 50), 40, 6, math.pi / 6)),
        *emblem,
        *dots,
    ]


def _ring(middle: Point, radius: float, number: int, turn: float) -> tuple[Point, ...]:
    """Return evenly spaced points on a circle."""
    angles = [turn + math.tau * each / number for each in range(number)]
    return tuple((middle[0] + radius * math.sin(each), middle[1] - radius * math.cos(each)) for each in angles)


def _star(middle: Point, outer: float, inner: float, rays: int, turn: float) -> tuple[Point, ...]:
    tips, notches = _ring(middle, outer, rays, turn), _ring(middle, inner, rays, turn + math.pi / rays)
    return tuple(point for pair in zip(tips, notches, strict=True) for point in pair)
