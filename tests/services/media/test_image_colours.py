"""Colours of uploaded pictures: profiles are applied, transparency of every depth is kept, broken metadata does no harm."""

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, ImageCms

from services.media.images import squares_of, whole_of
from tests.helpers.images import (
    BROKEN_EXIF,
    chunk,
    display_p3,
    half_and_half,
    is_blue,
    is_red,
    opened,
    profile,
    saved,
    with_exif,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def middle(content: bytes, side: int = 64) -> Any:
    image = opened(content)
    return image.getpixel((image.width // 2, image.height // 2)), side


def close(one: Any, other: Any, *, by: int = 3) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one[:3], other[:3], strict=True))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
@pytest.mark.parametrize("make", [squares_of, whole_of])
def test_a_wide_gamut_picture_keeps_its_colours(kind: str, mode: str, make: Any) -> None:
    if kind == "JPEG" and mode != "RGB":
        pytest.skip("a JPEG has no alpha and no palette")
    # given: the same green, in its own words and in ours
    plain, icc = Image.new("RGB", (64, 64), (100, 200, 100)), display_p3()
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    meant: Any = ImageCms.profileToProfile(plain, source, ImageCms.createProfile("sRGB"))
    assert not close(meant.getpixel((9, 9)), (100, 200, 100), by=40)
    # when
    made = make(
        saved(
            plain.quantize() if mode == "P" else plain.convert(mode),
            kind,
            icc_profile=icc,
            **({"lossless": True} if kind == "WEBP" else {}),
        )
    )
    # then
    for content in made.values():
        assert close(middle(content)[0], meant.getpixel((9, 9)))
        assert "icc_profile" not in opened(content).info


def test_a_grey_picture_with_a_profile_keeps_its_greys_and_its_transparency() -> None:
    icc = profile(b"GRAY", {b"kTRC": 1.0}, {})
    image = Image.new("LA", (64, 64), (55, 128))
    made = opened(squares_of(saved(image, "PNG", icc_profile=icc))[64]).getpixel((30, 30))
    assert isinstance(made, tuple)
    assert close(made, (128, 128, 128), by=6) and made[3] == 128  # linear 55 is 128 in sRGB


def test_ink_colours_without_a_profile_are_converted() -> None:
    made = opened(squares_of(saved(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), "JPEG"))[64])
    assert is_red(made.convert("RGB").getpixel((30, 30)))


@pytest.mark.parametrize(
    "icc",
    [
        b"profile of nobody" * 9,
        display_p3()[:200],
        display_p3()[:128] + b"\xff" * 400,
        profile(b"GRAY", {b"kTRC": 1.0}, {}),
        profile(b"CMYK", {}, {}),
        profile(b"Lab ", {}, {}),
        b"\0",
    ],
    ids=["no profile", "cut", "broken", "for grey", "for ink", "for Lab", "one byte"],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_profile_that_does_not_fit_is_ignored(icc: bytes, kind: str) -> None:
    image = Image.new("RGB", (64, 64), (100, 200, 100))
    assert close(middle(squares_of(saved(image, kind, icc_profile=icc))[64])[0], (100, 200, 100))


def grey_png(depth: int, colour_type: int, row: bytes, transparent: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", 32, 32, depth, colour_type, 0, 0, 0)
    data = zlib.compress((b"\0" + row) * 32)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"tRNS", transparent) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("depth", "colour_type", "row", "transparent"),
    [
        (1, 0, b"\xff\xff\x00\x00", b"\x00\x01"),
        (2, 0, b"\xaa" * 4 + b"\x55" * 4, b"\x00\x02"),
        (4, 0, b"\xaa" * 8 + b"\x55" * 8, b"\x00\x0a"),
        (8, 0, b"\xab" * 16 + b"\x55" * 16, b"\x00\xab"),
        (16, 0, b"\xab\xcd" * 16 + b"\xab\xce" * 16, b"\xab\xcd"),
        (8, 2, b"\x12\x34\x56" * 16 + b"\x56\x34\x12" * 16, b"\x00\x12\x00\x34\x00\x56"),
        (16, 2, b"\xab\xcd\x12\x34\x56\x78" * 16 + b"\x12\x34\xab\xcd\x56\x78" * 16, b"\xab\xcd\x12\x34\x56\x78"),
    ],
)
def test_the_transparent_colour_of_a_png_is_transparent_in_every_depth(
    depth: int, colour_type: int, row: bytes, transparent: bytes
) -> None:
    image = opened(squares_of(grey_png(depth, colour_type, row, transparent))[64])
    assert image.mode == "RGBA"
    left, right = image.getpixel((16, 32)), image.getpixel((48, 32))
    assert isinstance(left, tuple) and isinstance(right, tuple)
    assert (left[3], right[3]) == (0, 255)


def test_16_bits_of_grey_stay_grey() -> None:
    image = Image.frombytes("I;16", (32, 32), b"\x00\x40" * 512 + b"\x00\xc0" * 512)
    made = opened(squares_of(saved(image, "PNG"))[64]).convert("RGB")
    assert close(made.getpixel((32, 10)), (64, 64, 64)) and close(made.getpixel((32, 54)), (192, 192, 192))


@pytest.mark.parametrize("exif", BROKEN_EXIF, ids=range(len(BROKEN_EXIF)))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("make", [squares_of, whole_of])
def test_a_picture_with_broken_exif_is_taken_as_it_stands(kind: str, exif: bytes, make: Any) -> None:
    made = opened(make(with_exif(kind, exif)).popitem()[1]).convert("RGB")
    assert is_blue(made.getpixel((made.width // 2, 20)))
    assert is_red(made.getpixel((made.width // 2, made.height - 20)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_made_upright(orientation: int) -> None:
    # given: what EXIF calls 5 to 8 lies on its side; the first row of pixels is at the visual left or right then
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = opened(squares_of(half_and_half("PNG", exif=exif))[64]).convert("RGB")
    # then
    first = {1: (32, 8), 2: (32, 8), 3: (32, 56), 4: (32, 56), 5: (8, 32), 6: (56, 32), 7: (56, 32), 8: (8, 32)}
    assert is_blue(made.getpixel(first[orientation]))
