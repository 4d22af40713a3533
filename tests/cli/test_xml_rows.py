"""Rows of XML files as they really are: with what XML forbids, in several encodings, cut anywhere, and with attacks in them."""

import codecs
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st

from cli import xml_rows
from cli.file_reader import BrokenFile, Reading, WrongFolder
from cli.forum_dump import files_of, rows
from cli.xml_rows import Row, RowScanner

HEAD = '\ufeff<?xml version="1.0" encoding="utf-8"?>\n<users>\n'


def read(path: Path, content: str | bytes) -> list[Row]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(rows(path, Reading()))


def row(value: str) -> str:
    return f'{HEAD}  <row Id="1" A="{value}" />\n  <row Id="2" />\n</users>'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a &#x0E; b", "a  b"),
        ("a &#14; b", "a  b"),
        ("&#0;&#x0;x", "x"),
        ("&#xD800;&#xFFFE;&#x110000;&#9999999;x", "x"),
        ("a \x0e\x00 b", "a  b"),
        ("a\ufffeb", "ab"),
        ("a&nbsp;b &eacute; &hellip;", "a\u00a0b é …"),
        ("Q&A & more &unknown; &x", "Q&A & more &unknown; &x"),
        ("&amp;&lt;&gt;&quot;&apos;&#x41; \x01", "&<>\"'A "),
        ("&#12345678901;&#xFFFFFFFFF;&#;&#x;\x01", "&#12345678901;&#xFFFFFFFFF;&#;&#x;"),
    ],
)
def test_what_xml_forbids_is_left_out_or_read_as_meant(tmp_path: Path, value: str, expected: str) -> None:
    first, second = read(tmp_path / "Users.xml", row(value))
    assert first == Row(3, {"Id": "1", "A": expected}, repaired=True)
    assert second == Row(4, {"Id": "2"})


def test_bytes_that_are_not_utf_8_cost_themselves_alone(tmp_path: Path) -> None:
    content = row("caf@ 1").encode().replace(b"@", b"\xe9\xff\xed\xa0\x80")
    first, second = read(tmp_path / "Users.xml", content)
    assert first.values["A"].startswith("caf\ufffd") and first.values["A"].endswith(" 1")
    assert second.values == {"Id": "2"}


@pytest.mark.parametrize(
    "broken",
    [
        '<row Id="x />',
        "<row Id=1 />",
        '<row Id="1" Id="2" />',
        '<row A="a < b" />',
        "<row",
        '<row A="1" B />',
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, broken: str) -> None:
    found = read(tmp_path / "Users.xml", f'{HEAD}{broken}\n<row Id="2" />\n</users>')
    bad = [each for each in found if each.why]
    assert [(each.line, each.values) for each in bad] == [(3, {})] and "malformed XML" in bad[0].why
    assert {"Id": "2"} in [each.values for each in found]


def test_comments_sections_and_other_elements_hold_no_rows(tmp_path: Path) -> None:
    content = (
        '<users><!-- <row Id="1"/> --><![CDATA[<row Id="2"/>]]><?x <row Id="3"/>?><note><row Id="4"/></note></users>'
    )
    assert [each.values for each in read(tmp_path / "Users.xml", content)] == [{"Id": "4"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_the_encoding_that_is_declared_counts(tmp_path: Path, encoding: str) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?>\n<users>\n<row A="é" />\n</users>'
    assert read(tmp_path / "Users.xml", content.encode(encoding)) == [Row(3, {"A": "é"})]


@pytest.mark.parametrize("encoding", ["utf-7", "no-such", "zlib", "idna", "unicode_escape"])
def test_encodings_that_can_hide_markup_are_not_read(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(BrokenFile, match="unreadable"):
        read(tmp_path / "Users.xml", f'<?xml version="1.0" encoding="{encoding}"?><users/>')


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE users [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><users><row Id="&b;"/></users>',
        '<users><!DOCTYPE users SYSTEM "file:///etc/hostname"><row/></users>',
        '<users><!ENTITY a SYSTEM "file:///etc/hostname"><row A="&a;"/></users>',
    ],
)
def test_a_document_type_is_refused_by_its_name(tmp_path: Path, attack: str) -> None:
    with pytest.raises(BrokenFile, match="declares a document type"):
        read(tmp_path / "Users.xml", attack)
    for name in ("Posts.xml", "Votes.xml"):
        (tmp_path / name).write_text(f"<{name[:-4].lower()}/>")
    if attack.startswith("<!DOCTYPE"):
        with pytest.raises(WrongFolder, match=r"Users\.xml declares a document type"):
            files_of(tmp_path)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_row_without_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    # given
    monkeypatch.setattr(xml_rows, "MAX_ROW", 1_000)
    scanner = RowScanner()
    content = "".join(['<users>\n<row Id="1" A="', *["x" * 99 + "\n"] * 1_000, '"/>\n<row Id="2"/></users>'])

    def pieces() -> Iterator[str]:
        for start in range(0, len(content), size):
            yield content[start : start + size]

    # when
    found: list[Row] = []
    longest = 0
    for piece in pieces():
        found += scanner.take(piece)
        longest = max(longest, len(scanner._rest))
    found += scanner.finish("")
    # then
    assert [(each.line, each.values, bool(each.why)) for each in found] == [(2, {}, True), (1003, {"Id": "2"}, False)]
    assert longest <= 1_000 + size and scanner.closed


def test_file_names_count_in_any_letter_case(tmp_path: Path) -> None:
    for name in ("users.xml", "POSTS.XML", "Votes.xml"):
        (tmp_path / name).write_text(f"<{name[:-4].lower()}/>")
    assert {name: path.name for name, path in files_of(tmp_path).items()} == {
        "Users.xml": "users.xml",
        "Posts.xml": "POSTS.XML",
        "Votes.xml": "Votes.xml",
    }
    (tmp_path / "USERS.xml").write_text("<users/>")
    with pytest.raises(WrongFolder, match=r"several files for Users\.xml: USERS\.xml, users\.xml"):
        files_of(tmp_path)


@pytest.mark.parametrize("content", [b"x" * 9_000_000, b"\0" * 9_000_000, b"Id,PostId\n" * 900_000])
def test_a_large_file_of_another_kind_is_not_read_whole(tmp_path: Path, content: bytes) -> None:
    for name in ("Users.xml", "Posts.xml", "Votes.xml"):
        (tmp_path / name).write_bytes(content)
    begun = time.process_time()
    with pytest.raises(WrongFolder, match=r"Users\.xml does not begin with <users>: it is not XML"):
        files_of(tmp_path)
    assert time.process_time() - begun < 0.5


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,6}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def escaped(text: str) -> str:
    return "".join(f"&#{ord(each)};" if each in "\t\r\n" else each for each in text).replace("<", "&lt;").replace('"', "&quot;")  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(NAMES, TEXTS, max_size=4), max_size=6), st.integers(1, 40))
def test_good_rows_are_read_as_another_parser_reads_them(values: list[dict[str, str]], size: int) -> None:
    # given: any text, with what XML forbids taken out of it
    clean = [{name: xml_rows._FORBIDDEN.sub("", text).replace("&", "and") for name, text in each.items()} for each in values]  # fmt: skip
    tags = [" ".join(["<row", *(f'{name}="{escaped(value)}"' for name, value in each.items()), "/>"]) for each in clean]
    text = "\n".join(["<users>", *tags, "</users>"])
    # when: it comes in pieces that end anywhere, inside of a character too
    scanner, decoder = RowScanner(), codecs.getincrementaldecoder("utf-8")()
    content = text.encode()
    found: list[Row] = []
    for start in range(0, len(content), size):
        found += scanner.take(decoder.decode(content[start : start + size]))
    found += scanner.finish("")
    # then
    assert [each.values for each in found] == clean == [dict(each.attrib) for each in ElementTree.fromstring(text)]
    assert [each.line for each in found] == list(range(2, 2 + len(clean)))
    assert scanner.closed and not scanner.in_row


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_ends_in_rows_or_in_a_broken_file(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray((HEAD + '<row Id="1" A="é &amp; b" />\n<row Id="2" />\n' * 3 + "</users>").encode())
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=6)):  # fmt: skip
        content[place] = value
    path = tmp_path_factory.getbasetemp() / "damaged.xml"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    seen: list[Row] = []
    with suppress(BrokenFile):
        seen.extend(rows(path, Reading()))
    assert all(bool(each.why) != bool(each.values) or each.values == {} for each in seen)
