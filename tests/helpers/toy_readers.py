"""What the toy schema reads: its context, its data in an in-memory SQLite database, its readers and coroutines."""

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, NewType

import strawberry
from strawberry.scalars import JSON

from resolvers.base.loaders import BatchReader, Loaders
from resolvers.base.reader_columns import columns
from services import errors
from services.errors import NotAllowed, refused

BOOKS = """
CREATE TABLE book (id INTEGER, title TEXT, subtitle TEXT, genre TEXT, pages, loaned INTEGER, added TEXT, author_id INTEGER);
INSERT INTO book VALUES
  (1, 'Dunes', 'A start', 'novel', 412, 0, '2026-01-02T03:04:05', 1),
  (2, 'Waves', NULL, 'poems', 88, 1, '2026-02-03T04:05:06', 1),
  (3, 'Stones', 'Maps', 'atlas', 3000000000, 0, '2026-03-04T05:06:07', 2),
  (4, 'Winds', 'Air', 'novel', '77', 1, '2026-04-05T06:07:08', NULL),
  (5, 'Embers', 'Fire', 'cookery', 120, 0, '2026-05-06T07:08:09', 9);
"""

AUTHORS: dict[int, dict[str, Any]] = {
    1: {"id": 1, "name": "Ida", "born": 1901, "__typename": "Author", "rating": 4.5, "notes": {"a": [1, True, None]}},
    2: {"id": 2, "name": "Otto", "born": None, "__typename": "Author", "rating": 3, "notes": None},
}
FILMS: dict[int, dict[str, Any]] = {
    10: {"id": 10, "title": "Tides", "minutes": 91, "__typename": "Film", "author_id": 2},
    11: {"id": 11, "title": "Frost", "minutes": True, "__typename": "Film", "author_id": None},
}

Moment = NewType("Moment", datetime)


def print_moment(value: Any) -> str:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{moment.isoformat()}Z"


@strawberry.enum(name="Genre")
class GenreCode(Enum):
    NOVEL = "novel"
    POEMS = "poems"
    ATLAS = "atlas"


strawberry.enum(errors.ErrorCode)


@dataclass
class Toy:
    """The context: rights, scopes, and a diary of what was read."""

    database: sqlite3.Connection
    librarian: bool = True
    signed_in: bool = True
    scopes: frozenset[str] | None = None
    number: int = 0
    asked: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    loaders: Loaders = field(default_factory=Loaders)

    async def load(self, reader: BatchReader, key: Any, arguments: dict[str, Any]) -> Any:
        return await self.loaders.load(reader, key, arguments, self)

    def check_access(self, coordinates: frozenset[str]) -> None:
        if self.scopes is not None and (missing := sorted(coordinates - self.scopes)):
            raise NotAllowed(errors.ErrorCode.INSUFFICIENT_SCOPE, "The token does not reach this.", fields=missing)

    async def follow_merges(self) -> bool:
        return False

    def note(self, what: str, *about: Any) -> None:
        self.asked.append((what, about))


class Librarian:
    note = ""

    def check(self, context: Toy) -> None:
        if not context.librarian:
            raise NotAllowed(errors.ErrorCode.FORBIDDEN, "For librarians.")


class Anyone:
    note = ""

    def check(self, context: Toy) -> None:
        """Nothing to check."""


# Readers


def book_rows(context: Toy, where: str = "1", *values: Any) -> list[sqlite3.Row]:
    cursor = context.database.execute(f"SELECT * FROM book WHERE {where} ORDER BY id", values)
    cursor.row_factory = sqlite3.Row
    return cursor.fetchall()


@columns("id", "title", "subtitle", "genre", "pages", "loaned", "added", "author_id", positional=True)
async def all_books(
    context: Toy,
    *,
    first: Annotated[int, strawberry.argument(description="How many at most.")] = 3,
    after: Annotated[int | None, strawberry.argument(description="Only those with a larger id.")] = None,
    genres: list[GenreCode] | None = None,
) -> list[sqlite3.Row]:
    context.note("all_books", first, after)
    if first < 0:
        raise refused(errors.ErrorCode.BAD_PAGE, "Ask for at least none.", path=("first",), smallest=0)
    rows = book_rows(context, "id > ?", after or 0)
    return [row for row in rows if genres is None or row["genre"] in {each.value for each in genres}][:first]


@columns("books", inside={"books": ("id", "title", "subtitle", "genre", "pages", "loaned", "added", "author_id")})
async def read_shelf(context: Toy, *, id: strawberry.ID) -> dict[str, Any] | None:
    context.note("shelf", id)
    if not id.startswith("shelf_"):
        raise refused(errors.ErrorCode.BAD_ID, "That is not an id of a shelf.")
    return {"id": id, "books": book_rows(context)[:2], "name": None} if id == "shelf_1" else None


async def book_by_id(keys: Sequence[int], context: Toy) -> list[Any]:
    context.note("book_by_id", *keys)
    found = {row["id"]: row for row in book_rows(context)}
    return [found.get(key) for key in keys]


async def authors(keys: Sequence[int], context: Toy) -> list[Any]:
    """Nobody knows author 9: an Exception for this key alone."""
    context.note("authors", *sorted(keys))
    await asyncio.sleep(0)
    return [AUTHORS.get(key) or LookupError(f"secret {key}") for key in keys]


@columns("id", "title", "subtitle", "genre", "pages", "loaned", "added", "author_id", positional=True)
async def books_of(keys: Sequence[int], context: Toy, *, first: int = 2, loaned: bool | None = None) -> list[Any]:
    context.note("books_of", *sorted(keys))
    rows = book_rows(context)
    return [
        [row for row in rows if row["author_id"] == key and (loaned is None or bool(row["loaned"]) == loaned)][:first]
        for key in keys
    ]


async def load_words(keys: Sequence[int], context: Toy, *, prefix: str = "w", times: int | None = None) -> list[str]:
    context.note("words", *sorted(keys))
    return [prefix * (times or 1) + str(key) for key in keys]


async def load_tags(keys: Sequence[int], context: Toy) -> list[list[str | None]]:
    context.note("tags", *sorted(keys))
    return [[f"tag{key}", None] for key in keys]


async def load_matrix(keys: Sequence[int], _context: Toy) -> list[list[list[int]]]:
    return [[[key, 1], []] for key in keys]


async def load_broken(_keys: Sequence[int], _context: Toy) -> list[Any]:
    await asyncio.sleep(0)
    raise RuntimeError("secret password 1234")


async def load_too_few(_keys: Sequence[int], _context: Toy) -> list[Any]:
    return []


async def load_hidden(keys: Sequence[int], context: Toy) -> list[str]:
    context.note("hidden", *sorted(keys))
    return ["found" for _ in keys]


async def load_cancelled(_keys: Sequence[int], _context: Toy) -> list[Any]:
    raise asyncio.CancelledError


async def items_of(keys: Sequence[int], context: Toy) -> list[list[Any]]:
    """Books and films in one list; a hole where there is nothing."""
    books = [{**row, "__typename": "Book"} for row in book_rows(context)]
    return [[books[0], FILMS[10], None, books[1]] if key == 1 else [FILMS[10]] for key in keys]


async def wrong_types(keys: Sequence[int], _context: Toy) -> list[Any]:
    return [{"__typename": "Genre", "id": key, "title": "?"} for key in keys]


# Coroutines


async def read_author(context: Toy, *, id: int = 1) -> Any:
    return AUTHORS.get(id)


async def read_everything(context: Toy) -> list[Any]:
    return [*[{**row, "__typename": "Book"} for row in book_rows(context)[:2]], FILMS[10], FILMS[11], AUTHORS[1]]


async def read_items(context: Toy) -> list[Any]:
    return [{**book_rows(context)[0], "__typename": "Book"}, FILMS[10]]


async def read_moment(context: Toy, *, at: Moment | None = None) -> Any:
    return at or datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)


async def read_echo(context: Toy, *, value: JSON | None = None, near: "Place | None" = None) -> Any:
    if near is not None:
        return {"at": near.name, "deep": near.deep, "inner": near.inner.name if near.inner else None}
    return value


async def read_maybe(context: Toy, *, name: strawberry.Maybe[str | None] = None) -> str:
    return "absent" if name is None else f"given {name.value}"


async def librarians_only(context: Toy) -> str:
    context.note("librarians_only")
    return "keys"


async def read_fails(context: Toy) -> Any:
    raise RuntimeError("secret password 1234")


async def read_not_a_list(context: Toy) -> Any:
    return "abc"


async def number_now(context: Toy) -> int:
    return context.number


async def wrong_number(context: Toy) -> Any:
    return "many"


async def read_nothing(context: Toy) -> None:
    return None


async def current_number(keys: Sequence[str], context: Toy) -> list[int]:
    return [context.number for _ in keys]


@strawberry.input
class Place:
    name: str
    deep: list[int] | None = None
    inner: "Place | None" = None


@strawberry.input
class BumpInput:
    by: int = 1


async def read_bump(context: Toy, *, input: BumpInput) -> dict[str, Any]:
    if input.by < 1:
        raise errors.Refused(
            errors.Problem(errors.ErrorCode.BAD_INPUT, "Bump by one or more.", path=("by",)),
            errors.Problem(errors.ErrorCode.BAD_INPUT, "Really.", facts={"tries": 3}),
        )
    before = await context.load(current_number, "counter", {})
    context.number = before + input.by
    await asyncio.sleep(0)
    return {"counter": {"name": "counter"}}


async def read_forbidden_inside(context: Toy, *, input: BumpInput) -> dict[str, Any]:
    raise NotAllowed(errors.ErrorCode.FORBIDDEN, "Not this one.")
