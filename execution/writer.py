"""The source text of a plan while it is written: lines, names that are used once, values that the code refers to."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Writer:
    """Collects the lines of one function."""

    def __init__(self, **known: Any) -> None:
        self.values: dict[str, Any] = dict(known)
        self._lines: list[str] = []
        self._depth = 0
        self._names = 0
        self._named: dict[int, str] = {}

    @property
    def source(self) -> str:
        """The text so far."""
        return "\n".join(self._lines) + "\n"

    def name(self, like: str) -> str:
        """Make a name that nothing else has."""
        self._names += 1
        return f"{like}{self._names}"

    def value(self, value: Any, like: str) -> str:
        """Name a value for the code, always by the same name."""
        name = self._named.get(id(value))
        if name is None:
            name = self._named[id(value)] = self.name(like)
            self.values[name] = value
        return name

    def line(self, text: str) -> None:
        """Write a line."""
        self._lines.append(" " * self._depth + text)

    def let(self, like: str, expression: str) -> str:
        """Write an assignment to a new name, which comes back."""
        name = self.name(like)
        self.line(f"{name} = {expression}")
        return name

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Write a header; what is written inside stands under it."""
        self.line(header)
        self._depth += 1
        yield
        self._depth -= 1
