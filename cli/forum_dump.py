"""Reads a forum's dump: Users.xml, Posts.xml and Votes.xml of any size, with one `<row …/>` for each record."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from cli.file_reader import BrokenFile, Reading, WrongFolder
from cli.xml_rows import DocumentType, Row, RowScanner, UnknownEncoding, decoder_of
from services.imports.forum import ANSWER, Post

ROOTS = {"Users.xml": "users", "Posts.xml": "posts", "Votes.xml": "votes"}
"""The files of a dump and their root elements. Names of files can be in any letter case."""
BADGES = "Badges.xml"
"""An optional file of a dump."""
MAX_PROLOG_BLOCKS = 4
"""Blocks of a file in which its root element must begin, so that a large file of another kind is not read whole."""


def files_of(folder: Path) -> Mapping[str, Path]:
    """
    Return the paths of a dump's files by their usual names; BADGES may be missing. Raises WrongFolder if a file is missing
    or does not begin with its root element.
    """
    if not folder.is_dir():
        raise WrongFolder(f"{folder} is not a folder.")
    found = {name: path for name in (*ROOTS, BADGES) if (path := _file(folder, name))}
    if missing := [name for name in ROOTS if name not in found]:
        raise WrongFolder(f"{folder} is not a forum dump: it lacks {', '.join(missing)}.")
    for name, root in ROOTS.items():
        if (begins := _root(found[name])) != root:
            raise WrongFolder(f"{found[name]} does not begin with <{root}>: {begins or 'it is not XML'}.")
    return found


def rows(path: Path, reading: Reading) -> Iterator[Row]:
    """
    Yield the file's rows in order; bad rows come with the reason. One block of the file is in memory at a time, or one row
    if that is longer.

    Raises BrokenFile after the last good row: for a document type, which could declare entities, and if the file ends
    before its root element does.
    """
    scanner = RowScanner()
    try:
        decoder = None
        for block in reading.blocks(path):
            decoder = decoder or decoder_of(block)
            yield from scanner.take(decoder.decode(block))
        yield from scanner.finish(decoder.decode(b"", final=True) if decoder else "")
    except DocumentType:
        raise BrokenFile(path.name, scanner.line, "the file declares a document type (<!DOCTYPE …>): refused") from None
    except UnknownEncoding as why:
        raise BrokenFile(path.name, 1, f"unreadable: {why}") from None
    if not scanner.closed:
        where = " in the middle of a row" if scanner.in_row else ""
        raise BrokenFile(path.name, scanner.line, f"malformed XML: the file ends{where} before </{scanner.root}>")


def _file(folder: Path, name: str) -> Path | None:
    """Return the file with this name in any letter case, or None. Raises WrongFolder if there are several."""
    if (folder / name).is_file():
        return folder / name
    alike = [each for each in folder.iterdir() if each.name.lower() == name.lower() and each.is_file()]
    if len(alike) > 1:
        raise WrongFolder(f"{folder} has several files for {name}: {', '.join(sorted(each.name for each in alike))}.")
    return alike[0] if alike else None


def _root(path: Path) -> str:
    """Return the name of the root element, or "" if there is none. Raises WrongFolder for a document type."""
    scanner, decoder = RowScanner(), None
    try:
        for block in islice(Reading().blocks(path), MAX_PROLOG_BLOCKS):
            decoder = decoder or decoder_of(block)
            next(scanner.take(decoder.decode(block)), None)
            if scanner.root:
                return scanner.root
        next(scanner.finish(""), None)
    except DocumentType:
        raise WrongFolder(f"{path} declares a document type (<!DOCTYPE …>), which is refused.") from None
    except UnknownEncoding:
        return ""
    return scanner.root


class PostIndex:
    """The owners of posts, in a temporary SQLite file: the posts of a large forum do not fit into memory."""

    def __init__(self, folder: Path) -> None:
        self._posts = sqlite3.connect(folder / "posts.sqlite3", isolation_level=None)
        self._posts.execute("PRAGMA journal_mode = OFF")
        self._posts.execute("PRAGMA synchronous = OFF")
        self._posts.execute("CREATE TABLE post (id INTEGER PRIMARY KEY, kind INTEGER, owner INTEGER, parent INTEGER)")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._posts.close()

    def add(self, posts: Iterable[tuple[int, int, int | None, int | None]]) -> None:
        """Store posts: id, kind, owner, question."""
        self._posts.execute("BEGIN")
        self._posts.executemany("INSERT OR REPLACE INTO post VALUES (?, ?, ?, ?)", posts)
        self._posts.execute("COMMIT")

    def find(self, ids: Sequence[int]) -> dict[int, Post]:
        """Return the posts with these ids that exist."""
        marks = ", ".join("?" * len(ids))
        found = self._posts.execute(
            "SELECT post.id, post.owner, post.kind, question.id, question.owner"  # noqa: S608 - marks only
            f" FROM post LEFT JOIN post question ON question.id = post.parent WHERE post.id IN ({marks})",
            ids,
        )
        return {
            number: Post(owner, is_answer=kind == ANSWER, question_known=question is not None, asker=asker)
            for number, owner, kind, question, asker in found
        }
