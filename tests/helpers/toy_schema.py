"""A small library as a schema: every kind of field and every way to go wrong."""

import sqlite3
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from execution.executor import Executor
from execution.limits import Limits
from schema.fields import answered_by, column, loaded_by, mutation_by
from services import errors
from tests.helpers.toy_readers import (
    BOOKS,
    Anyone,
    BumpInput,
    GenreCode,
    Librarian,
    Moment,
    Toy,
    all_books,
    authors,
    book_by_id,
    books_of,
    current_number,
    items_of,
    librarians_only,
    load_broken,
    load_cancelled,
    load_hidden,
    load_matrix,
    load_tags,
    load_too_few,
    load_words,
    number_now,
    print_moment,
    read_author,
    read_bump,
    read_echo,
    read_everything,
    read_fails,
    read_forbidden_inside,
    read_items,
    read_maybe,
    read_moment,
    read_not_a_list,
    read_nothing,
    read_shelf,
    wrong_number,
    wrong_types,
)


@strawberry.interface
class Item:
    id: strawberry.ID = column("Its number.")
    title: str = column("What it is called.")
    author: "Author | None" = loaded_by(authors, "Who made it.", key="author_id")


@strawberry.type
class Size:
    pages: int | None = column("How many pages.")
    long: bool = column("More than a hundred pages.", read=lambda row: int(row["pages"] or 0) > 100)


@strawberry.type
class Book(Item):
    subtitle: str = column("Book 2 has none, although it has to.")
    genre: GenreCode | None = column("Its kind; book 5 has one that does not exist.")
    pages: int | None = column("Book 3 has too many for an Int, book 4 has text.")
    loaned: bool = column("Whether somebody has it.")
    added: Moment = column("When it came.")
    size: Size = column("How large it is.", itself=True)
    again: str | None = loaded_by(book_by_id, "Its title, read again.", read="title")
    again_genre: GenreCode | None = loaded_by(book_by_id, "Its kind, read again.", read="genre")
    next: "Book | None" = loaded_by(book_by_id, "The one after.", key=lambda row: row["id"] + 1)
    word: str = loaded_by(load_words, "A word.", key="id")
    tags: list[str | None] = loaded_by(load_tags, "Some words.", key=lambda row: row["id"])
    matrix: list[list[int]] = loaded_by(load_matrix, "Lists of lists.")
    same: "Book | None" = loaded_by(book_by_id, "Itself, read again.")
    strict_author: "Author" = loaded_by(authors, "Who made it: book 4 has nobody.", key="author_id")
    broken: str | None = loaded_by(load_broken, "A reader that raises.")
    broken_hard: str = loaded_by(load_broken, "A reader that raises where null cannot be.")
    too_few: str | None = loaded_by(load_too_few, "A reader that answers too little.")
    cancelled: str | None = loaded_by(load_cancelled, "A reader that is cancelled.")
    hidden: str | None = loaded_by(load_hidden, "For librarians.", allowed=[Librarian()])


@strawberry.type
class Film(Item):
    reel: str = column("Its shelf mark: a number where text is declared.", read=lambda row: row["id"])
    minutes: int = column("How long it takes; film 11 holds a bool.")


@strawberry.type
class Author:
    id: strawberry.ID = column("Their number.")
    name: str = column("Their name.")
    born: int | None = column("The year.")
    rating: float = column("Stars.")
    notes: JSON | None = column("Anything.")
    books: list[Book] = loaded_by(books_of, "What they wrote.")
    items: list[Item | None] = loaded_by(items_of, "What they made.")
    strange: Item | None = loaded_by(wrong_types, "An item of a type that is none.")


@strawberry.type
class Shelf:
    id: strawberry.ID = column("Its name.")
    books: list[Book] = column("What stands on it.")
    name: str | None = column("What is written on it.", name="label")
    keeper: Author = column("Nobody keeps it, although somebody has to.", read=lambda _: None)


@strawberry.type
class Counter:
    name: str = column("Its name.")
    now: int = loaded_by(current_number, "What it stands at.", key="name")


@strawberry.interface
class UserError:
    code: errors.ErrorCode = column("For programs.")
    message: str = column("For people.")
    path: list[str] | None = column("Where in the input.")


@strawberry.type
class PlainError(UserError):
    pass


@strawberry.type
class BumpPayload:
    counter: Counter | None = column("The counter.")
    errors: list[UserError] = column("What kept it.")


Found = Annotated[Book | Film | Author, strawberry.union("Found")]


@strawberry.type
class Query:
    books: list[Book] = answered_by(all_books, "Some books.")
    shelf: Shelf | None = answered_by(read_shelf, "A shelf.")
    author: Author | None = answered_by(read_author, "An author.")
    everything: list[Found] = answered_by(read_everything, "Whatever there is.")
    items: list[Item] = answered_by(read_items, "A book and a film.")
    moment: Moment = answered_by(read_moment, "A moment.")
    echo: JSON | None = answered_by(read_echo, "What was sent.")
    maybe: str = answered_by(read_maybe, "Whether a name was sent.")
    keys: str | None = answered_by(librarians_only, "For librarians.", allowed=[Librarian()])
    fails: str | None = answered_by(read_fails, "A bug.")
    fails_hard: str = answered_by(read_fails, "A bug where null cannot be.")
    not_a_list: list[str] | None = answered_by(read_not_a_list, "A list that is none.")
    number: int = answered_by(number_now, "The counter.")
    wrong_number: int | None = answered_by(wrong_number, "A number that is none.")
    nothing: Author | None = answered_by(read_nothing, "Nobody.")

    plain: str = strawberry.field(resolver=lambda: "plain", description="A field without a kind.")


@strawberry.type
class Mutation:
    bump: BumpPayload | None = mutation_by(
        read_bump, "Count.", allowed=[Anyone()], codes=[errors.ErrorCode.BAD_INPUT], input=BumpInput
    )
    bump_as_librarian: BumpPayload | None = mutation_by(
        read_bump, "Count.", allowed=[Librarian()], codes=[errors.ErrorCode.BAD_INPUT], input=BumpInput
    )
    forbidden_inside: BumpPayload | None = mutation_by(
        read_forbidden_inside, "Refuses itself.", allowed=[Anyone()], codes=[], input=BumpInput
    )


def make_schema(subscription: type | None = None) -> strawberry.Schema:
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=subscription,
        types=[PlainError],
        config=StrawberryConfig(
            scalar_map={
                Moment: strawberry.scalar(name="Moment", serialize=print_moment, parse_value=datetime.fromisoformat)
            }
        ),
    )


SCHEMA = make_schema()
LIMITS = Limits(max_depth=12, max_fields=500, max_cost=10**12)


def make_executor(**options: Any) -> Executor:
    return Executor(SCHEMA, **{"limits": LIMITS, **options})


def make_toy(**options: Any) -> Toy:
    database = sqlite3.connect(":memory:")
    database.executescript(BOOKS)
    return Toy(database, **options)
