"""Damaged and hostile pictures: whatever is in the file, it is made anew or refused as a picture, never an internal error."""

import io
from functools import lru_cache

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from services.errors import ErrorCode, Refused
from services.media.images import PICTURE_SIZES, PROJECT_IMAGE_SIZES, squares_of, whole_of
from tests.helpers.images import BROKEN_EXIF, display_p3, saved, with_exif

MAX_CHANGES = 12


@lru_cache(maxsize=1)
def originals() -> list[bytes]:
    """Small pictures of every format and colour mode, with the metadata that decoders read."""
    exif = Image.Exif()
    exif[0x0112] = 6
    more = {"exif": exif.tobytes(), "icc_profile": display_p3()}
    modes = {
        "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
        "JPEG": ("L", "RGB", "CMYK"),
        "WEBP": ("RGB", "RGBA"),
        "GIF": ("P",),
    }
    made = [saved(Image.new(mode, (24, 20)), kind, **more) for kind, each in modes.items() for mode in each]
    frames = [Image.new("RGB", (24, 20), colour) for colour in ("red", "blue")]
    for kind in ("PNG", "GIF", "WEBP"):
        into = io.BytesIO()
        frames[0].save(into, kind, save_all=True, append_images=frames[1:])
        made.append(into.getvalue())
    with_palette = Image.new("P", (24, 20))
    return [*made, saved(with_palette, "PNG", transparency=b"\x00\x10" * 8)]


def is_taken_or_refused(content: bytes) -> None:
    for make, sizes in ((squares_of, PICTURE_SIZES), (whole_of, PROJECT_IMAGE_SIZES)):
        try:
            assert tuple(make(content)) == sizes
        except Refused as refused:
            assert refused.problems[0].code in {ErrorCode.BAD_PICTURE, ErrorCode.PICTURE_TOO_LARGE}  # noqa: PT017 - either is right


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_changed_bytes(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(originals())))
    places = st.tuples(st.integers(3, len(content) - 1), st.integers(0, 255))
    for place, value in data.draw(st.lists(places, max_size=MAX_CHANGES)):
        content[place] = value
    is_taken_or_refused(bytes(content))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_cut_doubled_and_crossed_files(data: st.DataObject) -> None:
    one, other = (data.draw(st.sampled_from(originals())) for _ in range(2))
    start, end = (data.draw(st.integers(0, len(one))) for _ in range(2))
    is_taken_or_refused(one[:start] + data.draw(st.sampled_from((b"", other[min(end, len(other)) :], one[end:]))))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_exif(data: st.DataObject) -> None:
    tags = st.tuples(st.sampled_from((0x0112, 0x8769, 0x8825, 0x0201, 0x014A)), st.integers(0, 14), st.integers(0, 2**32 - 1), st.binary(min_size=4, max_size=4))  # fmt: skip
    entries = data.draw(st.lists(tags, max_size=4))
    table = b"".join(t.to_bytes(2, "little") + k.to_bytes(2, "little") + n.to_bytes(4, "little") + v for t, k, n, v in entries)  # fmt: skip
    ours = b"II*\x00\x08\x00\x00\x00" + len(entries).to_bytes(2, "little") + table + b"\0" * 4
    exif = data.draw(st.one_of(st.just(ours), st.binary(max_size=60), st.sampled_from(BROKEN_EXIF)))
    kind = data.draw(st.sampled_from(("PNG", "JPEG", "WEBP")))
    # Metadata alone is no reason to refuse a sound picture.
    assert tuple(squares_of(with_exif(kind, exif))) == PICTURE_SIZES


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_colour_profile(data: st.DataObject) -> None:
    icc = bytearray(display_p3())
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(icc) - 1), st.integers(0, 255)), max_size=30)):
        icc[place] = value
    kind = data.draw(st.sampled_from(("PNG", "JPEG", "WEBP")))
    assert tuple(squares_of(saved(Image.new("RGB", (24, 20), "red"), kind, icc_profile=bytes(icc)))) == PICTURE_SIZES
