"""
Baked badges: write a credential into a picture, and read it.

A PNG has the credential as text in an iTXt chunk, an SVG in an element: in the attribute `verify` if it is a compact JWS,
as content if it is JSON. Rule: Open Badges 3.0, 5.3 "Baked Badge".
"""

import struct
import zlib
from typing import Final
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

KEYWORD: Final = b"openbadgecredential"
NAMESPACE: Final = "https://purl.imsglobal.org/ob/v3p0"
SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS: Final = 2_000
"""Chunks of a PNG that are read."""
_CHUNK_OVERHEAD: Final = 12


class NotBaked(ValueError):
    """The picture contains no readable credential."""


def into_png(picture: bytes, credential: str) -> bytes:
    """Insert the credential before the end of a PNG. The picture must be one of badge_images, without a credential."""
    data = KEYWORD + b"\0" * 5 + credential.encode()  # not compressed, no language, no translated keyword
    end = picture.rindex(b"IEND") - 4
    check = zlib.crc32(b"iTXt" + data)
    return picture[:end] + struct.pack(">I", len(data)) + b"iTXt" + data + struct.pack(">I", check) + picture[end:]


def into_svg(picture: bytes, credential: str) -> bytes:
    """Insert the credential (JSON) into an SVG. The picture must be one of badge_images, without a credential."""
    begin, _, _ = picture.decode().rpartition("</svg>")
    element = f'<openbadges:credential xmlns:openbadges="{NAMESPACE}">{escape(credential)}</openbadges:credential>'
    return f"{begin}{element}\n</svg>\n".encode()


def from_png(picture: bytes, *, longest: int) -> str:
    """Read the credential of a PNG, which may be compressed. Raises NotBaked: none, or over `longest` bytes."""
    place = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if not picture.startswith(SIGNATURE) or place + _CHUNK_OVERHEAD > len(picture):
            break
        length, kind = struct.unpack(">I4s", picture[place : place + 8])
        data = picture[place + 8 : place + 8 + length]
        keyword, _, rest = data.partition(b"\0")
        if kind == b"iTXt" and keyword == KEYWORD:
            return _text(rest, longest)
        place += length + _CHUNK_OVERHEAD
    raise NotBaked("The PNG contains no credential.")


def from_svg(picture: str) -> str:
    """Read the credential of an SVG. Raises NotBaked: none, no XML, or XML with a document type."""
    try:
        root = fromstring(picture, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise NotBaked("The SVG cannot be read.") from None
    found = next(iter(root.iter(f"{{{NAMESPACE}}}credential")), None)
    credential = "" if found is None else (found.get("verify") or found.text or "").strip()
    if not credential:
        raise NotBaked("The SVG contains no credential.")
    return credential


def _text(chunk: bytes, longest: int) -> str:
    """Read an iTXt chunk after its keyword: compression flag and method, language, translated keyword, text."""
    flags, (_, language_end, rest) = chunk[:2], chunk[2:].partition(b"\0")
    _, keyword_end, content = rest.partition(b"\0")
    if len(flags) != 2 or not language_end or not keyword_end:  # noqa: PLR2004 - flag and method
        raise NotBaked("The PNG's text is damaged.")
    try:
        if flags[0]:
            content = zlib.decompressobj().decompress(content, longest + 1)
        if len(content) > longest:
            raise NotBaked("The credential is too long.")
        return content.decode()
    except (zlib.error, UnicodeDecodeError):
        raise NotBaked("The PNG's text is damaged.") from None
