"""What a reader says about the rows it answers, so that nobody has to guess it from the SQL."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

Reader = TypeVar("Reader", bound=Callable[..., Any])


def columns(
    *names: str,
    positional: bool = False,
    inside: Mapping[str, Sequence[str]] | None = None,
) -> Callable[[Reader], Reader]:
    """
    Declare the columns of a reader's rows.

    `positional` promises that every row can also be read by number, in exactly this order (sqlite3.Row and
    asyncpg.Record can, a dict cannot): the plan then reads `row[3]`, which takes half the time of `row["name"]`.
    A wrong promise is a wrong answer: the contract test of readers compares this declaration with real rows.

    `inside` says the same of rows that a column holds: `inside={"edges": ("rank", "name")}`. They are always
    read by number; leave a column out to read its rows by name.
    """

    def mark(reader: Reader) -> Reader:
        vars(reader).update(
            columns=names,
            positional=positional,
            inside={name: tuple(held) for name, held in (inside or {}).items()},
        )
        return reader

    return mark
