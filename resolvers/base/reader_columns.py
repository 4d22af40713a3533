"""How a reader declares the columns of its rows."""

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

    `positional`: every row can also be read by number, in exactly this order (sqlite3.Row and asyncpg.Record can, a dict
    cannot). The plan then reads `row[3]`, which takes half the time of `row["name"]`. A wrong declaration gives wrong
    answers, so the contract test of readers compares it with real rows.

    `inside` declares the same for rows in a column: `inside={"edges": ("rank", "name")}`. They are always read by number;
    leave a column out to read its rows by name.
    """

    def mark(reader: Reader) -> Reader:
        vars(reader).update(
            columns=names,
            positional=positional,
            inside={name: tuple(each) for name, each in (inside or {}).items()},
        )
        return reader

    return mark
