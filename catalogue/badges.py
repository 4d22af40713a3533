"""The badges that people earn, as data: catalogue/badges.toml."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from catalogue.criteria import BadCatalogue, Criterion, criterion_of

MOST_LEVELS: Final = 5
LONGEST_CODE: Final = 48
"""Characters of a code; those of imported badges are lower case, so that none of them is one of ours."""


class Rarity(Enum):
    """How rare a badge is, from the least rare on."""

    GREEN = "GREEN"
    BLUE = "BLUE"
    PURPLE = "PURPLE"
    ORANGE = "ORANGE"


@dataclass(frozen=True)
class Badge:
    """A badge that is earned. Level 1 is the first of `levels`; every level is harder than the one before."""

    code: str
    name: str
    description: str
    rarity: Rarity
    levels: tuple[Criterion, ...]


def read(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Badge]:
    """Read the badges of a catalogue file. Raises BadCatalogue."""
    badges = {code: _badge(code, table) for code, table in tables.items()}
    names = [badge.name.casefold() for badge in badges.values()]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadCatalogue(f"Two badges are called {twice[0]!r}.")
    return badges


def _badge(code: str, table: Mapping[str, Any]) -> Badge:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", code) or len(code) > LONGEST_CODE:
        raise BadCatalogue(f"{code}: a code has A to Z, 0 to 9 and _, and at most {LONGEST_CODE} characters.")
    if table.keys() != {"name", "description", "rarity", "levels"}:
        raise BadCatalogue(f"{code}: a badge has name, description, rarity and levels, and nothing else.")
    if not table["name"].strip() or not table["description"].strip():
        raise BadCatalogue(f"{code}: a badge has a name and a sentence of description.")
    if table["rarity"] not in Rarity.__members__:
        raise BadCatalogue(f"{code}: {table['rarity']!r} is no rarity.")
    levels = tuple(
        criterion_of(criterion, f"{code}, level {number}") for number, criterion in enumerate(table["levels"], 1)
    )
    if not 1 <= len(levels) <= MOST_LEVELS:
        raise BadCatalogue(f"{code}: a badge has 1 to {MOST_LEVELS} levels.")
    for number, (lower, higher) in enumerate(pairwise(levels), 2):
        if not higher.implies(lower) or lower.implies(higher):
            raise BadCatalogue(f"{code}: level {number} is not harder than the one before.")
    return Badge(code, table["name"], table["description"], Rarity(table["rarity"]), levels)


BADGES: Final = read(tomllib.loads((Path(__file__).parent / "badges.toml").read_text("utf-8")))
