"""Rate limits as data: how often each operation is allowed, and per what it is counted."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE: Final = "catalogue/limits.toml"
SECOND = 1_000_000
"""A second in microseconds. Limits use whole numbers, so that sums are exact."""


@dataclass(frozen=True)
class Limit:
    """A rate limit: `burst` calls at once, then one more every `interval` microseconds."""

    bucket: str
    """Name of the budget. Limits with the same name share it."""
    kinds: tuple[str, ...]
    """Kinds of key that are counted together."""
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
