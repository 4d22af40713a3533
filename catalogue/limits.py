"""Limits as data: how often each operation may be done, and by what it is counted."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE: Final = "catalogue/limits.toml"
SECOND = 1_000_000
"""A second in microseconds: whole numbers, so that sums of them are exact."""


@dataclass(frozen=True)
class Limit:
    """How often: `burst` at once, then one more each `interval` microseconds."""

    bucket: str
    """What is spent from, together with other limits of this name."""
    kinds: tuple[str, ...]
    """The kinds of key that are counted together."""
    interval: int
    burst: int


def _limits() -> dict[str, tuple[Limit, ...]]:
    tables = tomllib.loads((Path(__file__).parent.parent / FILE).read_text("utf-8"))
    return {
        operation: tuple(_limit(operation, name, row) for name, row in rows.items())
        for operation, rows in tables.items()
    }


def _limit(operation: str, name: str, row: Mapping[str, Any]) -> Limit:
    interval = -(-row["seconds"] * SECOND // row["count"])
    return Limit(
        bucket=f"{row.get('bucket', operation)}:{name}",
        kinds=tuple(name.split("+")),
        interval=interval,
        burst=row.get("burst", row["count"]),
    )


LIMITS: Final = _limits()
