"""The positions of the columns in a reader's rows, for readers that declare them: access by index, not by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Layout:
    """`index`: the position of each column; empty for rows that are read by name. `inside`: layouts of nested rows."""

    index: Mapping[str, int] = field(default_factory=dict)
    inside: Mapping[str, "Layout"] = field(default_factory=dict)

    def column(self, row: str, name: str) -> str:
        """Return the expression of a column of the row in this variable."""
        at = self.index.get(name)
        return f"{row}[{name!r}]" if at is None else f"{row}[{at}]"

    def within(self, name: str) -> "Layout":
        """Return the layout of the rows in a column."""
        return self.inside.get(name, BY_NAME)


BY_NAME = Layout()


def layout_of(reader: Callable[..., Any]) -> Layout:
    """Return the layout that `resolvers.base.reader_columns.columns` declared for a reader."""
    names: Sequence[str] = getattr(reader, "columns", ())
    inside: Mapping[str, Sequence[str]] = getattr(reader, "inside", {})
    return Layout(
        index=_positions(names) if getattr(reader, "positional", False) else {},
        inside={name: Layout(_positions(columns)) for name, columns in inside.items()},
    )


def _positions(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}
