"""Formats Markdown for the pages that `export-docs` writes."""

from collections.abc import Iterable, Sequence
from typing import Final

MADE: Final = "<!-- Made by `make docs` from the code. Do not edit. -->"


def page(title: str, *parts: str) -> str:
    """Return a page: title, a note that it is generated, and its parts, separated by empty lines."""
    return "\n\n".join((f"# {title}", MADE, *(part for part in parts if part))) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. `|` in a cell is escaped."""
    lines = [_row(head), _row(["---"] * len(head)), *(_row([_cell(each) for each in row]) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
