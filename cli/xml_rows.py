"""
Reads the rows of an XML file, `<row Name="…" … />`, one by one: a broken row does not affect the others.

Dumps of large forums contain things that XML forbids: control characters, references to them, bytes that are not UTF-8,
entities of HTML. Each start tag is cut out of the text and parsed by itself. A row that does not parse is parsed again
without the forbidden parts. The parser never sees a document type, so no file can declare entities.
"""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, IncrementalDecoder, getincrementaldecoder, lookup
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.entities import html5
from typing import Final
from xml.parsers import expat

MAX_ROW: Final = 8 * 1024 * 1024
"""Characters of one row. A longer row is bad, so that a broken file cannot fill the memory."""
ENCODINGS: Final = frozenset(
    {"utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "cp1252", "iso8859-1", "iso8859-15"}
)
"""Encodings of files, by Python's names. Others, such as UTF-7, can hide markup."""

_DECLARED: Final = re.compile(
    rb"""\A(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']"""
)
_NAME: Final = re.compile(r"</?([^\s/<>]+)")
# Tokens that may contain "<", and their ends.
_ENDS: Final = {"<!--": "-->", "<?": "?>", "<![CDATA[": "]]>"}
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE: Final = re.compile(r"&(?:#([0-9]{1,7});|#[xX]([0-9a-fA-F]{1,6});|([A-Za-z][A-Za-z0-9]{1,31};))?")
_OF_XML: Final = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})


class DocumentType(Exception):
    """The file declares a document type."""


class UnknownEncoding(Exception):
    """The encoding of the file is not supported; the message names it."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    One row and the line where it begins. `why`: the reason of a bad row, which has no values. `repaired`: something that
    XML forbids was removed or replaced.
    """

    line: int
    values: dict[str, str] = field(default_factory=dict)
    why: str = ""
    repaired: bool = False


def decoder_of(beginning: bytes) -> IncrementalDecoder:
    """
    Return the decoder of a file by its first bytes: a byte order mark, the XML declaration, else UTF-8. Invalid bytes become
    U+FFFD. Raises UnknownEncoding.
    """
    if beginning.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return getincrementaldecoder("utf-16")(errors="replace")
    declared = _DECLARED.match(beginning)
    try:
        name = lookup(declared[1].decode() if declared else "utf-8").name
    except LookupError:
        name = ""
    if name not in ENCODINGS:
        raise UnknownEncoding(f"encoding {declared[1].decode() if declared else ''!r}")
    return getincrementaldecoder("utf-8-sig" if name == "utf-8" else name)(errors="replace")


class RowScanner:
    """Finds the rows in a text that arrives in parts. Buffers an incomplete token, at most MAX_ROW characters."""

    def __init__(self) -> None:
        self.root = ""
        """The name of the root element; empty until it was read."""
        self.closed = False
        """True after the end of the root element."""
        self.in_row = False
        """True if the text ended inside a row."""
        self.line = 1
        """The current line, from 1."""
        self._rest = ""
        self._skipping = False

    def take(self, text: str) -> Iterator[Row]:
        """Yield the rows that this part completes. Raises DocumentType."""
        buffer, position = self._rest + text, 0
        self._rest = ""
        while (start := buffer.find("<", position)) >= 0:
            self.line += buffer.count("\n", position, start)
            self._skipping = False
            end = _end_of(buffer, start)
            if end < 0:
                position = start
                break
            yield from self._token(buffer[start:end])
            self.line += buffer.count("\n", start, end)
            position = end
        else:
            self.line += buffer.count("\n", position)
            position = len(buffer)
        self._rest = "" if self._skipping else buffer[position:]
        if len(self._rest) > MAX_ROW:
            yield Row(self.line, why=f"has more than {MAX_ROW:,} characters")
            self.line += self._rest.count("\n")
            self._rest, self._skipping = "", True

    def finish(self, text: str) -> Iterator[Row]:
        """Yield the rows that the last part completes. Raises DocumentType."""
        yield from self.take(text)
        token, self._rest = self._rest.rstrip(), ""
        self.in_row = _name_of(token) == "row" and not token.endswith(">")
        if token.endswith(">"):
            yield from self._token(token)

    def _token(self, token: str) -> Iterator[Row]:
        if token.startswith(tuple(_ENDS)):
            return
        if token.startswith("<!"):
            raise DocumentType
        name = _name_of(token)
        if not self.root:
            self.root = name
        elif token.startswith("</"):
            self.closed = self.closed or name == self.root
        elif name == "row":
            yield _row(self.line, token)


def _end_of(text: str, start: int) -> int:
    """
    Return the end of the token that begins at `start`; -1 if it is not in the text. A tag ends where the next "<" begins: it
    cannot contain "<", and a broken tag has no better end.
    """
    for begins, ends in _ENDS.items():
        if text.startswith(begins, start):
            found = text.find(ends, start + len(begins))
            return found + len(ends) if found >= 0 else -1
    return text.find("<", start + 1)


def _name_of(token: str) -> str:
    found = _NAME.match(token)
    return found[1] if found else ""


def _row(line: int, token: str) -> Row:
    tag = token[: token.rfind(">") + 1]
    if not tag:
        return Row(line, why="malformed XML: the row has no end")
    try:
        return Row(line, _attributes(tag))
    except expat.ExpatError:
        pass
    try:
        return Row(line, _attributes(_repaired(tag)), repaired=True)
    except expat.ExpatError as broken:
        return Row(line, why=f"malformed XML: {expat.ErrorString(broken.code)}")


def _attributes(tag: str) -> dict[str, str]:
    """Return the attributes of a start tag without other markup. Raises ExpatError."""
    found: dict[str, str] = {}
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = lambda _, values: found.update(values)
    content = tag if tag.endswith("/>") else f"{tag}</row>"
    parser.Parse(content.encode(errors="replace"), True)
    return found


def _repaired(tag: str) -> str:
    """Return the tag without forbidden characters; HTML entities become characters, and any other "&" is escaped."""
    return _REFERENCE.sub(_reference, _FORBIDDEN.sub("", tag))


def _reference(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if decimal or hexadecimal:
        number = int(decimal) if decimal else int(hexadecimal, 16)
        allowed = number <= 0x10FFFF and not _FORBIDDEN.match(chr(number))  # noqa: PLR2004 - Unicode's last
        return f"&#{number};" if allowed else ""
    if name in _OF_XML:
        return found[0]
    if name in html5:
        return "".join(f"&#{ord(each)};" for each in html5[name])
    return f"&amp;{name or ''}"
