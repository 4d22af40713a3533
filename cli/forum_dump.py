"""A forum's dump: Users.xml, Posts.xml and Votes.xml, one `<row …/>` for each, of any size."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from cli.reading import BrokenFile, Reading, WrongFolder
from services.forum import ANSWER, Post

ROOTS = {"Users.xml": "users", "Posts.xml": "posts", "Votes.xml": "votes"}
"""The files of a dump, and the element that each of them is."""
BADGES = "Badges.xml"
"""A file that a dump may have besides."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row and the line it begins on."""

    line: int
    values: dict[str, str]


def check_folder(folder: Path) -> None:
    """Return when these are a dump's files, each with the right beginning. Raises WrongFolder."""
    if not folder.is_dir():
        raise WrongFolder(f"{folder} is not a folder.")
    if missing := [name for name in ROOTS if not (folder / name).is_file()]:
        raise WrongFolder(f"{folder} is not a forum dump: it lacks {', '.join(missing)}.")
    for name, root in ROOTS.items():
        if (found := _root(folder / name)) != root:
            raise WrongFolder(f"{folder / name} does not begin with <{root}>: {found or 'it is no XML'}.")


def rows(path: Path, reading: Reading) -> Iterator[Row]:
    """
    The file's rows, in order. Holds one block of the file at a time; a document type, and with it every entity of
    its own, is refused. Raises BrokenFile where the XML ends before its end.
    """
    target = _Target()
    parser = _parser(target)
    try:
        for block in reading.blocks(path):
            try:
                parser.feed(block)
            finally:
                yield from target.take()
        parser.close()
    except ParseError as broken:
        line, _ = broken.position
        raise BrokenFile(path.name, line, f"malformed XML: {broken}") from None
    except DefusedXmlException:
        line = parser.parser.CurrentLineNumber
        raise BrokenFile(path.name, line, "the file declares a document type or entities; refused") from None
    except (LookupError, ValueError) as unknown:
        raise BrokenFile(path.name, 1, f"unreadable: {unknown}") from None


def _root(path: Path) -> str:
    target = _Target()
    parser = _parser(target)
    try:
        for block in Reading().blocks(path):
            parser.feed(block)
            if target.root:
                break
    except (ParseError, LookupError, ValueError):
        pass  # what came before the root decides; what is wrong behind it is found in its turn
    return target.root


def _parser(target: "_Target") -> Any:
    parser: Any = DefusedXMLParser(target=target, forbid_dtd=True)
    target.parser = parser.parser
    return parser


class _Target:
    """Takes what the parser finds. No tree is built: only the rows of the present block are held."""

    def __init__(self) -> None:
        self.root = ""
        self.parser: Any = None
        self._found: list[Row] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self.root:
            self.root = tag
        elif tag == "row":
            self._found.append(Row(self.parser.CurrentLineNumber, attributes))

    def close(self) -> None:
        """Nothing is left to hand over."""

    def take(self) -> list[Row]:
        found, self._found = self._found, []
        return found


class PostIndex:
    """Who owns which post, in a temporary SQLite file: a large forum has more posts than memory."""

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
        """Take in posts: id, kind, owner, question."""
        self._posts.execute("BEGIN")
        self._posts.executemany("INSERT OR REPLACE INTO post VALUES (?, ?, ?, ?)", posts)
        self._posts.execute("COMMIT")

    def find(self, ids: Sequence[int]) -> dict[int, Post]:
        """The posts of these ids that there are."""
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
