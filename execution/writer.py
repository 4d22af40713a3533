"""Collects the source text of a plan: its lines, unique names, and the values that the code refers to."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Writer:
    """Collects the lines of one function."""

    def __init__(self, **values: Any) -> None:
        self.values: dict[str, Any] = dict(values)
        self._lines: list[str] = []
        self._depth = 0
        self._names = 0
        self._named: dict[int, str] = {}

    @property
    def source(self) -> str:
        """The text written so far."""
        return "\n".join(self._lines) + "\n"

    def name(self, stem: str) -> str:
        """Return a new unique name: the stem and a number."""
        self._names += 1
        return f"{stem}{self._names}"

    def value(self, value: Any, stem: str) -> str:
        """Make a value known to the code; return its name. The same value always has the same name."""
        name = self._named.get(id(value))
        if name is None:
            name = self._named[id(value)] = self.name(stem)
            self.values[name] = value
        return name

    def line(self, text: str) -> None:
        """Write one line."""
        self._lines.append(" " * self._depth + text)

    def let(self, stem: str, expression: str) -> str:
        """Write an assignment to a new name; return the name."""
        name = self.name(stem)
        self.line(f"{name} = {expression}")
        return name

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Write a header; lines written inside the block are indented under it."""
        self.line(header)
        self._depth += 1
        yield
        self._depth -= 1
