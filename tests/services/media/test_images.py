"""Pictures that people upload: what is taken, what it costs at most, and that nothing of the file is kept."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from services.errors import ErrorCode, Refused
from services.media import images
from services.media.images import PICTURE_SIZES, squares_of
from tests.helpers.images import chunk, half_and_half, is_blue, is_red, opened
from tests.helpers.profile_editing import picture

CAMERA, PLACE = "Camera of Ada", (52.0, 22.0, 12.5)


def refusal(content: bytes) -> ErrorCode:
    with pytest.raises(Refused) as refused:
        squares_of(content)
    [problem] = refused.value.problems
    return problem.code


def png(width: int, height: int, data: bytes = b"", *more: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(more) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("size", [(300, 200), (200, 300), (16, 16), (2_500, 1_300)])
def test_every_kind_becomes_three_webp_squares_of_its_middle(kind: str, size: tuple[int, int]) -> None:
    made = squares_of(half_and_half(kind, size))
    assert tuple(made) == PICTURE_SIZES
    for side, content in made.items():
        image = opened(content)
        assert (image.format, image.size) == ("WEBP", (side, side))
        above, below = (image.convert("RGB").getpixel((side // 2, y)) for y in (side // 6, side - side // 6))
        assert is_blue(above) and is_red(below)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(300, 200), (3_000, 2_000)])
def test_pictures_stand_upright(kind: str, size: tuple[int, int]) -> None:
    # given: turned by a quarter, so that what is above belongs to the right
    exif = Image.Exif()
    exif[0x0112] = 6
    # when
    image = opened(squares_of(half_and_half(kind, size, exif=exif))[64]).convert("RGB")
    # then
    left, right = image.getpixel((8, 32)), image.getpixel((56, 32))
    assert is_red(left) and is_blue(right)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_of_the_file_is_kept(kind: str) -> None:
    # given
    exif = Image.Exif()
    exif[0x010F] = CAMERA
    exif.get_ifd(0x8825).update({1: "N", 2: PLACE, 3: "E", 4: PLACE})
    content = picture(kind, exif=exif, icc_profile=b"profile of Ada" * 9, xmp=b"<x:xmpmeta>Ada</x:xmpmeta>")
    content += b"<script>alert(1)</script>"
    assert CAMERA.encode() in content and Image.open(BytesIO(content)).getexif().get_ifd(0x8825)
    # when
    for made in squares_of(content).values():
        # then
        assert not opened(made).getexif()
        assert not any(each in made for each in (b"Ada", b"EXIF", b"XMP ", b"ICCP", b"script"))


def test_the_first_frame_of_a_moving_picture_is_taken() -> None:
    into = BytesIO()
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("blue", "red", "red")]
    frames[0].save(into, "GIF", save_all=True, append_images=frames[1:])
    image = opened(squares_of(into.getvalue())[64])
    assert getattr(image, "n_frames", 1) == 1
    assert is_blue(image.convert("RGB").getpixel((32, 32)))


@pytest.mark.parametrize(("mode", "kind"), [("1", "PNG"), ("L", "JPEG"), ("LA", "PNG"), ("P", "GIF"), ("CMYK", "JPEG"), ("I;16", "PNG"), ("RGBA", "WEBP")])  # fmt: skip
def test_pictures_of_every_colour_mode_are_taken(mode: str, kind: str) -> None:
    into = BytesIO()
    Image.new(mode, (1_100, 1_100)).save(into, kind)
    assert opened(squares_of(into.getvalue())[64]).mode in {"RGB", "RGBA"}


def test_what_is_transparent_stays_so() -> None:
    into = BytesIO()
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(into, "PNG")
    assert opened(squares_of(into.getvalue())[64]).getpixel((5, 5))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg/>",
        b"%PDF-1.7",
        b"II*\x00" + b"\x00" * 40,
        picture("TIFF"),
        picture("BMP"),
        picture("ICO"),
        picture("PPM"),
        b"  " + picture("PNG"),
        picture("PNG")[:-40],
        picture("JPEG")[:200],
        picture("WEBP")[:60],
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 50,
        png(40, 40, b"no zlib stream"),
        png(40, 40, zlib.compress(b"short")),
        picture("PNG", (15, 400)),
        picture("PNG", (1, 1)),
    ],
    ids=range(20),
)
def test_what_is_no_readable_picture_is_refused(content: bytes) -> None:
    assert refusal(content) is ErrorCode.BAD_PICTURE


def webp(kind: bytes, data: bytes) -> bytes:
    body = b"WEBP" + kind + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    "content",
    [
        png(5_001, 5_000, zlib.compress(b"\x00")),
        png(100_000, 100_000, zlib.compress(b"\x00")),
        png(9_000, 5_000, zlib.compress(b"\x00")),
        b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\x80\x00\x00" + b"\x00" * 6 + b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
        b"GIF89a" + struct.pack("<HH", 40, 40) + b"\x80\x00\x00" + b"\x00" * 6 + b"," + struct.pack("<HHHH", 0, 0, 60_000, 60_000) + b"\x00\x02\x02D\x01\x00;",
        webp(b"VP8X", b"\x02\x00\x00\x00" + b"\xfe\x3f\x00" * 2),
        webp(b"VP8L", b"\x2f" + struct.pack("<I", 0x3FFE | 0x3FFE << 14) + b"\x00" * 8),
        webp(b"VP8 ", b"\x10\x00\x00\x9d\x01\x2a" + struct.pack("<HH", 16_000, 16_000) + b"\x00" * 8),
        picture("JPEG") + b"\xff\xda" * 100,
    ],
    ids=["png", "png bomb", "png between", "gif screen", "gif frame", "webp", "webp lossless", "webp lossy", "jpeg scans"],
)  # fmt: skip
def test_a_small_file_of_a_huge_picture_is_refused_before_it_is_decoded(content: bytes, monkeypatch) -> None:
    monkeypatch.setattr(Image.Image, "crop", None)
    assert refusal(content) is ErrorCode.PICTURE_TOO_LARGE


@pytest.mark.parametrize(
    "content",
    [
        webp(b"VP8X", b"\x02\x00\x00\x00" + b"\xfe\x3f\x00" * 2),
        webp(b"VP8L", b"\x2f" + struct.pack("<I", 0x3FFE | 0x3FFE << 14) + b"\x00" * 8),
        webp(b"VP8 ", b"\x10\x00\x00\x9d\x01\x2a" + struct.pack("<HH", 16_000, 16_000) + b"\x00" * 8),
    ],
    ids=["extended", "lossless", "lossy"],
)
def test_a_webp_is_measured_before_its_decoder_makes_room_for_it(content: bytes, monkeypatch) -> None:
    monkeypatch.setattr(Image, "open", None)
    assert refusal(content) is ErrorCode.PICTURE_TOO_LARGE


def test_a_text_that_swells_inside_a_picture_is_harmless() -> None:
    bomb = chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(b"\x00" * 30_000_000))
    assert refusal(png(40, 40, zlib.compress(b"\x00" * 5_000), bomb)) is ErrorCode.BAD_PICTURE


SOUND = [picture("PNG"), picture("JPEG"), picture("WEBP"), picture("GIF")]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_picture_is_refused_or_made_anew(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(SOUND)))
    for at, value in data.draw(st.lists(st.tuples(st.integers(4, len(content) - 1), st.integers(0, 255)), max_size=8)):
        content[at] = value
    try:
        assert tuple(squares_of(bytes(content))) == PICTURE_SIZES
    except Refused as refused:
        assert refused.problems[0].code in {ErrorCode.BAD_PICTURE, ErrorCode.PICTURE_TOO_LARGE}  # noqa: PT017 - either is right


async def test_decoding_leaves_the_loop_free() -> None:
    import asyncio

    work = asyncio.gather(*(images.squares(picture("PNG", (2_000, 2_000))) for _ in range(6)))
    loop, slowest = asyncio.get_running_loop(), 0.0
    while not work.done():
        begun = loop.time()
        await asyncio.sleep(0)
        slowest = max(slowest, loop.time() - begun)
    assert slowest < 0.5
    assert len(await work) == 6
