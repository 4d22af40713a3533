"""Images made on the spot: by format, colour profile and EXIF."""

import io
import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def half_and_half(kind: str, size: tuple[int, int] = (300, 200), **more: object) -> bytes:
    """Blue above, red below."""
    image, into = Image.new("RGB", size, "red"), BytesIO()
    image.paste("blue", (0, 0, size[0], size[1] // 2))
    image.save(into, kind, **more)
    return into.getvalue()


def is_blue(pixel: Any) -> bool:
    return pixel[2] > 200 and pixel[0] < 50


def is_red(pixel: Any) -> bool:
    return pixel[0] > 200 and pixel[2] < 50


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


DISPLAY_P3 = ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))
"""Red, green and blue of Display P3 as XYZ under D50."""


def fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65_536)) for value in values)


def profile(space: bytes, curves: dict[bytes, float], colours: dict[bytes, Any]) -> bytes:
    """An ICC profile of version 2 for a display: gammas and primaries by their tags."""
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 78}
    tags[b"wtpt"] = b"XYZ \0\0\0\0" + fixed(0.9642, 1, 0.8249)
    tags |= {name: b"XYZ \0\0\0\0" + fixed(*value) for name, value in colours.items()}
    tags |= {
        name: b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0" for name, gamma in curves.items()
    }
    table, data = b"", b""
    for name, value in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(data), len(value))
        data += value + b"\0" * (-len(value) % 4)
    body = struct.pack(">I", len(tags)) + table + data
    head = struct.pack(">I4sI4s4s4s", 128 + len(body), b"none", 0x02100000, b"mntr", space, b"XYZ ")
    return head + b"\0" * 12 + b"acsp" + b"\0" * 28 + fixed(0.9642, 1, 0.8249) + b"\0" * 48 + body


def display_p3() -> bytes:
    return profile(b"RGB ", dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), 2.2), dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), DISPLAY_P3, strict=True)))  # fmt: skip


def saved(image: Image.Image, kind: str, **more: object) -> bytes:
    into = io.BytesIO()
    image.save(into, kind, **more)
    return into.getvalue()


BROKEN_EXIF = [
    b"",
    b"II",
    b"II*\x00",
    b"Exif\x00\x00",
    b"Exif\x00\x00II*\x00",
    b"II*\x00\xff\xff\xff\xff",
    b"II*\x00\x08\x00\x00\x00\xff\xff",
    b"II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00",
    b"II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x02\x00\x04\x00\x00\x00six\x00\x00\x00\x00\x00",
    b"II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\xff\xff\xff\xff\x1a\x00\x00\x00\x00\x00\x00\x00",
    b"\x00\x11\x00\x00\x01\x04" + b"\x00" * 40,
    b"\x00\x08\x00\x02\x01\x12\x00\x03" + b"\x00" * 40,
    b"\xff" * 60,
]
"""Empty, cut, without a header, with another, pointing to itself or beyond its end, and with an orientation that is none."""


def with_exif(kind: str, exif: bytes) -> bytes:
    """Blue above, red below, with these bytes as they are for EXIF."""
    if kind == "PNG":
        content = half_and_half("PNG")
        return content[:33] + chunk(b"eXIf", exif) + content[33:]
    if kind == "JPEG":
        content, segment = half_and_half("JPEG"), b"Exif\0\0" + exif
        return content[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + content[2:]
    content = half_and_half("WEBP")
    frame = content[12:]
    extended = b"VP8X" + struct.pack("<I", 10) + b"\x08\0\0\0" + (299).to_bytes(3, "little") + (199).to_bytes(3, "little")  # fmt: skip
    body = b"WEBP" + extended + frame + b"EXIF" + struct.pack("<I", len(exif)) + exif + b"\0" * (len(exif) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body
